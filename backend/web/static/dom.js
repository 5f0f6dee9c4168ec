/** Making and changing elements. Text reaches the page here alone, as text. */

/**
 * An element with attributes and children; strings become text nodes, null children are left out.
 *
 * @param {string} name
 * @param {Record<string, string | boolean | null>} [attributes] true sets an empty attribute; false and null set none
 */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Sets the text if it is another, so that nothing is laid out anew for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** An outside link, or plain text where the address is none of the web. */
export function link(text, address) {
  const url = URL.canParse(address ?? "") ? new URL(address) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) return element("span", {}, text);
  return element("a", { href: url.href, rel: "noopener noreferrer external" }, text);
}

/** A JSON value as something to read: objects as pairs, lists as lists, long ones folded. */
export function tree(value) {
  if (value === null || typeof value !== "object") {
    return element("span", { class: `value ${value === null ? "null" : typeof value}`, dir: "auto" }, leaf(value));
  }
  if (Array.isArray(value)) return folded(value.length, "entries", listOf(value));
  return pairs(Object.entries(value));
}

const leaf = (value) => (value === null ? "–" : value === true ? "yes" : value === false ? "no" : String(value));

function listOf(items) {
  if (items.length === 0) return element("span", { class: "value null" }, "none");
  if (items.every((item) => item === null || typeof item !== "object")) {
    return element("span", { class: "value", dir: "auto" }, items.map(leaf).join(", "));
  }
  return element("ol", { class: "tree" }, ...items.map((item) => element("li", {}, tree(item))));
}

function pairs(entries) {
  if (entries.length === 0) return element("span", { class: "value null" }, "nothing");
  const rows = entries.map(([key, value]) =>
    element("div", {}, element("dt", {}, key.replaceAll("_", " ")), element("dd", {}, tree(value))),
  );
  return element("dl", { class: "tree" }, ...rows);
}

function folded(length, unit, content) {
  if (length <= 8) return content;
  return element("details", {}, element("summary", {}, `${length} ${unit}`), content);
}

/** The table of byte cases over a parser: each case cut in every way that is asked for. Needs nothing of node. */

function same(one, other) {
  if (one === null || typeof one !== "object") return Object.is(one, other);
  const keys = Object.keys(one);
  if (other === null || typeof other !== "object" || keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}

function* cuts(bytes, extra) {
  yield ["whole", [bytes]];
  yield ["byte by byte", [...bytes].map((byte) => Uint8Array.of(byte))];
  for (let at = 0; at <= bytes.length; at += 1) yield [`at ${at}`, [bytes.subarray(0, at), bytes.subarray(at)]];
  for (const [one, two] of extra) {
    yield [`at ${one} and ${two}`, [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)]];
  }
}

export function judge(FrameParser, cases, splits) {
  const wrong = [];
  let runs = 0;
  cases.forEach(({ name, input, frames, last_event_id, retry }, index) => {
    const expected = { frames, last_event_id, retry };
    const bytes = Uint8Array.from(input, (letter) => letter.charCodeAt(0));
    for (const [cut, chunks] of cuts(bytes, splits[index])) {
      runs += 1;
      const parser = new FrameParser();
      const found = { frames: chunks.flatMap((chunk) => parser.feed(chunk)), last_event_id: parser.lastEventId, retry: parser.retry };
      if (!same(found, expected)) wrong.push({ name, cut, found, expected });
    }
  });
  return { runs, wrong };
}

"""Every key of the app, once: bindings, help screen, hints, palette and docs/keys.md are made from this table.

Each key has an id that stays when the key is bound anew. Letters act only outside the prompt. Control keys that
terminals use for something else (ctrl+h, i, j, m) and shift combinations, which tmux drops, are never bound. Nothing
of Textual: ``tui.bindings`` makes its bindings of them.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Place: TypeAlias = Literal[
    "anywhere", "outside the prompt", "in the steps", "in the results", "in the inspector", "on the map"
]


class Key(NamedTuple):
    """``keys`` is comma-separated, as Textual has them; ``shown`` is how a person would write them."""

    id: str
    keys: str
    action: str
    shown: str
    text: str
    place: Place
    priority: bool = False


_ANYWHERE: tuple[Key, ...] = (
    Key("app.back", "escape", "back", "esc", "close what is open, else clear the filter, else cancel", "anywhere"),
    Key("app.copy", "ctrl+c", "copy_or_cancel", "ctrl+c", "copy the selection, else cancel; twice quits", "anywhere",
        True),
    Key("app.next", "tab", "app.focus_next", "tab", "prompt, steps, results (shift+tab: back)", "anywhere", True),
    Key("steps.up_from_prompt", "alt+up", "step_cursor(-1)", "alt+↑", "step cursor up, prompt kept", "anywhere"),
    Key("steps.down_from_prompt", "alt+down", "step_cursor(1)", "alt+↓", "step cursor down, prompt kept", "anywhere"),
    Key("steps.toggle_all", "ctrl+o", "toggle_all", "ctrl+o", "open all steps, or close them", "anywhere"),
    Key("history.open", "ctrl+r", "history", "ctrl+r", "what was asked before, with search", "anywhere"),
    Key("app.help", "f1", "help", "F1", "this help", "anywhere"),
    Key("app.debug", "f12", "debug", "F12", "connection, versions, terminal, last frames", "anywhere"),
    Key("app.palette", "ctrl+p", "app.command_palette", "ctrl+p", "every action, by name", "anywhere"),
    Key("app.redraw", "ctrl+l", "app.redraw", "ctrl+l", "draw the screen anew, if something wrote over it", "anywhere"),
    Key("app.quit", "ctrl+q", "app.quit", "ctrl+q", "quit", "anywhere", True),
)  # fmt: skip
_OUTSIDE: tuple[Key, ...] = (
    Key("app.help_letter", "question_mark", "help", "?", "this help", "outside the prompt"),
    Key("app.quit_letter", "q", "app.quit", "q", "quit", "outside the prompt"),
    Key("prompt.focus", "p,i", "focus_prompt", "p", "to the prompt", "outside the prompt"),
    Key("prompt.fresh", "n", "fresh", "n", "the next question stands alone, or refines the run again",
        "outside the prompt"),
    Key("steps.focus", "a", "focus_steps", "a", "to the steps", "outside the prompt"),
    Key("results.focus", "r", "focus_results", "r", "to the results", "outside the prompt"),
    Key("steps.inspect", "o", "inspect", "o", "inspector: all of a step or run, its JSON, raw frames, timings",
        "outside the prompt"),
    Key("results.map", "m", "map", "m", "the results on a map", "outside the prompt"),
    Key("results.filter", "slash", "filter", "/", "filter the rows; !word excludes, high>25 compares",
        "outside the prompt"),
    Key("results.left_out", "l", "left_out", "l", "rows that are out, with the reasons; or those in again",
        "outside the prompt"),
    Key("copy.text", "y", "copy_chosen", "y", "copy the row, step or run as text", "outside the prompt"),
    Key("copy.json", "Y", "copy_chosen(True)", "Y", "copy it as JSON", "outside the prompt"),
    Key("results.export", "x", "export", "x", "export all rows: csv, json, md", "outside the prompt"),
    Key("app.settings", "comma", "settings", ",", "settings: colours, movement, what opens by itself, …",
        "outside the prompt"),
    Key("steps.next_trouble", "e", "trouble(1)", "e", "next step that failed or is incomplete", "outside the prompt"),
    Key("steps.previous_trouble", "E", "trouble(-1)", "E", "the one before", "outside the prompt"),
    Key("steps.all_letter", "O", "toggle_all", "O", "open all steps, or close them", "outside the prompt"),
    *(
        Key(f"steps.toggle_{n}", str(n), f"toggle_number({n})", "1 … 9", "open or close step N", "outside the prompt")
        for n in range(1, 10)
    ),
)  # fmt: skip
_STEPS: tuple[Key, ...] = (
    Key("steps.toggle", "space,enter", "fold", "space", "open or close the step or run (also enter, click)",
        "in the steps"),
    Key("steps.toggle_run", "c", "fold_run", "c", "open or close the run", "in the steps"),
    Key("steps.down", "j,down", "move(1)", "j ↓", "next line", "in the steps"),
    Key("steps.up", "k,up", "move(-1)", "k ↑", "line before", "in the steps"),
    Key("steps.half_down", "ctrl+d", "half_page(1)", "ctrl+d", "half a page down", "in the steps"),
    Key("steps.half_up", "ctrl+u", "half_page(-1)", "ctrl+u", "half a page up", "in the steps"),
    Key("steps.first", "g,home", "move_to_first", "g", "first line", "in the steps"),
    Key("steps.last", "G,end", "follow", "G end", "to the end, and follow the run again", "in the steps"),
)  # fmt: skip
_RESULTS: tuple[Key, ...] = (
    Key("results.open", "enter,space", "open", "enter", "all that is known of the row", "in the results"),
    Key("results.sort", "s", "sort", "s", "sort by this column: up, down, best first again", "in the results"),
    Key("results.down", "j,down", "cursor_down", "j ↓", "next row", "in the results"),
    Key("results.up", "k,up", "cursor_up", "k ↑", "row before", "in the results"),
    Key("results.first", "g", "scroll_top", "g", "first row", "in the results"),
    Key("results.last", "G", "scroll_bottom", "G", "last row", "in the results"),
    Key("results.half_down", "ctrl+d", "half_page(1)", "ctrl+d", "half a page down", "in the results"),
    Key("results.half_up", "ctrl+u", "half_page(-1)", "ctrl+u", "half a page up", "in the results"),
    Key("results.next_part", "right_square_bracket", "part(1)", "]", "next part of a long result", "in the results"),
    Key("results.previous_part", "left_square_bracket", "part(-1)", "[", "part before", "in the results"),
)
_INSPECTOR: tuple[Key, ...] = (
    Key("inspector.close", "escape,q,o", "close", "esc", "back (also q, o)", "in the inspector"),
    Key("inspector.next", "tab,right", "tab(1)", "tab →", "next page", "in the inspector"),
    Key("inspector.previous", "left", "tab(-1)", "←", "page before", "in the inspector"),
    *(
        Key(f"inspector.page_{n}", str(n), f"page({n})", str(n), f"page {n}: {name}", "in the inspector")
        for n, name in enumerate(("all of it", "its JSON", "its frames as they came", "its timings"), start=1)
    ),
    Key("inspector.scope", "s", "scope", "s", "the step alone, or the whole run", "in the inspector"),
    Key("inspector.down", "j,down", "move(1)", "j ↓", "a line down", "in the inspector"),
    Key("inspector.up", "k,up", "move(-1)", "k ↑", "a line up", "in the inspector"),
    Key("inspector.half_down", "ctrl+d,pagedown", "half_page(1)", "ctrl+d", "half a page down", "in the inspector"),
    Key("inspector.half_up", "ctrl+u,pageup", "half_page(-1)", "ctrl+u", "half a page up", "in the inspector"),
    Key("inspector.first", "g,home", "first", "g", "to the beginning", "in the inspector"),
    Key("inspector.last", "G,end", "last", "G end", "to the end, and follow what comes", "in the inspector"),
    Key("inspector.fold", "space,enter", "fold", "space", "fold: a part of the JSON, a frame, all", "in the inspector"),
    Key("inspector.wrap", "w", "wrap", "w", "wrap long lines, or scroll them", "in the inspector"),
    Key("inspector.scroll_left", "h", "scroll_sideways(-1)", "h", "long lines: to the left", "in the inspector"),
    Key("inspector.scroll_right", "l", "scroll_sideways(1)", "l", "long lines: to the right", "in the inspector"),
    Key("inspector.copy", "y", "copy", "y", "copy the page", "in the inspector"),
)  # fmt: skip
_MAP: tuple[Key, ...] = (
    Key("map.close", "escape,q,m", "close", "esc", "back, the cursor on this row (also q, m)", "on the map"),
    Key("map.next", "j,tab", "step(1)", "j", "next row", "on the map"),
    Key("map.previous", "k", "step(-1)", "k", "row before", "on the map"),
    Key("map.left", "left,h", "towards(-1, 0)", "← h", "nearest to the left", "on the map"),
    Key("map.right", "right,l", "towards(1, 0)", "→ l", "nearest to the right", "on the map"),
    Key("map.up", "up", "towards(0, -1)", "↑", "nearest above", "on the map"),
    Key("map.down", "down", "towards(0, 1)", "↓", "nearest below", "on the map"),
    Key("map.in", "plus,equals_sign", "zoom(1)", "+", "closer", "on the map"),
    Key("map.out", "minus", "zoom(-1)", "-", "farther", "on the map"),
    Key("map.fit", "0", "fit", "0", "all of it again", "on the map"),
    Key("map.world", "w", "world", "w", "the whole world", "on the map"),
    Key("map.open", "enter,space", "open", "enter", "all that is known of the row", "on the map"),
)

KEYS: tuple[Key, ...] = (*_ANYWHERE, *_OUTSIDE, *_STEPS, *_RESULTS, *_INSPECTOR, *_MAP)
IDS: frozenset[str] = frozenset(key.id for key in KEYS)

_BY_ID = {key.id: key for key in KEYS}
_NAMES = {
    "escape": "esc", "question_mark": "?", "slash": "/", "right_square_bracket": "]", "left_square_bracket": "[",
    "plus": "+", "minus": "-", "comma": ",", "up": "↑", "down": "↓", "left": "←", "right": "→", "alt+up": "alt+↑",
    "alt+down": "alt+↓",
}  # fmt: skip


def shown(key_id: str, rebound: Mapping[str, str]) -> str:
    """How a person writes the key with this id, bound anew or not."""
    if key_id not in rebound:
        return _BY_ID[key_id].shown
    return " ".join(_NAMES.get(part.strip(), part.strip()) for part in rebound[key_id].split(","))


def numbered(key: Key) -> str:
    """What a key does; one of a row of keys from 1 on, with its number for N."""
    return key.text.replace(" N", f" {key.keys}") if "…" in key.shown else key.text


def help_sections(rebound: Mapping[str, str]) -> list[tuple[Place, list[tuple[str, str]]]]:
    """For the help screen: each place with its (key, what it does) lines, every line once."""
    sections: dict[Place, dict[tuple[str, str], None]] = {}
    for key in KEYS:
        sections.setdefault(key.place, {})[shown(key.id, rebound), key.text] = None
    return [(place, list(lines)) for place, lines in sections.items()]


def markdown() -> str:
    """docs/keys.md: every key with its id, by place."""
    lines = [
        "# Keys", "",
        "Made from `tui/keys.py` by `python docs/keys.py`. To bind a key anew, name its id in `config.toml`:", "",
        "```toml", "[keys]", 'steps.toggle = "t"', 'app.quit = "ctrl+x,f10"', "```", "",
        "Letters act outside the prompt. Every action is in the palette too (`ctrl+p`), for terminals and multiplexers",
        "that keep some keys to themselves.",
    ]  # fmt: skip
    for place in dict.fromkeys(key.place for key in KEYS):
        lines += ["", f"## {place[0].upper()}{place[1:]}", "", "| key | does | id |", "|---|---|---|"]
        for key in KEYS:
            if key.place == place:
                name = key.keys if "…" in key.shown else key.shown
                lines.append(f"| `{name}` | {numbered(key)} | `{key.id}` |")
    return "\n".join(lines) + "\n"


def hint(rebound: Mapping[str, str], *wanted: tuple[str, str]) -> str:
    """A line of hints: (key id, a word or two)."""
    return " · ".join(f"{shown(key_id, rebound).split()[0]} {word}" for key_id, word in wanted)

"""Every key of the app, once: bindings, help screen and hints are made from this table.

Each key has an id that stays when the key is bound anew. Letters act only outside the prompt. Control keys that
terminals use for something else (ctrl+h, i, j, m) and shift combinations, which tmux drops, are never bound.
"""

from typing import Literal, NamedTuple, TypeAlias

from textual.binding import Binding

Place: TypeAlias = Literal["anywhere", "outside the prompt", "in the steps", "in the results"]


class Key(NamedTuple):
    """``keys`` is comma-separated, as Textual has them; ``shown`` is how a person would write them."""

    id: str
    keys: str
    action: str
    shown: str
    text: str
    place: Place
    priority: bool = False


KEYS: tuple[Key, ...] = (
    Key("app.back", "escape", "back", "esc", "close what is open, else cancel the run", "anywhere"),
    Key(
        "app.copy",
        "ctrl+c",
        "copy_or_cancel",
        "ctrl+c",
        "copy the selection, else cancel; twice quits",
        "anywhere",
        True,
    ),
    Key("app.next", "tab", "app.focus_next", "tab", "prompt, steps, results (shift+tab: back)", "anywhere", True),
    Key("steps.up_from_prompt", "alt+up", "step_cursor(-1)", "alt+↑", "step cursor up, prompt kept", "anywhere"),
    Key("steps.down_from_prompt", "alt+down", "step_cursor(1)", "alt+↓", "step cursor down, prompt kept", "anywhere"),
    Key("steps.toggle_all", "ctrl+o", "toggle_all", "ctrl+o", "open all steps, or close them", "anywhere"),
    Key("app.help", "f1", "help", "F1", "this help", "anywhere"),
    Key("app.palette", "ctrl+p", "app.command_palette", "ctrl+p", "every action, by name", "anywhere"),
    Key("app.quit", "ctrl+q", "app.quit", "ctrl+q", "quit", "anywhere", True),
    Key("app.help_letter", "question_mark", "help", "?", "this help", "outside the prompt"),
    Key("app.quit_letter", "q", "app.quit", "q", "quit", "outside the prompt"),
    Key("prompt.focus", "p,i", "focus_prompt", "p", "to the prompt", "outside the prompt"),
    Key("results.focus", "r", "focus_results", "r", "to the results", "outside the prompt"),
    Key("steps.all_letter", "O", "toggle_all", "O", "open all steps, or close them", "outside the prompt"),
    *(
        Key(f"steps.toggle_{n}", str(n), f"toggle_number({n})", "1 … 9", "open or close step N", "outside the prompt")
        for n in range(1, 10)
    ),
    Key("steps.toggle", "space,enter", "fold", "space", "open or close the step (also enter, click)", "in the steps"),
    Key("steps.down", "j,down", "move(1)", "j ↓", "next step", "in the steps"),
    Key("steps.up", "k,up", "move(-1)", "k ↑", "step before", "in the steps"),
    Key("steps.first", "g,home", "move_to(0)", "g", "first step", "in the steps"),
    Key("steps.last", "G,end", "follow", "G end", "last step, and follow the run again", "in the steps"),
    Key("results.down", "j", "cursor_down", "j ↓", "next row", "in the results"),
    Key("results.up", "k", "cursor_up", "k ↑", "row before", "in the results"),
    Key("results.first", "g", "scroll_top", "g", "first row", "in the results"),
    Key("results.last", "G", "scroll_bottom", "G", "last row", "in the results"),
    Key("results.half_down", "ctrl+d", "page_down", "ctrl+d", "a page down", "in the results"),
    Key("results.half_up", "ctrl+u", "page_up", "ctrl+u", "a page up", "in the results"),
    Key("results.sort", "s", "sort", "s", "sort by this column: up, down, best first again", "in the results"),
    Key("results.next_part", "right_square_bracket", "part(1)", "]", "next part of a long result", "in the results"),
    Key("results.previous_part", "left_square_bracket", "part(-1)", "[", "part before", "in the results"),
)


def bindings(*places: Place) -> list[Binding]:
    """The bindings of the keys that act in these places."""
    return [
        Binding(key.keys, key.action, key.text, id=key.id, priority=key.priority, show=False)
        for key in KEYS
        if key.place in places
    ]


def help_sections() -> list[tuple[Place, list[tuple[str, str]]]]:
    """For the help screen: each place with its (key, what it does) lines, every line once."""
    sections: dict[Place, dict[tuple[str, str], None]] = {}
    for key in KEYS:
        sections.setdefault(key.place, {})[key.shown, key.text] = None
    return [(place, list(lines)) for place, lines in sections.items()]

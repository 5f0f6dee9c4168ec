import re

from textual.widgets import Input

from tui.keys import KEYS, help_sections
from tui.screens.inspector import InspectorScreen
from tui.screens.main import MainScreen
from tui.screens.map import MapScreen
from tui.widgets.results_table import ResultsTable
from tui.widgets.transcript import Transcript

OWNERS = {
    "anywhere": MainScreen,
    "outside the prompt": MainScreen,
    "in the steps": Transcript,
    "in the results": ResultsTable,
    "in the inspector": InspectorScreen,
    "on the map": MapScreen,
}


def test_every_key_has_an_id_of_its_own() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)


def test_no_key_is_bound_that_terminals_use_or_swallow() -> None:
    bound = {part for key in KEYS for part in key.keys.split(",")}
    assert not bound & {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"}
    assert not [key for key in bound if "shift" in key]


def test_every_action_exists_where_its_key_acts() -> None:
    for key in KEYS:
        name = re.sub(r"\(.*", "", key.action)
        if not name.startswith("app."):
            assert hasattr(OWNERS[key.place], f"action_{name}"), key


def test_no_place_binds_a_key_twice() -> None:
    for place in OWNERS:
        bound = [part for key in KEYS if key.place == place for part in key.keys.split(",")]
        assert len(bound) == len(set(bound)), place


def test_what_acts_anywhere_is_no_character_that_a_prompt_takes() -> None:
    prompt = Input()
    for key in KEYS:
        if key.place == "anywhere":
            assert not any(prompt.check_consume_key(part, None) for part in key.keys.split(",")), key


def test_help_tells_of_every_key_once() -> None:
    told = [(place, line) for place, lines in help_sections({}) for line in lines]
    assert len(told) == len(set(told))
    assert {(key.place, (key.shown, key.text)) for key in KEYS} == set(told)

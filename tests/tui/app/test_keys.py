import re
from pathlib import Path

from textual.widgets import Input

from tests.tui.app.driving import opened
from tests.tui.app.scripted import sample_run
from tui.keys import KEYS, help_sections, markdown
from tui.screens.help import HelpScreen
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


def test_the_page_of_keys_is_what_the_table_says() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "keys.md"
    assert page.read_text(encoding="utf-8") == markdown(), "run: python docs/keys.py"


async def test_keys_can_be_bound_anew_and_help_and_hints_say_so() -> None:
    async with opened((100, 40), keys={"app.help_letter": "f3", "steps.toggle": "t"}) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished)
        await app.pilot.press("tab")
        await app.shows("t open")
        await app.pilot.press("space")
        assert app.steps.blocks[0].is_open
        await app.pilot.press("g", "t")
        await app.until(lambda: not app.steps.blocks[0].is_open)
        await app.pilot.press("f3")
        await app.until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.shows("f3")

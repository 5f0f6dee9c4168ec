"""The settings screen: what it shows, what acts at once, what the file gets."""

from pathlib import Path

from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import log, started, step_started
from tui.config import load
from tui.preferences import Preferences
from tui.screens.settings import SettingsScreen
from tui.widgets.step_body import StepBody


def preferences_of(
    file: Path, flags: dict[str, object] | None = None, env: dict[str, str] | None = None
) -> Preferences:
    file.touch()
    return Preferences(load(flags or {}, env or {}, file), flags or {}, env or {}, file)


async def to_settings(app: Driver) -> None:
    await app.pilot.press("tab", "comma")
    await app.until(lambda: isinstance(app.app.screen, SettingsScreen))


async def go_to(app: Driver, name: str) -> None:
    screen = app.app.screen
    assert isinstance(screen, SettingsScreen)
    while screen._setting != name:
        await app.pilot.press("j")


async def test_every_value_is_shown_with_who_says_so(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[app]\nexpand = "never"\n')
    preferences = preferences_of(file, {"motion": "none"}, {"WINDOWSEAT_FROM": "VLC"})
    async with opened((100, 30), preferences=preferences) as app:
        await to_settings(app)
        for texts in (
            ("theme", "auto", "default"),
            ("motion", "none", "--motion wins"),
            ("expand", "never", "config.toml"),
            ("from", "VLC", "WINDOWSEAT_FROM wins"),
        ):
            line = next(line for line in app.lines() if f" {texts[0]} " in line)
            assert all(text in line for text in texts), line
        await go_to(app, "motion")
        await app.shows("--motion wins over the file", str(file)[:30])


async def test_a_theme_acts_at_once_and_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    async with opened((100, 30), preferences=preferences_of(file)) as app:
        await to_settings(app)
        before = app.app.theme
        await app.pilot.press("right")
        await app.pilot.press("right")
        assert load({}, {}, file).theme == app.app.theme != before
        await app.pilot.press("d")
        assert app.app.theme == before == "textual-dark"
        assert file.read_text().strip() == "[app]"


async def test_what_opens_by_itself_acts_on_the_steps_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    async with opened((100, 30), preferences=preferences_of(file)) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), log("routes", "asking the atlas"))
        await app.until(lambda: app.watch.view.upto == 3)
        assert not app.row("routes").is_open
        await to_settings(app)
        await go_to(app, "expand")
        while load({}, {}, file).expand != "always":
            await app.pilot.press("right")
        await app.pilot.press("escape")
        await app.shows("asking the atlas")
        assert app.row("routes").query(StepBody)


async def test_a_spinner_stands_still_as_soon_as_nothing_may_move(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    async with opened((100, 30), preferences=preferences_of(file), motion=True) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"))
        await app.until(lambda: app.row("routes").header._frame > 0, "a spinner that turns")
        await to_settings(app)
        await go_to(app, "motion")
        await app.pilot.press("right")
        assert app.row("routes").header._frame == 0
        assert app.app.animation_level == "none"
        await app.pilot.press("right")
        await app.until(lambda: app.row("routes").header._frame > 0, "a spinner that turns again")


async def test_where_one_leaves_from_is_typed_and_goes_with_the_next_question(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    async with opened((100, 30), preferences=preferences_of(file)) as app:
        await to_settings(app)
        await go_to(app, "origin")
        await app.pilot.press("enter", *"VLC", "enter")
        assert load({}, {}, file).origin == "VLC"
        await go_to(app, "tz")
        await app.pilot.press("enter", *"Mars", "enter")
        await app.shows("Europe/Madrid")  # the hint of what is wrong with it
        assert load({}, {}, file).tz is None
        await app.pilot.press("escape", "escape")
        await app.ask()
        assert app.app.desk._options["from"] == "VLC"


async def test_a_file_that_cannot_be_written_is_told_and_the_change_acts(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n")
    file.chmod(0o444)
    async with opened((100, 30), preferences=preferences_of(file)) as app:
        await to_settings(app)
        await app.pilot.press("right")
        await app.shows("For this session only", "read-only")
        assert app.app.theme != "textual-dark"
        assert file.read_text() == "# mine\n"


async def test_a_flag_wins_and_the_change_waits_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    async with opened((100, 30), preferences=preferences_of(file, {"theme": "nord"}), theme="nord") as app:
        await to_settings(app)
        await app.pilot.press("right")
        await app.shows("--theme wins over it")
        assert app.app.theme == "nord"
        assert load({}, {}, file).theme != "nord"


async def test_a_tiny_window_has_room_for_it(tmp_path: Path) -> None:
    async with opened((20, 6), preferences=preferences_of(tmp_path / "config.toml")) as app:
        await to_settings(app)
        await app.pilot.press(*"jjj", "right", "escape")
        assert not isinstance(app.app.screen, SettingsScreen)

import pytest

from tests.tui.app.driving import opened
from tests.tui.app.scripted import sample_run

SIZES = [(20, 6), (40, 15), (80, 24), (120, 40), (200, 60), (1, 1)]


@pytest.mark.parametrize("size", SIZES)
async def test_a_whole_run_at_every_size(size: tuple[int, int]) -> None:
    async with opened(size, motion=True) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished and app.table.row_count == 2)
        await app.pilot.press("tab", "ctrl+o", "f1", "escape", "r", "s", "p")
        assert app.app.is_running


async def test_the_smallest_window_takes_turns_with_steps_and_results() -> None:
    async with opened((20, 6)) as app:
        await app.ask()
        app.client.say(*sample_run()[:20])
        await app.shows("Reading the")
        await app.pilot.press("tab", "r")
        await app.shows("Palma", "City")
        await app.pilot.press("p")
        await app.until(lambda: app.prompt.has_focus)


async def test_in_the_smallest_window_the_last_step_stays_in_sight_when_the_answer_is_said() -> None:
    async with opened((20, 6)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.shows("✓ 2 places", "✓ 7")


async def test_in_the_smallest_window_the_palette_shows_what_it_found() -> None:
    async with opened((20, 6)) as app:
        await app.pilot.press("ctrl+p", *"history")
        await app.shows("history", "History: what", "key ctrl+r")


async def test_a_resize_in_the_middle_keeps_folds_cursor_and_rows() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(*sample_run()[:19])
        await app.until(lambda: app.table.row_count == 4)
        await app.pilot.press("tab", "4", "tab", "j", "j")
        for size in [(40, 15), (20, 6), (200, 60), (80, 24)]:
            await app.pilot.resize_terminal(*size)
            await app.pilot.pause()
        assert app.row("routes").is_open
        assert app.table.cursor_row == 2
        app.client.say(*sample_run()[19:])
        await app.until(lambda: app.table.row_count == 2)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
async def test_the_themes_draw_a_whole_run(theme: str) -> None:
    async with opened((80, 24)) as app:
        app.app.theme = theme
        await app.ask()
        app.client.say(*sample_run())
        await app.shows("✓ 2 places are hot", "Las Palmas")


async def test_at_80_columns_every_line_fits_and_the_times_stand_under_each_other() -> None:
    async with opened((80, 24)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.shows("✓ 7")
        times = [line.rstrip() for line in app.lines() if line.rstrip().endswith("0.1s")]
        assert len(times) == 8
        assert {len(line) for line in times} == {79}

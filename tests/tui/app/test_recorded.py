import json
from pathlib import Path

import pytest

from shared import events as ev
from tests.golden import FILE, QUESTION, golden_run
from tests.tui.app.driving import opened
from tests.tui.app.scripted import numbered, received, sample_run, started, step_started
from tui.application import WindowseatApp
from tui.desk import Desk, closed
from tui.recorded import RecordedClient, RunRecorder
from tui.recording import load
from tui.session import Session


async def test_a_recorded_run_is_shown_in_the_app_as_it_was() -> None:
    client = RecordedClient(load(str(FILE)), 0)
    desk = Desk(client.connect())
    app = WindowseatApp(desk, client.question, session=Session(motion=False))
    async with app.run_test(size=(110, 30)) as pilot:
        while desk.watch is None or not desk.watch.view.finished:
            await pilot.pause(0.01)
        await pilot.pause(0.3)
        assert desk.watch.question == QUESTION
        assert app._main.results.table.row_count == 8
        await desk.ask("something else")
        assert desk.watch.trouble is not None
        assert "recording" in desk.watch.trouble.message
    await closed(desk)


def test_each_run_is_written_to_a_file_of_its_own(tmp_path: Path) -> None:
    with RunRecorder(tmp_path / "run.ndjson") as recorder:
        for event in [*golden_run(), *numbered(sample_run())]:
            recorder(received(event))
    assert (tmp_path / "run.ndjson").read_bytes().splitlines()[-1].startswith(b'{"type":"run.finished"')
    assert len((tmp_path / "run-2.ndjson").read_bytes().splitlines()) == len(sample_run())
    assert load(str(tmp_path / "run.ndjson")).whole


async def test_what_is_asked_in_the_app_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"
    with RunRecorder(path) as recorder:
        async with opened(tap=recorder) as app:
            await app.ask()
            app.client.say(*sample_run())
            await app.until(lambda: app.watch.view.finished)
    assert [json.loads(line)["seq"] for line in path.read_bytes().splitlines()] == [*range(1, len(sample_run()) + 1)]


async def test_a_disk_that_is_full_ends_the_recording_and_not_the_run() -> None:
    def full(_: object) -> None:
        raise OSError("No space left on device")

    async with opened(tap=full) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.shows("The recording has ended: No space", "✓ 2 places are hot")


@pytest.mark.parametrize("event", [step_started("x"), started()])
def test_a_recording_that_begins_in_the_middle_has_no_question(event: ev.KnownEvent, tmp_path: Path) -> None:
    from tui.recording import Recording

    client = RecordedClient(Recording("x", (received(event),), (b"",), False, False), 0)
    assert client.question == ("somewhere hot" if isinstance(event, ev.RunStarted) else "")

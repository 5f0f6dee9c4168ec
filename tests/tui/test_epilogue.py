import pytest

from shared import events as ev
from tests.tui.app.scripted import finished, numbered, received, row, rows, sample_run, started
from tui.epilogue import BEST, epilogue
from tui.table import cell_width
from tui.watch import Trouble, Watch


def watched(*events: ev.KnownEvent) -> Watch:
    watch = Watch("somewhere hot")
    for event in numbered(events):
        watch.receive(received(event))
    return watch


def test_the_last_answer_is_told_with_where_the_rest_is() -> None:
    lines = epilogue(watched(*sample_run()), 120).splitlines()
    assert lines[0] == "somewhere hot"
    assert lines[1].startswith("City")
    assert lines[2].startswith("Las Palmas")
    assert lines[-1] == "All of it: windowseat show 3f2a9c1d"
    assert epilogue(watched(*sample_run()), 120, "http://x").endswith("show 3f2a9c1d --url http://x\n")


def test_of_many_rows_only_the_best_are_told() -> None:
    text = epilogue(watched(started(), rows(*(row(f"R{n}", f"City {n}") for n in range(30))), finished()), 120)
    assert len(text.splitlines()) == BEST + 4
    assert f"The best {BEST} of 30 rows\nAll of it: " in text


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_columns_that_do_not_fit_are_left_out_whole(width: int) -> None:
    lines = epilogue(watched(*sample_run()), width).splitlines()
    assert all(cell_width(line) <= width for line in lines[1:-1])
    assert "…" not in "".join(lines[1:-1])


def test_a_failure_is_told_and_a_run_that_goes_on_too() -> None:
    error = ev.ErrorInfo(code="x", message="nobody knows where you are", retryable=False)
    assert "nobody knows where you are" in epilogue(watched(started(), finished("failed", error=error)), 80)
    assert "still going when you left" in epilogue(watched(started()), 80)


def test_where_nothing_was_answered_nothing_is_told() -> None:
    watch = watched()
    watch.fail(Trouble("no server"))
    assert epilogue(watch, 80) == ""

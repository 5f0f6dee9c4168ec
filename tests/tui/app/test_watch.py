from shared.events import StreamSnapshot, encode_event
from shared.view import fold_all
from tests.tui.app.scripted import finished, numbered, received, sample_run, started, step_started
from tui.connection import Received
from tui.watch import Trouble, Watch, planned


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def watched(*events: object) -> tuple[Watch, Clock]:
    clock = Clock()
    watch = Watch("q", clock)
    for event in numbered(events):
        watch.receive(received(event))
    return watch, clock


def test_time_runs_on_between_events_and_stands_still_after_the_end() -> None:
    watch, clock = watched(started(), step_started("understand", t=1500))
    clock.now += 2.0
    assert watch.now_ms() == 3500
    watch.receive(received(numbered([started(), step_started("understand"), finished(t=4000)])[2]))
    clock.now += 60
    assert watch.now_ms() == 4000


def test_before_the_first_event_the_time_since_asking_is_told() -> None:
    watch, clock = watched()
    clock.now += 1.25
    assert watch.now_ms() == 1250


def test_silence_is_told_after_ten_seconds_and_never_of_a_run_that_is_over() -> None:
    watch, clock = watched(started())
    clock.now += 9.9
    assert watch.quiet_s() == 0
    clock.now += 2.2
    assert watch.quiet_s() == 12
    whole, clock = watched(*sample_run())
    clock.now += 100
    assert whole.quiet_s() == 0
    assert not whole.live


def test_a_lost_stream_stops_the_clock_and_keeps_what_is_known() -> None:
    watch, clock = watched(started(), step_started("understand", t=1000))
    clock.now += 1
    watch.fail(Trouble("cut"))
    clock.now += 50
    assert watch.now_ms() == 2000
    assert not watch.live
    assert watch.view.steps[0].state == "running"


def test_a_plan_is_drawn_waiting_before_any_run() -> None:
    steps = planned(started().plan)
    assert [step.id for step in steps] == [step.id for step in started().plan]
    assert {step.state for step in steps} == {"waiting"}


def test_a_snapshot_replaces_what_was_known_and_the_run_goes_on_from_it() -> None:
    events = numbered([started(), step_started("understand"), step_started("locate"), finished(t=4000)])
    watch = Watch("hot")
    watch.receive(received(events[0]))
    snapshot = StreamSnapshot(upto=3, view=fold_all(events[:3]))
    watch.receive(Received(snapshot, encode_event(snapshot).decode()))
    watch.receive(received(events[3]))
    assert watch.view == fold_all(events)
    assert [frame.seq for frame in watch.frames.of()] == [1, 3, 4]

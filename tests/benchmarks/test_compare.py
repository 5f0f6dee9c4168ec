"""What counts as a regression, and how results are compared."""

from typing import Any

import msgspec
import pytest

from tests.benchmarks.compare import regressed, side_by_side, tolerance
from tests.benchmarks.harness import Results, Row, interleaved, lines, ratio


def row(value: float, **given: Any) -> Row:
    return msgspec.convert({"name": "a", "value": value, "guarded": True, **given}, Row)


@pytest.mark.parametrize(
    ("before", "now", "sense", "found"),
    [
        (0.30, 0.36, "at most", False),
        (0.30, 0.40, "at most", True),
        (0.30, 0.10, "at most", False),
        (4.0, 3.3, "at least", False),
        (4.0, 3.0, "at least", True),
        (4.0, 9.0, "at least", False),
    ],
)
def test_a_quarter_worse_is_a_regression_in_either_sense(before: float, now: float, sense: str, found: bool) -> None:
    assert bool(regressed([row(now, sense=sense)], [row(before, sense=sense)])) is found


def test_a_noisy_row_is_given_its_noise_but_no_more_than_a_half() -> None:
    assert tolerance(row(1.0, spread=(0.8, 1.2)), row(1.0)) == pytest.approx(0.4)
    assert tolerance(row(1.0, spread=(0.1, 5.0)), row(1.0)) == 0.5
    assert tolerance(row(1.0), row(1.0, spread=(0.99, 1.01))) == 0.25


def test_figures_of_the_clock_and_new_rows_are_never_regressions() -> None:
    assert regressed([row(9.0, guarded=False)], [row(1.0, guarded=False)]) == []
    assert regressed([row(9.0, name="new")], [row(1.0)]) == []


def test_sides_take_turns_in_both_orders_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = interleaved({"a": lambda: side("a"), "b": lambda: side("b")}, 2)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert found == {"a": [3.0, 6.0], "b": [4.0, 5.0]}


def test_a_ratio_is_the_median_of_the_rounds_and_says_whose_figures_are_whose() -> None:
    cost = ratio("a", [1.0, 2.0, 30.0], [2.0, 2.0, 10.0], scale=10, each="us", target=1.0)
    assert (cost.value, cost.ours, cost.peer, cost.met, cost.guarded) == (1.0, 20.0, 20.0, True, True)
    speed = ratio("a", [8.0, 8.0, 8.0], [2.0, 2.0, 2.0], scale=1, each="us", target=4.5, sense="at least")
    assert (speed.value, speed.ours, speed.peer, speed.met) == (4.0, 2.0, 8.0, False)


def test_two_results_side_by_side() -> None:
    before = Results(commit="old", machine="m", versions={"quart": "1"}, rows=[row(0.2), row(1.0, name="gone")])
    now = Results(commit="new", machine="m", versions={"quart": "2"}, rows=[row(0.3), row(1.0, name="new")])
    kept = msgspec.json.decode(msgspec.json.encode(now), type=Results)
    told = "\n".join(side_by_side(kept, before))
    assert "quart 1 → 2" in told
    assert "+50%  a: 0.2 → 0.3" in told
    assert "new  new" in told
    assert "gone  gone" in told
    assert any("MISS" in line for line in lines([row(0.3, target=0.2)]))

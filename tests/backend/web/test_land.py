"""The outlines of the land: the served file is what its source makes."""

import re

from hypothesis import given
from hypothesis import strategies as st

from backend.web.land.__main__ import TOLERANCE, main, simplified

POINTS = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=2, max_size=30)


def test_the_file_matches_its_source() -> None:
    assert main(["--check"]) == 0


@given(POINTS)
def test_a_simplified_line_keeps_its_ends_and_only_points_of_its_own(line: list[tuple[float, float]]) -> None:
    kept = simplified(line, TOLERANCE)
    assert (kept[0], kept[-1]) == (line[0], line[-1])
    assert set(kept) <= set(line)
    assert simplified(line, 1000.0) == [line[0], line[-1]]


def test_the_path_is_nothing_but_moves_and_lines() -> None:
    from importlib.resources import files

    text = (files("backend.web") / "static" / "land.svg").read_text("utf-8")
    [data] = re.findall(r' d="([^"]+)"', text)
    assert re.fullmatch(r"(M-?\d+ ?-?\d+l(-?\d+ ?-?\d+ ?)+z)+", data)
    # No outline crosses the whole map to go on at its other side.
    steps = [int(number) for part in re.findall(r"l([^z]+)z", data) for number in re.findall(r"-?\d+", part)]
    assert max(map(abs, steps)) < 900

"""Cells as text, by the vectors that the page's twin is held to as well."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.cells import format_cell
from shared.events import Column

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "cells.json").read_text())


@pytest.mark.parametrize("one", VECTORS, ids=lambda one: f"{one['kind']} {one['value']!r}")
def test_each_kind_has_its_own_form(one: dict[str, Any]) -> None:
    assert format_cell(one["value"], Column(key="k", label="L", kind=one["kind"], unit=one["unit"])) == one["text"]

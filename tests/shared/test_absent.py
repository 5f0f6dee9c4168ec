"""Imports that fail on purpose."""

import importlib
import sys

import pytest

from shared.absent import absent


def test_what_is_absent_cannot_be_imported_and_can_be_afterwards() -> None:
    sys.modules.pop("colorsys", None)
    with absent("colorsys"), pytest.raises(ImportError):
        import colorsys
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_what_is_imported_already_stays_also_after_an_error() -> None:
    import json

    with pytest.raises(ZeroDivisionError), absent("json", "colorsys.nothing"):
        1 // int(importlib.import_module("json") is not json)
    assert sys.modules["json"] is json
    assert "colorsys.nothing" not in sys.modules

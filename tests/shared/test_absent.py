"""Imports that fail on purpose, and imports that are put off."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.absent import absent, postponed


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


# ---- postponed: a package ``attic`` with the module ``chest``

CHEST = """
class Coat:
    size = 3

    def __init__(self, colour="grey"):
        self.colour = colour

class Hat: ...
"""


@pytest.fixture(autouse=True)
def attic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "attic").mkdir()
    (tmp_path / "attic" / "__init__.py").touch()
    (tmp_path / "attic" / "chest.py").write_text(CHEST)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("attic", "attic.chest"):
        sys.modules.pop(name, None)


def imported(statement: str, name: str) -> Any:
    found: dict[str, Any] = {}
    exec(statement, found)
    return found[name]


def chest() -> Any:
    return importlib.import_module("attic.chest")


def test_what_is_postponed_is_loaded_by_its_first_use() -> None:
    with postponed({"attic.chest": ("Coat",)}):
        coat = imported("from attic.chest import Coat", "Coat")
    assert "attic.chest" not in sys.modules
    assert coat(colour="red").colour == "red"
    assert type(coat()) is chest().Coat


def test_whatever_is_done_with_a_postponed_name_is_done_with_the_real_one() -> None:
    with postponed({"attic.chest": ("Coat",)}):
        coat = imported("from attic.chest import Coat", "Coat")

    class Cloak(coat):  # type: ignore[misc, valid-type]  # of no type that mypy knows
        pass

    real = chest().Coat
    assert Cloak.__bases__ == (real,)
    assert isinstance(real(), coat)
    assert not isinstance(chest().Hat(), coat)
    assert (coat | None, None | coat) == (real | None, None | real)
    assert coat.size == 3
    with pytest.raises(AttributeError, match="colour"):
        _ = coat.colour


def test_a_postponed_module_of_which_more_is_wanted_is_loaded_at_once() -> None:
    with postponed({"attic.chest": ("Coat",)}):
        coat = imported("from attic.chest import Coat", "Coat")
        assert "Hat" not in vars(sys.modules["attic.chest"])
        hat = imported("from attic.chest import Hat", "Hat")
        assert hat is sys.modules["attic.chest"].Hat
    assert chest().Hat is hat
    assert isinstance(chest().Coat(), coat)


def test_a_postponed_name_may_be_used_at_once() -> None:
    with postponed({"attic.chest": ("Coat",)}):
        assert imported("from attic.chest import Coat\ncoat = Coat()", "coat").colour == "grey"
    assert "Hat" in vars(chest())


def test_a_postponed_package_has_its_postponed_modules() -> None:
    with postponed({"attic": (), "attic.chest": ()}):
        attic = imported("import attic.chest", "attic")
    assert not {"attic", "attic.chest"} & set(sys.modules)
    assert attic.chest.Hat is chest().Hat
    with pytest.raises(AttributeError, match="trunk"):
        _ = attic.chest.trunk


def test_what_is_imported_already_is_not_postponed() -> None:
    before = chest()
    with postponed({"attic.chest": ("Coat",)}):
        assert imported("from attic.chest import Coat", "Coat") is before.Coat
    assert chest() is before

"""Imports made lighter: what a library tries to import and does without, and what it imports but may never use."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def absent(*modules: str) -> Iterator[None]:
    """Within it, importing ``modules`` raises ImportError, as if they weren't there; those that are imported stay."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the documented way to make one fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def postponed(modules: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Within it, importing ``modules`` loads none of them; those that are imported stay.

    Each maps to the names that are taken from it while it isn't there, such as classes to be instantiated later. The
    first use of one of them loads its module, and so does at once the import of any other name: a library that has come
    to need more works as ever, only that it starts later.
    """
    put_off = {name: _Module(name, names) for name, names in modules.items() if name not in sys.modules}
    for name, module in put_off.items():
        parent, _, child = name.rpartition(".")
        if parent in put_off:
            setattr(put_off[parent], child, module)
    sys.modules.update(put_off)
    try:
        yield
    finally:
        for module in put_off.values():
            module.step_aside()


class _Module(ModuleType):
    """In the place of a module that isn't loaded."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__(name)
        for one in names:
            setattr(self, one, _Name(self, one))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system asks each module
            raise AttributeError(name)
        return self.real(name)

    def real(self, name: str) -> Any:
        """``name`` of the module itself."""
        self.step_aside()
        return getattr(import_module(self.__name__), name)

    def step_aside(self) -> None:
        """Whoever imports the module from now on gets the real one."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]


class _Name:
    """In the place of a class or a function of such a module: whatever is done with it is done with the real one."""

    def __init__(self, module: _Module, name: str) -> None:
        self._module, self._name = module, name

    def _real(self) -> Any:
        return self._module.real(self._name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._real()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._real(),)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self._real())

    def __or__(self, other: Any) -> Any:
        return self._real() | other

    def __ror__(self, other: Any) -> Any:
        return other | self._real()

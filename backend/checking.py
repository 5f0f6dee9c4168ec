"""How the sources of a pipeline fare, for ``windowseat doctor``."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Key = Literal["none needed", "missing", "given", "accepted", "refused"]


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a source of facts fares, without secrets.

    ``fact`` is what it is asked for, in words ("weather"). ``used``: whether a question asked now would ask it, in the
    order of the reports; ``wanted``: whether somebody asked for that, by a key or by name. ``works`` is None where
    nobody tried. ``says`` is what there is to say, ``hint`` what to try, ``setting`` what to set so that it can be
    asked; ``quota`` what is left of its plan, in words; ``costs`` what the check itself used up; ``ms`` how long it
    took.
    """

    fact: str
    id: str
    name: str
    used: bool
    wanted: bool = False
    key: Key
    works: bool | None = None
    says: str = ""
    hint: str | None = None
    setting: str | None = None
    quota: str | None = None
    costs: str | None = None
    ms: int | None = None


Check = Callable[[Mapping[Any, Any], float | None], Awaitable[Sequence[SourceReport]]]
"""Gets the pipeline's resources, and until when (``time.monotonic()``) sources may be asked; None: don't ask them."""

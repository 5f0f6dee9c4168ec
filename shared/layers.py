"""The rows of a run's view, layered by step: a row shows the cells of its layers, later ones over earlier ones, and the
state of the last. Pure.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from shared import events as ev

RowViewState: TypeAlias = Literal["provisional", "confirmed", "removed"]


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the state of a run."""


class Layer(View, frozen=True, kw_only=True):
    """What one step said of a row. ``why`` marks a removal."""

    step: str
    cells: dict[str, Any] = {}
    state: ev.RowState | None = None
    from_: dict[str, str] = msgspec.field(name="from", default_factory=dict)
    why: str | None = None


class RowView(View, frozen=True, kw_only=True):
    """A row as shown. A removed row keeps its cells, and ``why`` says what put it out."""

    id: str
    cells: dict[str, Any]
    state: RowViewState
    from_: dict[str, str] = msgspec.field(name="from", default_factory=dict)
    why: str | None = None
    layers: tuple[Layer, ...]


def change_rows(rows: tuple[RowView, ...], event: ev.RowsChanged) -> tuple[RowView, ...]:
    """``rows`` with the layer of the event's step as the event has it, and as the newest."""
    by_id = {row.id: row for row in rows}
    for upsert in event.upsert:
        layers = _layers(by_id, upsert.id)
        mine = next((layer for layer in layers if layer.step == event.step), None)
        layer = Layer(
            step=event.step,
            cells={**mine.cells, **upsert.cells} if mine else upsert.cells,
            state=upsert.state,
            from_={**(mine.from_ if mine else {}), **(upsert.from_ or {})},
        )
        by_id[upsert.id] = _row(upsert.id, _with_layer(layers, layer))
    for removal in event.remove:
        layers = _layers(by_id, removal.id)
        mine = next((layer for layer in layers if layer.step == event.step), None)
        layer = msgspec.structs.replace(mine or Layer(step=event.step), why=removal.why)
        by_id[removal.id] = _row(removal.id, _with_layer(layers, layer))
    return tuple(by_id.values())


def _layers(by_id: dict[str, RowView], row_id: str) -> tuple[Layer, ...]:
    row = by_id.get(row_id)
    return row.layers if row else ()


def _with_layer(layers: tuple[Layer, ...], layer: Layer) -> tuple[Layer, ...]:
    return (*(other for other in layers if other.step != layer.step), layer)


def without_layers_of(rows: tuple[RowView, ...], step: str) -> tuple[RowView, ...]:
    """``rows`` as if ``step`` had said nothing of them; who has no other layer is gone."""
    kept: list[RowView] = []
    for row in rows:
        layers = tuple(layer for layer in row.layers if layer.step != step)
        if len(layers) == len(row.layers):
            kept.append(row)
        elif layers:
            kept.append(_row(row.id, layers))
    return tuple(kept)


def _row(row_id: str, layers: tuple[Layer, ...]) -> RowView:
    cells: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        cells.update(layer.cells)
        sources.update(layer.from_)
    last = layers[-1]
    state: RowViewState = "removed" if last.why is not None else (last.state or "provisional")
    return RowView(id=row_id, cells=cells, state=state, from_=sources, why=last.why, layers=layers)

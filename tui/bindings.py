"""The table of keys as Textual's bindings."""

from textual.binding import Binding

from tui.keys import KEYS, Place


def bindings(*places: Place) -> list[Binding]:
    """The bindings of the keys that act in these places."""
    return [
        Binding(key.keys, key.action, key.text, id=key.id, priority=key.priority, show=False)
        for key in KEYS
        if key.place in places
    ]

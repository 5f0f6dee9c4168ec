"""A map in a terminal: outlines of the land, a view of them, what lies on it. Knows coordinates, and no domain."""

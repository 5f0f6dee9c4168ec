"""The rules, a module for each part of the wire. A rule is a coroutine that raises Broken, or returns what it saw."""

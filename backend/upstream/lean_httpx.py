"""httpx without its own command line, which imports rich wherever click is installed: a fifth of what the server
imports before it listens."""

from shared.absent import absent

with absent("httpx._main"):
    import httpx as httpx

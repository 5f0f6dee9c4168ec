"""The server's HTTP: what it is asked and what it answers. Whatever of it is imported, Quart comes lean."""

from backend.http import lean_quart as lean_quart

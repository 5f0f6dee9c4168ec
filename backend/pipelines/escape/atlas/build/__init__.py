"""Builds the bundled atlas from the source tables beside it. It is never imported by a running server."""

"""The server with a second domain registered beside the first: the one line that it takes. With ``--alone`` there are
only the domains of the tests, which start faster."""

import sys

import backend.registry
from tests.busy import busy_pipeline
from tests.tiny import tiny_pipeline

if "--alone" in sys.argv:
    sys.argv.remove("--alone")
    backend.registry.PIPELINES = (tiny_pipeline(), busy_pipeline())
else:
    backend.registry.PIPELINES = (*backend.registry.PIPELINES, tiny_pipeline())

if __name__ == "__main__":
    from backend.__main__ import main

    sys.exit(main())

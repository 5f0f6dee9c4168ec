"""The server with a second domain registered beside the first: the one line that it takes."""

import sys

import backend.registry
from tests.tiny import tiny_pipeline

backend.registry.PIPELINES = (*backend.registry.PIPELINES, tiny_pipeline())

if __name__ == "__main__":
    from backend.__main__ import main

    sys.exit(main())

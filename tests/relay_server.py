"""The server with the relay and the tiny pipeline: several processes of it share one log."""

import sys

import backend.registry
from tests.relay import relay_pipeline
from tests.tiny import tiny_pipeline

backend.registry.PIPELINES = (relay_pipeline(), tiny_pipeline())

if __name__ == "__main__":
    from backend.__main__ import main

    sys.exit(main())

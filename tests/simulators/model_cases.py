"""The whole corpus of hostile language models: see corpus_model.py for what a case says."""

from functools import cache

from tests.simulators.corpus_model import ModelCase, formats, refusals
from tests.simulators.corpus_model_values import values
from tests.simulators.corpus_model_wire import services, streams


@cache
def model_corpus() -> tuple[ModelCase, ...]:
    """Every case, in a fixed order and with names of their own."""
    cases = (*formats(), *refusals(), *values(), *streams(), *services())
    assert len({case.name for case in cases}) == len(cases)
    return cases

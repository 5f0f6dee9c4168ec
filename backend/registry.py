"""The one place that names pipelines. A second domain is one folder and one line here."""

from backend.pipeline import Pipeline
from backend.pipelines import escape

PIPELINES: tuple[Pipeline, ...] = (escape.PIPELINE,)

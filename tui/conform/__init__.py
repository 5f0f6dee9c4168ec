"""The conformance kit (``windowseat conform URL``): judges any server by the rules of docs/protocol.md."""

from tui.conform.kit import RULES, judge, run
from tui.conform.probe import Limits
from tui.conform.sample import Asked
from tui.conform.verdict import Report, Verdict, to_json, to_table

__all__ = ["RULES", "Asked", "Limits", "Report", "Verdict", "judge", "run", "to_json", "to_table"]

"""Writes docs/keys.md from the table of keys.

python docs/keys.py
"""

from pathlib import Path

from tui.keys import markdown

Path(__file__).with_name("keys.md").write_text(markdown(), encoding="utf-8")

"""What the server does without until it is asked for; in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_server_listens_without_what_it_may_never_need() -> None:
    code = "import backend.server, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    roots = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "quart" in roots
    assert not roots & {"rich", "pygments", "textual", "pydantic", "redis", "asyncssh", "tui", "httpx", "httpcore"}

"""``python -m tui`` is ``windowseat``."""

import sys

from tui.cli import main

sys.exit(main())

"""The settings of a server in several processes: what it knows of people it knows for an hour.

So only an announcement can end it. While the file that AILING names is there, no process starts.
"""

import os
from pathlib import Path

from tests.server_settings import *

KNOWN_SECONDS = 3600.0

if Path(os.environ["AILING"]).exists():
    raise SystemExit("not today")

"""Where this copy of RegalPOS lies. A module of its own, for programs that start small."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"

"""The settings of a server that the bench measures: the shop's own."""

from regalpos.environment import VAR
from regalpos.settings import *

# Compressing well takes most of the time that collecting takes, and no measure asks for a file.
STATIC_ROOT = VAR / "bench-static"
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("css", "js", "json", "map", "svg", "txt", "html", "md")

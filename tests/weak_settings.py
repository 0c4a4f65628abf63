"""The settings of a server for controls: a shop with a protection missing (`weak.py`)."""

from tests.server_settings import *
from tests.server_settings import INSTALLED_APPS

# First, because it changes what the others import.
INSTALLED_APPS = ["tests.weak.Weak", *INSTALLED_APPS]

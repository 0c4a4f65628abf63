"""The settings of a server whose live layer is dead, in the way that DEAD_LAYER says."""

from tests.weak_settings import *

CHANNEL_LAYERS = {"default": {"BACKEND": "tests.deaf.DeadLayer"}}

"""Signing in for programs, and the stores a person works at."""

from people.api import signing_in, stores
from people.api.bearer import Bearer, actor_of

__all__ = ["Bearer", "actor_of", "signing_in", "stores"]

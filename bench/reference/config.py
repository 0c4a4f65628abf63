"""What a process of the reference stack is told, all of it in the environment."""

from functools import cache

from pydantic_settings import BaseSettings, SettingsConfigDict

from regalpos.environment import VAR
from regalpos.keys import kept


class Config(BaseSettings):
    """`cache`: for so many seconds whoever asks is not looked up again; 0: every time."""

    model_config = SettingsConfigDict(env_prefix="REFERENCE_")

    url: str
    cache: float = 0.0
    pool: int = 10  # connections of one process, about as many as it has requests in flight


class Secret(BaseSettings):
    """The key that the shop signs sessions and tokens with."""

    secret_key: str = ""


@cache
def config() -> Config:
    """Read once a process."""
    return Config()


@cache
def secret_key() -> str:
    """The shop's own, so that whoever is signed in there is signed in here."""
    return Secret().secret_key or kept(VAR / "secret_key")

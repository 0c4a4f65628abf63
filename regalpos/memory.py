"""What a process of ours does not carry, because it may never need it (docs/adr/0015).

Libraries that come along for one feature bring others with them: passkeys, the TLS that a proxy
does for us, and protocols we do not speak weigh as much as all of our own code.
"""

import ctypes
import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader
from types import ModuleType

# Loaded when something in them is first asked for: fido2 and its cryptography by whoever uses a
# passkey, the sign-in of autobahn's other protocol by nobody.
LATER = frozenset({"allauth.mfa.webauthn.internal.auth", "autobahn.wamp.auth"})
M_ARENA_MAX = -8  # glibc's malloc.h


class Later(MetaPathFinder):
    """Finds the modules of LATER as the others do, and lets each load at its first use."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that is put off; None for all others."""
        if name not in LATER:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)):
                if spec.loader:
                    spec.loader = LazyLoader(spec.loader)
                return spec
        return None


def spare() -> None:
    """This process loads less from here on. Before anything of daphne or allauth is imported."""
    if any(isinstance(finder, Later) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, Later())
    # HTTPS is the proxy's; Twisted does without pyOpenSSL where there is none.
    sys.modules.setdefault("OpenSSL", None)  # type: ignore[arg-type]  # so Python spells "absent"
    with _absent("cryptography"):  # our tokens are HMAC: PyJWT needs it for public keys only
        import jwt  # noqa: F401
    _one_arena()


def settle() -> None:
    """What is loaded by now stays: the collector looks at what comes and goes, and only at that.

    It is cheaper then, and sooner: it waits for a quarter more of what it counts.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Within, whoever tries to import it does without."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # so Python spells "absent"
    try:
        yield
    finally:
        del sys.modules[name]


def _one_arena() -> None:
    """Threads that never run at once need no heap each; where malloc is another's, it may."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(M_ARENA_MAX, 1)

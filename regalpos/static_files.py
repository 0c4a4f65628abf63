"""Style sheets, scripts and product pictures, answered before Django is asked.

WhiteNoise knows how: hashed names that never change, precompressed twins, ETags, ranges.
It is written for WSGI, so this is its door to ASGI. Reading happens in threads, a piece at
a time, and never holds up the loop on which the tills wait.
"""

import asyncio
from pathlib import Path
from typing import Any, BinaryIO
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.exceptions import SuspiciousFileOperation
from whitenoise.base import WhiteNoise
from whitenoise.storage import CompressedManifestStaticFilesStorage

from regalpos.bodies import Application, Message, Receive, Send

# Of all that was uploaded only these are for everybody; the rest waits behind the access gate.
PRODUCT_IMAGES = "products/"
IMAGE_TYPES = frozenset({".avif", ".jpeg", ".jpg", ".png", ".webp"})

PIECE = 256 * 1024


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Every file under a name with its content's hash, scripts that import one another included.

    Otherwise a page's own script could be new while what it imports is an hour old.
    """

    support_js_module_import_aggregation = True


def _harmless(headers: Headers, path: str, url: str) -> None:
    """A file stays what its name says, and belongs on our pages only."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if Path(path).suffix not in {".css", ".js"}:
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"


RULES: dict[str, Any] = {
    "max_age": 3600,
    "allow_all_origins": False,
    "add_headers_function": _harmless,
}


class StaticFiles:
    """ASGI: files of the house and of the shop window; everything else goes on to `app`."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.house = House()
        self.window = ShopWindow()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(self.house.prefix):
            file = await self.house.find(path)
        elif path.startswith(self.window.prefix):
            file = await self.window.find(path)
        else:
            file = None
        if file is None or not await _serve(file, scope, send):
            await self.app(scope, receive, send)


class House(WhiteNoise):
    """What `collectstatic` has gathered; where it was never run, what the apps bring along."""

    def __init__(self) -> None:
        self.prefix = str(settings.STATIC_URL)
        storage: object = staticfiles_storage
        self.gathered = isinstance(storage, ManifestFilesMixin)
        self._unchanging: frozenset[str] = frozenset()
        if isinstance(storage, ManifestFilesMixin):
            self._unchanging = frozenset(storage.hashed_files.values())
        root = settings.STATIC_ROOT if self.gathered else None
        super().__init__(None, root, self.prefix, **RULES)

    async def find(self, path: str) -> Any:
        """The file at a URL path, or None."""
        if self.gathered:
            return self.files.get(path)
        return await asyncio.to_thread(self._find_at_source, path)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """A name with a hash in it can never come to mean another content."""
        return url.removeprefix(self.prefix) in self._unchanging

    def _find_at_source(self, path: str) -> Any:
        try:
            found = finders.find(path.removeprefix(self.prefix))
        except SuspiciousFileOperation:  # It leads out of the house.
            return None
        known = isinstance(found, str) and Path(found).is_file()
        return self.get_static_file(found, path) if known else None


class ShopWindow(WhiteNoise):
    """Pictures of products. They come and go while the shop is open, so each is looked for."""

    def __init__(self) -> None:
        root = Path(settings.MEDIA_ROOT) / PRODUCT_IMAGES
        self.prefix = f"{settings.MEDIA_URL}{PRODUCT_IMAGES}"
        super().__init__(None, root, self.prefix, autorefresh=True, **RULES)

    async def find(self, path: str) -> Any:
        """The picture at a URL path, or None; never anything but a picture."""
        if Path(path).suffix.lower() not in IMAGE_TYPES:
            return None
        return await asyncio.to_thread(self.find_file, path)


async def _serve(file: Any, scope: Message, send: Send) -> bool:
    """Sent; or False, with nothing said yet, if the file is not there any more."""
    asked = {
        "HTTP_" + name.decode("latin1").upper().replace("-", "_"): value.decode("latin1")
        for name, value in scope["headers"]
    }
    try:
        response = await asyncio.to_thread(file.get_response, scope["method"], asked)
    except FileNotFoundError:
        return False
    headers = [
        (name.lower().encode("latin1"), value.encode("latin1")) for name, value in response.headers
    ]
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    if response.file is None:
        await send({"type": "http.response.body"})
    else:
        await _send_pieces(response.file, send)
    return True


async def _send_pieces(file: BinaryIO, send: Send) -> None:
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
    finally:
        file.close()

"""Where requests and sockets come in.

The size of a body is looked at first, then files are answered, then Django is asked: by way of
the hot tier for what a till asks all day, else by its own handler. A socket shows where it comes
from and who opens it before any of our consumers sees it.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regalpos.settings")
# The apps have to stand before anything of theirs is imported.
django: Any = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from regalpos import live  # noqa: E402
from regalpos.bodies import BodyLimit, Message, Receive, Send  # noqa: E402
from regalpos.hot import HotHandler, Tiers  # noqa: E402
from regalpos.sockets import OwnOrigin, WithSession, nowhere  # noqa: E402
from regalpos.static_files import StaticFiles  # noqa: E402
from regalpos.urls import websocket_urlpatterns  # noqa: E402

end: Any = nowhere  # Django's types know views only
doors = [*websocket_urlpatterns, re_path(r"", end)]

router = ProtocolTypeRouter(
    {
        "http": BodyLimit(StaticFiles(Tiers(HotHandler(), django))),
        "websocket": OwnOrigin(WithSession(URLRouter(doors))),
    }
)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """The whole house, as one ASGI application."""
    # The loop that serves is the one on which announcements go out.
    live.opened()
    await router(scope, receive, send)

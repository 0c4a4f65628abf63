"""What happens at one till, for every tab and screen that shows it."""

import json
from typing import Any

from django.urls import path

from people.access import Actor, requires
from people.consumers import SignedInSocket
from people.permissions import Permission
from regalpos import live
from regalpos.errors import NotHere
from sales.models import Register


@requires(Permission.SELL)
class TillConsumer(SignedInSocket):
    """Tells that a cart or the shift of this till has changed. Pages then fetch what is true."""

    def topics(self, actor: Actor) -> set[str]:
        """The register's, for those who work at its store."""
        register_id = self.scope["url_route"]["kwargs"]["register_id"]
        register = Register.objects.filter(pk=register_id).first()
        if register is None or not actor.works_at(register.store_id):
            raise NotHere
        return {live.till_topic(register.pk)}

    def cart_changed(self, event: dict[str, Any]) -> None:
        """Another step, a payment's outcome: a tab that shows an older version fetches it."""
        facts = {"cart": event.get("cart", ""), "version": event.get("version", 0)}
        self.say(f"cart {facts['cart']}", json.dumps({"event": "cart", **facts}))

    def shift_changed(self, event: dict[str, Any]) -> None:
        """Opened or closed, perhaps at another screen."""
        self.say("shift", json.dumps({"event": "shift"}))


websocket_urlpatterns = [path("ws/till/<uuid:register_id>/", TillConsumer.as_asgi())]

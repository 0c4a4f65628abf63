"""The site map: every address, and where it leads. Nouns; the verbs are HTTP's."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from inventory.consumers import StockConsumer
from people.access import public
from people.office import office
from regalpos import health
from regalpos.api import api, docs, openapi
from sales.consumers import TillConsumer

urlpatterns: list[URLPattern | URLResolver] = [
    # The home of whoever is signed in; staff, customers, vendors, salesmen, the audit trail.
    path("", include("people.urls")),
    # /products/, /stock/...
    path("", include("inventory.urls")),
    # /till/..., /sales/...
    path("", include("sales.urls")),
    # Sign-in, passkeys, sessions: allauth's pages in our clothes.
    path("accounts/", include("allauth.urls")),
    # Django's own office, for tables that have no screen yet.
    path("admin/", office.urls),
    # For programs.
    path("api/v1/", api.urls),
    path("docs", public(docs), name="docs"),
    path("openapi.json", public(openapi), name="openapi"),
    # For load balancers and those who watch.
    path("health", public(health.alive), name="health"),
    path("health/db", public(health.database), name="health-db"),
    path("health/ready", public(health.ready), name="health-ready"),
    # The language of a page, for whoever is not signed in.
    path("language", public(set_language), name="set_language"),
]

# Sockets. asgi.py has checked where they come from and who opens them.
websocket_urlpatterns: list[Any] = [
    path("ws/stock/<slug:store_code>/", StockConsumer.as_asgi()),
    path("ws/till/<uuid:register_id>/", TillConsumer.as_asgi()),
]

handler400 = "regalpos.answers.bad_request"
handler403 = "regalpos.answers.forbidden"
handler404 = "regalpos.answers.not_found"
handler500 = "regalpos.answers.fault"

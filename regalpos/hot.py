"""The hot tier: what a till asks for all day, answered without the costs of Django's own handler.

Django's handler gives every request a thread of its own, and hops into threads for signals, for
hooks and for closing. Here the same middleware, from the same list in the settings, runs on the
loop: its hooks only compute. What needs the database goes to a lane, and nothing else leaves the
loop. A client that hangs up cancels nothing: what was begun is finished.

Everything that is not in `ROUTES` is served by Django's own handler (asgi.py), with the same
answers: tests/regalpos/test_hot.py holds the two against each other.
"""

from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import lru_cache, partial
from inspect import markcoroutinefunction
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured, RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve, set_script_prefix
from django.utils.deprecation import MiddlewareMixin
from django.utils.log import log_response
from django.utils.module_loading import import_string

from regalpos import lanes
from regalpos.bodies import Application, Message, Receive, Send

# The till's screen, and of the API what a till of another make would use. By the URL's name:
# every method of an address is served by one tier.
ROUTES = frozenset(
    {
        "sales:cart",
        "sales:lines",
        "sales:line",
        "sales:steps",
        "sales:found",
        "sales:tiles",
        "sales:parked",
        "sales:recalled",
        "sales:payment",
        "sales:attempt",
        "api:put_sale",  # and get_sale, which has the same address
        "api:put_abandon",
        "api:post_quote",
    }
)
# All of them lie here, so that nothing else is looked up twice.
PLACES = ("/till/", "/api/v1/sales/", "/api/v1/quotes")
LONGEST = 120  # letters; none of them is longer, and what is remembered of them stays small

type View = Callable[[HttpRequest], Awaitable[HttpResponseBase]]
type Enter = Callable[[HttpRequest], HttpResponseBase | None]
type Leave = Callable[[HttpRequest, HttpResponseBase], Any]


class Tiers:
    """ASGI: hot routes go to `hot`, with what their address means; all others to `stock`."""

    def __init__(self, hot: Application, stock: Application) -> None:
        self.hot = hot
        self.stock = stock

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match = hot_route(scope)
        if match is None:
            await self.stock(scope, receive, send)
        else:
            await self.hot({**scope, "match": match}, receive, send)


def hot_route(scope: Message) -> ResolverMatch | None:
    """What a hot address means; None for every other one, and for a shop under a prefix."""
    path: str = scope["path"]
    if not path.startswith(PLACES) or len(path) > LONGEST or get_script_prefix(scope):
        return None
    return _hot_match(path, settings.ROOT_URLCONF)


@lru_cache(2048)
def _hot_match(path: str, urlconf: str) -> ResolverMatch | None:
    """Kept, as a till asks the same few addresses for as long as it has a cart."""
    try:
        match = resolve(path, urlconf)
    except Resolver404:
        return None
    return match if match.view_name in ROUTES else None


class HotHandler(ASGIHandler):
    """Django's handler without a thread for each request, signals, and hops for hooks.

    `scope["match"]` says what the address means, as `Tiers` has found out.
    """

    def load_middleware(self, is_async: bool = True) -> None:
        """The chain of `settings.MIDDLEWARE`: runs of hooks as one `Hooks`, coroutines as they are.

        Middleware that is neither cannot be here, and says so when the server starts.
        """
        self._view_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        chain: View = self._safe_view
        hooks: list[MiddlewareMixin] = []
        for path in reversed(settings.MIDDLEWARE):
            made = INSTEAD.get(path) or import_string(path)
            if made is Nothing:
                continue
            if isinstance(made, type) and issubclass(made, MiddlewareMixin):
                one = made(chain)
                hooks.insert(0, one)
            elif getattr(made, "async_capable", False):
                chain, hooks = Hooks.around(chain, hooks), []
                one = chain = made(chain)
            else:
                raise ImproperlyConfigured(f"{path} cannot run without a thread (regalpos/hot.py)")
            self._note(one)
        self._middleware_chain = Hooks.around(chain, hooks)

    def _note(self, middleware: Any) -> None:
        if hasattr(middleware, "process_view"):
            self._view_middleware.insert(0, middleware.process_view)
        if hasattr(middleware, "process_exception"):
            self._exception_middleware.append(middleware.process_exception)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, answered in the task that it came in."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with closing(body):
            set_script_prefix(get_script_prefix(scope))
            request, refused = self.create_request(scope, body)
            if request is None or refused is not None:
                await self.send_response(cast(HttpResponseBase, refused), send)
                return
            with closing(request):
                response = await self.get_response_async(request)
                await self.send_response(response, send)

    async def get_response_async(self, request: Any) -> Any:
        """The answer, logged as Django logs it."""
        response: Any = await self._middleware_chain(request)
        if response.status_code >= 400:
            words = ("%s: %s", response.reason_phrase, request.path)
            log_response(*words, response=response, request=request)
        return response

    async def _safe_view(self, request: Any) -> HttpResponseBase:
        """The view's answer, or what Django answers when it raises."""
        try:
            response: HttpResponseBase = await self._get_response_async(request)
        except Exception as error:
            return response_for_exception(request, error)
        return response

    async def _get_response_async(self, request: Any) -> Any:
        """As Django's, with its hooks called straight."""
        match: ResolverMatch = request.scope["match"]
        request.resolver_match = match
        view, args, kwargs = match
        for look in self._view_middleware:
            if (response := look(request, view, args, kwargs)) is not None:
                return response
        try:
            response = await view(request, *args, **kwargs)
        except Exception as error:
            response = self.process_exception_by_middleware(error, request)
            if response is None:
                raise
        self.check_response(response, view)
        return response


class Hooks:
    """Middleware that is only hooks, one inside the other, on the loop.

    What a hook breaks is answered as Django answers it, and the hooks outside of it still see
    that answer.
    """

    def __init__(self, middleware: list[MiddlewareMixin], get_response: View) -> None:
        self.enters: list[Enter | None] = [getattr(m, "process_request", None) for m in middleware]
        self.leaves: list[Leave | None] = [getattr(m, "process_response", None) for m in middleware]
        self.get_response = get_response
        markcoroutinefunction(self)

    @classmethod
    def around(cls, chain: View, middleware: list[MiddlewareMixin]) -> View:
        return cls(middleware, chain) if middleware else chain

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        inside = 0  # how many have been entered and will see the answer
        try:
            response = None
            for enter in self.enters:
                if enter is not None:
                    response = enter(request)
                inside += 1
                if response is not None:
                    break
            if response is None:
                response = await self.get_response(request)
        except Exception as error:
            response = response_for_exception(request, error)
        for leave in reversed(self.leaves[:inside]):
            if leave is not None:
                try:
                    response = leave(request, response)
                    if not isinstance(response, HttpResponseBase):
                        response = await response
                except Exception as error:
                    response = response_for_exception(request, error)
        return response


class Sessions(SessionMiddleware):
    """Django's, but that a changed session is saved in a lane."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        answer = partial(super().process_response, request, response)
        session = request.session
        saves = session.modified or settings.SESSION_SAVE_EVERY_REQUEST
        return lanes.run(answer, write=True) if saves and not session.is_empty() else answer()


class Nothing:
    """Stands for middleware that has nothing to do here."""


INSTEAD: dict[str, Any] = {
    "django.contrib.sessions.middleware.SessionMiddleware": Sessions,
    "regalpos.pin.pin": Nothing,  # it keeps the other tier in one thread; here there is none
}

"""The front door: the sign-in page for a stranger, the right first page for everybody else."""

from functools import partial

from allauth.account.views import login
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from people.access import actor_of, public
from people.menu import HOMES
from regalpos import lanes
from regalpos.errors import NotHere


@public
async def nowhere(request: HttpRequest) -> HttpResponseBase:
    """A page that allauth brings and this shop has no use for."""
    raise NotHere


@public
@require_safe
async def home(request: HttpRequest) -> HttpResponseBase:
    """Answers a stranger with the sign-in page itself: no redirect, and 200."""
    actor = await lanes.run(partial(actor_of, request), lane="office")
    if actor is None:
        answer: HttpResponseBase = await sync_to_async(login, thread_sensitive=True)(request)
        return answer
    return HttpResponseRedirect(HOMES[actor.role])

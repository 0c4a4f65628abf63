"""The dashboard: the day so far at every store of one's own."""

from functools import partial

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from people.access import Request, requires
from people.permissions import Permission
from regalpos import lanes
from regalpos.screens import render_screen
from sales.reports.today import read_today


@requires(Permission.SEE_MONEY)
@require_safe
async def dashboard(request: Request) -> HttpResponse:
    """All figures in one trip, of one moment."""
    unit = partial(read_today, request.actor, timezone.now())
    today = await lanes.run(unit, request.actor, lane="reports")
    return render_screen(request, "sales/dashboard.html", context={"today": today})

"""The drawer one answers for: how it stands, and closing it with a count."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from people.access import Request, requires
from people.permissions import Permission
from regalpos import lanes
from regalpos.errors import Busy, Invalid, Refusal
from regalpos.screens import render_screen, wants_partial
from regalpos.shapes import Line, Shape, read
from sales.reports.drawers import (
    Drawer,
    OpenDrawer,
    read_drawer,
    read_open_drawers,
    read_own_drawer,
)
from sales.services.shifts import ShiftClosed, close_shift
from sales.views.figures import typed_amount


class NoteSent(Shape):
    """What the cashier has to say about the count."""

    reason: Annotated[str, Line(200)]


@dataclass(frozen=True, slots=True)
class Count:
    """What was typed into the closing form, and what was wrong with it."""

    counted: str = ""
    reason: str = ""
    counted_problem: str = ""
    reason_problem: str = ""
    problem: str = ""


@requires(Permission.SELL)
@require_safe
async def shift(request: Request) -> HttpResponse:
    """One's own drawer as it stands, without its cash where it will be counted blind."""
    actor = request.actor

    def unit() -> tuple[Drawer | None, list[OpenDrawer]]:
        return read_own_drawer(actor), read_open_drawers(actor)

    own, others = await lanes.run(unit, actor)
    context = {"drawer": own, "others": others, "view": "count" if own else "list"}
    return render_screen(request, "sales/shift.html", context=context)


@requires(Permission.SELL)
@require_safe
async def report(request: Request, shift_id: UUID) -> HttpResponse:
    """The X report: how an open drawer stands, at any time and as often as one likes."""
    drawer = await lanes.run(partial(read_drawer, shift_id, request.actor), request.actor)
    if drawer.shift.closed_at:
        return HttpResponseRedirect(reverse("sales:closure", args=[shift_id]))
    return render_screen(request, "sales/x_report.html", context={"drawer": drawer})


@requires(Permission.SELL)
@require_http_methods(["GET", "POST"])
async def closure(request: Request, shift_id: UUID) -> HttpResponse:
    """GET: the drawer to be counted, or what the count came to. POST: it is counted, once."""
    drawer = await lanes.run(partial(read_drawer, shift_id, request.actor), request.actor)
    if request.method == "POST":
        return await _close(request, drawer)
    return _show(request, drawer, Count())


async def _close(request: Request, drawer: Drawer) -> HttpResponse:
    """Closed, or closed before with the same count: the report. Else the form with the reasons."""
    typed = Count(request.POST.get("counted", ""), request.POST.get("reason", ""))
    try:
        unit = partial(
            close_shift,
            shift_id=drawer.shift.pk,
            counted=typed_amount(
                typed.counted,
                drawer.store.currency,
                "counted",
                _("Type what is in the drawer, for example %(amount)s."),
            ),
            reason=read(NoteSent, {"reason": typed.reason}).reason,
            actor=request.actor,
        )
        await lanes.run(unit, request.actor, write=True)
    except Busy:
        raise  # It may have been closed: the page keeps what was typed, and may send it again.
    except ShiftClosed:
        return _done(request, drawer, "?stands=1")
    except Refusal as refusal:
        return _show(request, drawer, _blamed(typed, refusal), status=refusal.status)
    return _done(request, drawer)


def _done(request: Request, drawer: Drawer, query: str = "") -> HttpResponse:
    url = reverse("sales:closure", args=[drawer.shift.pk]) + query
    if wants_partial(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _show(request: Request, drawer: Drawer, count: Count, status: int = 200) -> HttpResponse:
    if drawer.shift.closed_at:
        context = {"drawer": drawer, "stands": "stands" in request.GET}
        return render_screen(request, "sales/z_report.html", context=context)
    context = {"drawer": drawer, "count": count}
    return render_screen(request, "sales/closure.html", "closure", context, status)


def _blamed(typed: Count, refusal: Refusal) -> Count:
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    return Count(
        typed.counted,
        typed.reason,
        counted_problem=" ".join(fields.get("counted", [])),
        reason_problem=" ".join(fields.get("reason", [])),
        problem="" if fields else str(refusal.message),
    )

"""Cash into the drawer and out of it between sales, and the drawer opened without one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from people.access import Request, requires
from people.permissions import Permission
from regalpos import ids, lanes
from regalpos.errors import Busy, Invalid, NotHere, Refusal
from regalpos.screens import render_screen, wants_partial
from regalpos.shapes import Line, Shape, read
from sales.models import CashMove
from sales.reports.drawers import Drawer, read_drawer
from sales.services.cash import move_cash, open_drawer
from sales.views.figures import typed_amount
from sales.views.till import uuid_of

NO_SALE = "no_sale"
KINDS = (
    (CashMove.Kind.PAID_OUT.value, _("Paid out")),
    (CashMove.Kind.PAID_IN.value, _("Paid in")),
    (CashMove.Kind.DROP.value, _("To the safe")),
    (NO_SALE, _("Only open it")),
)


class ReasonSent(Shape):
    """Why, in a line."""

    reason: Annotated[str, Line(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CashForm:
    """What was typed, and what was wrong with it."""

    id: UUID
    kind: str = CashMove.Kind.PAID_OUT
    amount: str = ""
    reason: str = ""
    amount_problem: str = ""
    reason_problem: str = ""
    problem: str = ""


@requires(Permission.SELL)
@require_http_methods(["GET", "POST"])
async def cash(request: Request, shift_id: UUID) -> HttpResponse:
    """GET: the form. POST: the cash has moved, or the drawer was opened, once."""
    drawer = await lanes.run(partial(read_drawer, shift_id, request.actor), request.actor)
    if drawer.shift.closed_at:
        return HttpResponseRedirect(reverse("sales:closure", args=[shift_id]))
    if request.method == "GET":
        return _show(request, drawer, CashForm(id=ids.new()))
    typed = CashForm(
        id=uuid_of(request.POST.get("id", "")) or ids.new(),
        kind=request.POST.get("kind", ""),
        amount=request.POST.get("amount", ""),
        reason=request.POST.get("reason", ""),
    )
    try:
        await lanes.run(_use_case(typed, drawer, request), request.actor, write=True)
    except (Busy, NotHere):
        raise  # It may have been written: the page keeps what was typed, and may send it again.
    except Refusal as refusal:
        return _show(request, drawer, _blamed(typed, refusal), status=refusal.status)
    url = reverse("sales:shift") if drawer.mine else reverse("sales:report", args=[shift_id])
    if wants_partial(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _use_case(typed: CashForm, drawer: Drawer, request: Request) -> Callable[[], Any]:
    """What the form asks for. Raises Invalid."""
    reason = read(ReasonSent, {"reason": typed.reason}).reason
    facts: dict[str, Any] = {"shift_id": drawer.shift.pk, "reason": reason, "actor": request.actor}
    if typed.kind == NO_SALE:
        return partial(open_drawer, opening_id=typed.id, **facts)
    words = gettext("Type an amount, for example %(amount)s.")
    moved = typed_amount(typed.amount, drawer.store.currency, "amount", words)
    return partial(move_cash, move_id=typed.id, kind=typed.kind, moved=moved, **facts)


def _show(request: Request, drawer: Drawer, form: CashForm, status: int = 200) -> HttpResponse:
    context = {"drawer": drawer, "form": form, "kinds": KINDS}
    return render_screen(request, "sales/cash.html", "cash", context, status)


def _blamed(typed: CashForm, refusal: Refusal) -> CashForm:
    fields = dict(refusal.fields) if isinstance(refusal, Invalid) else {}
    amount = " ".join(fields.pop("amount", []))
    reason = " ".join(fields.pop("reason", []))
    rest = " ".join(words for one in fields.values() for words in one)
    nothing = not (amount or reason or rest)
    return CashForm(
        id=typed.id,
        kind=typed.kind,
        amount=typed.amount,
        reason=typed.reason,
        amount_problem=amount,
        reason_problem=reason,
        problem=str(refusal.message) if nothing else rest,
    )

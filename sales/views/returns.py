"""Goods that come back, against the line that sold them, paid back from the drawer.

The form carries the attempt's id and the amount that was shown, so the same form is always the same
checkout: sent twice it pays back once, and sent after something changed it is refused, with what
changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.access import Request, requires
from people.permissions import Permission
from regalpos import ids, lanes
from regalpos.errors import Busy, Invalid, NotHere, Refusal
from regalpos.money import NO_MONEY, minus
from regalpos.screens import render_screen, wants_partial
from sales.forms import SaleBody
from sales.models import SaleLine
from sales.pricing import Bill
from sales.services.checkout import Answer, BodyMismatch, InProgress, check_out, find_answer
from sales.services.returns import (
    GoodsBack,
    Returnable,
    ReturnSheet,
    preview_return,
    read_return,
    return_body,
)
from sales.views.till import uuid_of

LANE = "checkout"
CHANGED = {
    "total_changed",
    "underpaid",
    "overpaid",
}  # what was told the customer is not so any more


@dataclass(frozen=True, slots=True)
class Row:
    """One sold line as the form shows it: what was typed, and what is wrong with that."""

    line: Returnable
    typed: str = ""
    disposition: str = SaleLine.Disposition.RESTOCK
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The return as it is being written."""

    attempt: UUID
    rows: tuple[Row, ...]
    reason: str = ""
    reason_problem: str = ""
    problem: str = ""
    unknown: bool = False  # sent, and not known what became of it
    bill: Bill | None = None  # what it comes to
    back: Decimal = NO_MONEY  # to be paid back, in coins
    shown: str = ""  # where unknown: what was sent
    cash: str = ""
    register: str = ""


@requires(Permission.REFUND)
@require_http_methods(["GET", "POST"])
async def returns(request: Request, sale_id: UUID) -> HttpResponse:
    """GET: what can still come back, or what it comes to so far. POST: it is paid back."""
    actor = request.actor
    sheet = await lanes.run(partial(read_return, sale_id, actor), actor)
    if request.method == "POST":
        return await _pay_back(request, sheet)
    form = _read_form(sheet, request.GET)
    partial_name = "amount" if wants_partial(request) else ""
    return _show(request, sheet, _worked_out(sheet, form), partial_name)


async def _pay_back(request: Request, sheet: ReturnSheet) -> HttpResponse:
    """Posted, or posted before: its receipt. Else the form, with nothing paid back."""
    form, sent, actor = _read_form(sheet, request.POST), request.POST, request.actor
    try:
        body = return_body(
            _goods(form),
            register_id=sent.get("register", ""),
            tender=sheet.tender.code if sheet.tender else "",
            reason=form.reason,
            total=sent.get("shown", ""),
            cash=sent.get("cash", ""),
        )
        unit = partial(check_out, sale_id=form.attempt, body=body, actor=actor, source="till")
        answer = await lanes.run(unit, actor, write=True, lane=LANE)
    except (Busy, InProgress):
        return _unknown(request, sheet, form, body)
    except BodyMismatch as refusal:
        found = await lanes.run(partial(find_answer, sale_id=form.attempt, actor=actor), actor)
        return await _answered(request, sheet, form, found, refusal)
    except NotHere:
        raise
    except Refusal as refusal:
        return _show(request, sheet, _worked_out(sheet, _blamed(form, refusal)), status=422)
    return await _answered(request, sheet, form, answer)


async def _answered(
    request: Request,
    sheet: ReturnSheet,
    form: Form,
    answer: Answer | None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The receipt of what was posted under this id; else why not, and a form with a new id."""
    if answer is not None and answer.state == "posted":
        url = reverse("sales:receipt", args=[form.attempt]) + "?back=1"
        if wants_partial(request):
            return HttpResponse(headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)
    actor = request.actor
    sheet = await lanes.run(partial(read_return, sheet.sale.pk, actor), actor)
    content = answer.content if answer else {}
    form = replace(
        _read_form(sheet, request.POST),
        attempt=ids.new(),
        problem=_words(content) if content else str(refusal),
    )
    return _show(request, sheet, _worked_out(sheet, form), status=409)


def _words(content: Mapping[str, Any]) -> str:
    if content.get("code") in CHANGED:
        return _("Nothing was paid back: the amount has changed. Tell the customer the new one.")
    if content.get("code") == "shift_closed":
        return _("Nothing was paid back: the shift is closed. Open one to go on.")
    return _("Nothing was paid back. %(reason)s") % {"reason": content.get("message", "")}


def _unknown(request: Request, sheet: ReturnSheet, form: Form, body: SaleBody) -> HttpResponse:
    """No answer yet. The form is held as it was sent, so that asking again cannot pay twice."""
    sent = request.POST
    form = replace(
        form,
        unknown=True,
        back=minus(sum((payment.amount for payment in body.payments), NO_MONEY)),
        shown=sent.get("shown", ""),
        cash=sent.get("cash", ""),
        register=sent.get("register", ""),
    )
    return _show(request, sheet, form, status=409)


# ---- the form -----------------------------------------------------------------------------------


def _read_form(sheet: ReturnSheet, sent: Mapping[str, Any]) -> Form:
    """What was typed so far, whatever it is."""
    rows = (
        Row(
            line,
            typed=str(sent.get(f"quantity-{line.id}", ""))[:30].strip(),
            disposition=str(sent.get(f"disposition-{line.id}", SaleLine.Disposition.RESTOCK)),
        )
        for line in sheet.lines
    )
    return Form(
        attempt=uuid_of(str(sent.get("attempt", ""))) or ids.new(),
        rows=tuple(rows),
        reason=str(sent.get("reason", "")),
    )


def _goods(form: Form) -> list[GoodsBack]:
    """What the form takes back. Raises Invalid by line."""
    wanted = {row.line.id: _quantity(row.typed) for row in form.rows}
    problems = {
        str(line_id): [_("That is not a quantity.")]
        for line_id, quantity in wanted.items()
        if quantity is None
    }
    if problems:
        raise Invalid(fields=problems)
    goods = [
        GoodsBack(row.line.id, quantity, row.disposition)
        for row in form.rows
        if (quantity := wanted[row.line.id])
    ]
    if not goods:
        raise Invalid(_("Choose what comes back."))
    return goods


def _quantity(typed: str) -> Decimal | None:
    """A plain number, nothing for nothing; None for what is none."""
    try:
        quantity = Decimal(typed.replace(",", ".") or 0)
    except InvalidOperation:
        return None
    plain = quantity.is_finite() and quantity >= 0 and "e" not in typed.lower()
    return quantity if plain else None


def _worked_out(sheet: ReturnSheet, form: Form) -> Form:
    """The form with what it comes to, or with what is wrong with its quantities."""
    if not any(row.typed.strip("0.,") for row in form.rows):
        return form
    try:
        wanted = {item.line_id: item.quantity for item in _goods(form)}
        bill = preview_return(sheet, wanted)
        return replace(form, bill=bill, back=minus(bill.cash_payable))
    except Invalid as refusal:
        return _blamed(form, refusal)


def _blamed(form: Form, refusal: Refusal) -> Form:
    """Every reason stands next to the field it is about; the rest above them all."""
    fields = dict(refusal.fields) if isinstance(refusal, Invalid) else {}
    asked = [row.line.id for row in form.rows if _quantity(row.typed)]
    by_line = {str(line_id): words for line_id, words in fields.items() if uuid_of(line_id)}
    reason, others = "", []
    for path, words in fields.items():
        match path.split("."):
            case ["lines", number, "quantity" | "returns"] if number.isdigit():
                by_line[str(asked[int(number)])] = words
            case ["lines", _number, "reason"]:
                reason = words[0]
            case [key] if key in by_line:
                pass
            case _:
                others += words
    if not fields:
        others = [str(refusal.message)]
    rows = (
        replace(row, problem=" ".join(by_line.get(str(row.line.id), [])) or row.problem)
        for row in form.rows
    )
    return replace(
        form,
        rows=tuple(rows),
        reason_problem=reason or form.reason_problem,
        problem=" ".join(others) or form.problem,
    )


def _show(
    request: Request,
    sheet: ReturnSheet,
    form: Form,
    partial_name: str = "return",
    status: int = 200,
) -> HttpResponse:
    context = {
        "sheet": sheet,
        "form": form,
        "dispositions": SaleLine.Disposition.choices,
        "rounded": form.bill is not None and form.bill.cash_payable != form.bill.total,
    }
    return render_screen(request, "sales/returns.html", partial_name, context, status)

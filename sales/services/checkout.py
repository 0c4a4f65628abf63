"""The checkout contract: one id, one sale, one answer, however often it is asked for.

The till's pay key and `PUT /api/v1/sales/{id}` are both this. The id is the client's, made before
the first send; whatever became of it is kept under it for ever, refusals included, so that a late
copy of a request can neither sell twice nor revive what was refused or given up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.access import Actor
from people.permissions import Permission, Role
from people.services import trail
from regalpos.canonical import digest
from regalpos.errors import Invalid, NotAllowed, NotHere, Refusal
from regalpos.live import announce, till_topic
from sales.checkout_sql.claim import Claim
from sales.checkout_sql.claim import claim as take_claim
from sales.forms import SaleBody, differing
from sales.models import Cart, Register, SaleAttempt
from sales.services.posting import post_sale

LOCK_NOT_AVAILABLE = "55P03"
FINAL = 409  # A refusal with this status is kept with the id; any other leaves the id free.
State = SaleAttempt.State


class BodyMismatch(Invalid):
    """The id was used before, for another body. `fields` names what differs."""

    code = "body_mismatch"
    message = _("This id was used for another sale. Nothing has changed.")


class InProgress(Refusal):
    """Another copy of this very request is being worked on."""

    code = "in_progress"
    message = _("This sale is being posted right now. Ask again in a moment.")

    def __init__(self) -> None:
        super().__init__(retry_after=1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of an attempt. `content` is what was kept: the sale, or why it was refused."""

    status: int  # 201 posted now, 200 posted before, 409 refused, 410 abandoned.
    state: Literal["posted", "refused", "abandoned"]
    content: Mapping[str, Any]
    replayed: bool = False


@transaction.atomic(durable=True)
def check_out(
    *,
    sale_id: UUID,
    body: SaleBody,
    actor: Actor,
    source: str,
    cart_id: UUID | None = None,
) -> Answer:
    """The sale is posted, or refused for good under this id, or it is what it was before.

    One transaction: the key first (a twin waits on it), then everything that posting locks, then
    everything it writes. A business refusal comes before any writing, and is kept under the key.
    With `cart_id` that cart becomes sold, or free again, in the same transaction. Safe to repeat.
    Raises what leaves the id free and nothing written: NotHere, NotAllowed, Invalid, BodyMismatch,
    InProgress.
    """
    document = body.document()
    attempt = SaleAttempt(
        pk=sale_id,
        user_id=actor.user_id,
        body=document,
        body_hash=digest(document),
        state=State.POSTED,
        at=timezone.now(),
    )
    claim = _claim(
        attempt,
        body.register,
        actor,
        tenders={payment.tender for payment in body.payments},
        customer=body.customer,
        salesman=body.salesman,
    )
    if any(line.returns for line in body.lines) and not actor.may(Permission.REFUND):
        raise NotAllowed
    if not claim.taken:
        return _replay(attempt, cart_id)
    answer = _post_or_refuse(attempt, body, claim, actor, source, cart_id)
    if answer.state == "refused":
        SaleAttempt.objects.filter(pk=sale_id).update(state=State.REFUSED, answer=answer.content)
        if cart_id is not None:
            _free_cart(cart_id, sale_id, sold=False)
    topic = till_topic(claim.register.pk)
    announce(topic, "cart.changed", attempt=str(sale_id), state=answer.state)
    return answer


@transaction.atomic(durable=True)
def abandon_sale(
    *, sale_id: UUID, register_id: UUID, actor: Actor, cart_id: UUID | None = None
) -> Answer:
    """The id is given up for ever, unless something was posted or refused under it already.

    A late copy of the sale then finds it abandoned. Safe to repeat. Raises NotHere, InProgress.
    """
    attempt = SaleAttempt(
        pk=sale_id,
        user_id=actor.user_id,
        body={},
        body_hash="",
        state=State.ABANDONED,
        answer={"id": str(sale_id)},
        at=timezone.now(),
    )
    claim = _claim(attempt, register_id, actor)
    register = claim.register
    if not claim.taken:
        return _told_again(_kept(attempt), cart_id)
    if cart_id is not None:
        _free_cart(cart_id, sale_id, sold=False)
    trail.record("sale.abandoned", actor=actor, subject=attempt, store_id=register.store_id)
    announce(till_topic(register.pk), "cart.changed", attempt=str(sale_id), state="abandoned")
    return _answer(attempt, replayed=False)


def find_answer(*, sale_id: UUID, actor: Actor) -> Answer | None:
    """What became of an attempt, or None: unknown here, or still in flight. Resending is safe."""
    attempt = SaleAttempt.objects.filter(pk=sale_id).first()
    if attempt is None or not actor.works_at(attempt.store_id):
        return None
    return _answer(attempt, replayed=True)


def _claim(attempt: SaleAttempt, register_id: UUID, actor: Actor, **asked: Any) -> Claim:
    """Take the id at a till of the actor's own store, or learn that it is taken.

    A twin in flight is waited for on the unique key. Foreign and unknown tills look the same.
    """
    stores = None if actor.role == Role.ADMIN else actor.store_ids
    try:
        claim = take_claim(attempt, register_id=register_id, store_ids=stores, **asked)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            raise InProgress from error
        raise
    if claim is None:
        raise NotHere
    if claim.register.kind != Register.Kind.TILL:
        raise Invalid(fields={"register": [str(_("Only a till rings up sales."))]})
    return claim


def _kept(attempt: SaleAttempt) -> SaleAttempt:
    """What is kept under this id. Another store's or another person's id is not here."""
    kept = SaleAttempt.objects.get(pk=attempt.pk)
    if (kept.store_id, kept.user_id) != (attempt.store_id, attempt.user_id):
        raise NotHere
    return kept


def _replay(attempt: SaleAttempt, cart_id: UUID | None) -> Answer:
    kept = _kept(attempt)
    if kept.state != State.ABANDONED and kept.body_hash != attempt.body_hash:
        raise BodyMismatch(fields=differing(kept.body, attempt.body))
    return _told_again(kept, cart_id)


def _told_again(kept: SaleAttempt, cart_id: UUID | None) -> Answer:
    """The answer of then. A cart that was not named then has still to hear of it."""
    if cart_id is not None:
        _free_cart(cart_id, kept.pk, sold=kept.state == State.POSTED)
    return _answer(kept, replayed=True)


def _post_or_refuse(
    attempt: SaleAttempt,
    body: SaleBody,
    claim: Claim,
    actor: Actor,
    source: str,
    cart_id: UUID | None,
) -> Answer:
    """Post it; what is refused for good has written nothing yet, and is kept."""
    try:
        content = post_sale(
            sale_id=attempt.pk,
            body=body,
            body_hash=attempt.body_hash,
            claim=claim,
            actor=actor,
            source=source,
            at=_now(),
            cart_id=cart_id,
        )
    except Refusal as refusal:
        if refusal.status != FINAL:
            raise
        kept = {"code": refusal.code, "message": refusal.message, **refusal.facts}
        return Answer(status=FINAL, state="refused", content=kept)
    return Answer(status=201, state="posted", content=content)


def _answer(kept: SaleAttempt, *, replayed: bool) -> Answer:
    content = kept.answer or {}
    if kept.state == State.POSTED:
        return Answer(status=200, state="posted", content=content, replayed=replayed)
    if kept.state == State.REFUSED:
        return Answer(status=FINAL, state="refused", content=content, replayed=replayed)
    return Answer(status=410, state="abandoned", content=content, replayed=replayed)


def _free_cart(cart_id: UUID, sale_id: UUID, *, sold: bool) -> None:
    """The cart's attempt is over: it was sold and remembers as what, or it can change again."""
    cart = Cart.objects.filter(pk=cart_id, attempt=sale_id, state=Cart.State.OPEN)
    over: dict[str, Any] = (
        {"state": Cart.State.SOLD} if sold else {"attempt": None, "attempt_body": None}
    )
    cart.update(**over, changed_at=timezone.now())


def _now() -> datetime:
    """To the millisecond: what the journal keeps is what every column keeps."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)

"""The checkout contract: one id, one sale, one answer, however often it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from bench.reference.access import Person
from bench.reference.goods import rules_of
from bench.reference.posting import Till, post_sale
from bench.reference.refusals import Refused, invalid, not_here
from bench.reference.tables import Register, SaleAttempt, Tender
from regalpos.canonical import digest
from sales.forms import SaleBody

FINAL = 409


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of an attempt: 201 posted now, 200 before, 409 refused, 410 abandoned."""

    status: int
    content: Mapping[str, Any]
    replayed: bool = False


async def check_out(
    session: AsyncSession, *, sale_id: UUID, body: SaleBody, person: Person
) -> Answer:
    """Posted, or refused for good under this id, or what it was before; committed.

    One transaction: the key first, then everything that posting locks, then what it writes. A
    business refusal comes before any writing, and is kept under the key.
    """
    at = datetime.now(UTC)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    document = body.document()
    body_hash = digest(document)
    register = await session.scalar(
        select(Register)
        .where(Register.id == body.register, Register.active)
        .options(joinedload(Register.store))
    )
    if register is None:
        raise not_here()
    person.must_work_at(register.store_id)
    if register.kind != "till":
        raise invalid("register", "Only a till rings up sales.")
    taken = await session.scalar(
        insert(SaleAttempt)
        .values(
            id=sale_id,
            store_id=register.store_id,
            user_id=person.id,
            body=document,
            body_hash=body_hash,
            state="posted",
            at=datetime.now(UTC),
        )
        .on_conflict_do_nothing(index_elements=[SaleAttempt.id])
        .returning(SaleAttempt.id)
    )
    if taken is None:
        return await _told_again(session, sale_id, body_hash, register, person)
    till = Till(
        register=register,
        rules=await rules_of(session, register.store_id, at),
        tenders=await _tenders(session, body),
        person=person,
        at=at,
    )
    try:
        content = await post_sale(
            session, sale_id=sale_id, body=body, body_hash=body_hash, till=till
        )
        answer = Answer(status=201, content=content)
    except Refused as refusal:
        if refusal.status != FINAL:
            raise
        answer = Answer(status=FINAL, content=refusal.content())
    await session.execute(
        update(SaleAttempt)
        .where(SaleAttempt.id == sale_id)
        .values(state="posted" if answer.status == 201 else "refused", answer=answer.content)
        .execution_options(synchronize_session=False)
    )
    await session.commit()
    return answer


async def _tenders(session: AsyncSession, body: SaleBody) -> dict[str, Tender]:
    codes = {payment.tender for payment in body.payments}
    found = await session.scalars(select(Tender).where(Tender.code.in_(codes), Tender.active))
    return {tender.code: tender for tender in found}


async def _told_again(
    session: AsyncSession, sale_id: UUID, body_hash: str, register: Register, person: Person
) -> Answer:
    kept = await session.get_one(SaleAttempt, sale_id)
    if (kept.store_id, kept.user_id) != (register.store_id, person.id):
        raise not_here()
    if kept.state == "abandoned":
        return Answer(status=410, content={"code": "abandoned"}, replayed=True)
    if kept.body_hash != body_hash:
        raise Refused("body_mismatch", 422)
    status = 200 if kept.state == "posted" else FINAL
    return Answer(status=status, content=kept.answer or {}, replayed=True)

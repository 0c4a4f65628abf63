"""Refusals: what the shop says no to, in the shop's words.

A refusal is an answer, not a fault. Whoever asked gets its `code` to decide by, its
`message` to read out, and its `facts` to go on with. Screens show it, the API sends it,
nothing is logged as an error. A floor above names its own: `class OutOfStock(Refusal)`.
"""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """Nothing has changed, and this is why.

    A class message may name its facts, as in `"The total is now %(total)s."`; it is put
    into words when the refusal is raised, in the language of whoever asked.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: str | Promise = _("That is not possible now. Nothing has changed.")

    def __init__(self, message: str | Promise | None = None, **facts: object) -> None:
        words = str(type(self).message if message is None else message)
        if message is None and facts:
            words %= facts
        super().__init__(words)
        self.message: str = words
        self.facts: dict[str, object] = facts


class Invalid(Refusal):
    """What was sent cannot be meant. `fields` says what is wrong with each."""

    code = "invalid"
    status = 422
    message = _("Some of this cannot be right. Nothing has been saved.")

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        fields: dict[str, list[str]] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(message, **facts)
        self.fields: dict[str, list[str]] = fields or {}


class NotHere(Refusal):
    """Unknown, or another store's: the two look the same from outside."""

    code = "not_found"
    status = 404
    message = _("There is nothing here by that name.")


class NotAllowed(Refusal):
    """Known, and not for this person."""

    code = "forbidden"
    status = 403
    message = _("Your role does not include this. Ask a manager.")


class Busy(Refusal):
    """No answer in time. For a write the outcome is unknown: ask, or send the same id again."""

    code = "busy"
    status = 503
    message = _("No answer in time. What you entered is kept; it is safe to try again.")

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        retry_after: int = 1,
        **facts: object,
    ) -> None:
        super().__init__(message, **facts)
        self.retry_after: int = retry_after


class BodyMismatch(Invalid):
    """This id was used before, for something else. `fields` names what differs, where known."""

    code = "body_mismatch"
    message = _("This was already posted, with other content. Nothing has changed.")

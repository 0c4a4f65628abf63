"""What is refused, and how that is told. The codes and statuses are the contract's."""

from typing import Any


class Refused(Exception):
    """Nothing was sold or added, and this is why. 409 is final for an id; others leave it free."""

    def __init__(self, code: str, status: int = 409, message: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.code, self.status, self.facts = code, status, facts
        self.message = message or code.replace("_", " ").capitalize() + "."

    def content(self) -> dict[str, Any]:
        """As it is kept and sent."""
        return {"code": self.code, "message": self.message, **self.facts}


def not_here() -> Refused:
    """Unknown, or another store's."""
    return Refused("not_found", 404)


def invalid(field: str, words: str) -> Refused:
    """What was sent cannot be meant."""
    return Refused("invalid", 422, fields={field: [words]})

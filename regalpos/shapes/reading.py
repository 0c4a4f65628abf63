"""From a value that came over the wire to a model, or to what is wrong with it."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from regalpos.errors import Invalid
from regalpos.shapes.problems import explain


class Shape(BaseModel):
    """What may be sent: these fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Sent[M: BaseModel]:
    """A body that is JSON and not yet looked at: `read()` it once the sender may be here.

    Stands where ninja would read the model before anything else is asked, so that a stranger is
    told 401, 403 or 404 before what is wrong with the fields. The API's document shows `M`.
    """

    def __init__(self, shape: type[M], raw: object) -> None:
        self.shape = shape
        self.raw = raw

    def read(self) -> M:
        """The model, or Invalid."""
        return read(self.shape, self.raw)

    @classmethod
    def __class_getitem__(cls, shape: type[M]) -> Any:
        return Annotated[Any, _Unread(shape)]


class _Unread:
    def __init__(self, shape: type[BaseModel]) -> None:
        self.shape = shape

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda raw: Sent(self.shape, raw),
            metadata={"pydantic_js_functions": [self._describe]},
        )

    def _describe(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.shape.__pydantic_core_schema__)


def read[M: BaseModel](shape: type[M], raw: object) -> M:
    """The model that this value means, or Invalid with what is wrong by field."""
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        raise Invalid(fields=explain(error.errors(include_url=False))) from None


def id_in(raw: object, field: str) -> UUID | None:
    """The id under this field of a body that may be wrong elsewhere, if it is an id."""
    value = raw.get(field) if isinstance(raw, dict) else None
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None

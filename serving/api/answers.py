"""What the answers of the API have in common, and those that belong to no subject."""

from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

from fastapi import Response
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from features.message import Message
from features.phrase import Phrase
from models.errors import DomainError
from models.messages.english import in_english


def _as_sentence(content: object) -> object:
    match content:
        case Message():
            return in_english(content)
        case Phrase() | DomainError():
            return str(content)
        case tuple():
            return " ".join(map(in_english, content))
    return content


def _drop_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


Moment: TypeAlias = Annotated[
    datetime,
    PlainSerializer(lambda at: at.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day: TypeAlias = Annotated[date, WithJsonSchema({"type": "string", "format": "date"})]
Sentence: TypeAlias = Annotated[str, BeforeValidator(_as_sentence)]


def read_from(*paths: str) -> Any:
    """A field of an answer that is read from the first of these attributes of what a handler returns.

    A path as `sanction.seller` leads to an attribute of an attribute.
    """
    return Field(validation_alias=AliasChoices(*(AliasPath(*path.split(".")) for path in paths)))


class Answer(BaseModel):
    """A JSON object: the contract of a response, and what picks its fields from what a handler returns.

    A field with a default may be absent.
    """

    model_config = ConfigDict(from_attributes=True, validate_by_name=True, json_schema_extra=_drop_defaults)

    def response(self, status: int) -> Response:
        """The response of a route with several statuses, as the framework makes it for the first of them."""
        return Response(self.model_dump_json(by_alias=True, exclude_unset=True), status, media_type="application/json")


class Page(Answer):
    """A page of a list."""

    next: str | None = Field(description="The parameter `after` of the next page; null on the last one.")


class State(Answer):
    """The state after an act."""

    state: str


class ErrorDetail(Answer):
    """The code is stable and for programs, the sentence is for people, the field names what is wrong."""

    code: str
    sentence: str
    field: str = Field("", description="Absent where the error is of no field.")


class Error(Answer):
    """The body of every refusal."""

    error: ErrorDetail


class NotReadyReason(Answer):
    """A reason why the process gets no requests."""

    code: str
    sentence: Sentence = read_from("phrase")


class NotReady(Answer):
    """The process cannot do its work now."""

    status: str
    reasons: list[NotReadyReason]

"""What every shape of the contract has in common, and the shape of errors."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, Field

Moment: TypeAlias = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

Day: TypeAlias = Annotated[str, Field(json_schema_extra={"format": "date"})]


class Shape(BaseModel):
    """A JSON object. It documents a response, which a handler makes. A field with a default may be absent."""


class Page(Shape):
    """A page of a list."""

    next: str | None = Field(description="The parameter `after` of the next page; null on the last one.")


class ErrorDetail(Shape):
    """The code is stable and for programs, the sentence is for people, the field names what is wrong."""

    code: str
    sentence: str
    field: str = Field("", description="Absent where the error is of no field.")


class Error(Shape):
    """The body of every refusal."""

    error: ErrorDetail


class Status(Shape):
    """The state of the process."""

    status: str


class Contract(Shape):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    webhooks: dict[str, Any]
    components: dict[str, Any]


class NotReadyReason(Shape):
    """A reason why the process gets no requests."""

    code: str
    sentence: str


class NotReady(Shape):
    """The process cannot do its work now."""

    status: str
    reasons: list[NotReadyReason]

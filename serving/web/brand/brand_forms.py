"""Forms about a brand's data: the brand that they concern, and the page again after a refusal."""

from collections.abc import Mapping
from typing import Annotated, Final, Protocol

from fastapi import Request
from fastapi.responses import Response

from models.errors import DomainError
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.web.rendering import Page, respond
from serving.web.wording.refusals import refusal

Reader = Annotated[Session, may(Permission.ANSWER_QUESTIONS, translated=True)]
Uploader = Annotated[Session, may(Permission.ANSWER_QUESTIONS, files=1, translated=True)]
_LONGEST_ID: Final = 40


def shared_with(fields: Mapping[str, str]) -> str:
    """The id of the marketplace with which a form shares something."""
    return fields.get("with", "")[:_LONGEST_ID]


class Makes(Protocol):
    """Builds the page from the typed values and the reason for the refusal."""

    def __call__(self, runtime: Runtime, session: Session, given: Mapping[str, str], /, *, error: str | None) -> Page:
        """The page."""


def given_back(
    request: Request, session: Session, fields: Mapping[str, str], refused: DomainError, page: Makes
) -> Response:
    """The page again, with the reason for the refusal and the typed values.

    Raises NotFound (the person does not represent the brand of the form).
    """
    made = page(runtime_of(request), session, fields, error=refusal(refused))
    return respond(request, made, session, status=status_of(refused))

"""Forms of what a brand has on file: whose they are, and the page again where one is refused."""

from collections.abc import Mapping
from typing import Annotated, Protocol

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


class Makes(Protocol):
    """What makes a page of what was typed and why that was refused."""

    def __call__(self, runtime: Runtime, session: Session, given: Mapping[str, str], /, *, error: str | None) -> Page:
        """The page."""


def given_back(
    request: Request, session: Session, fields: Mapping[str, str], refused: DomainError, page: Makes
) -> Response:
    """The page again, with why the form was refused and with what was typed.

    Raises
    ------
    NotFound
        The form was about a brand for which the person does not speak.
    """
    made = page(runtime_of(request), session, fields, error=refusal(refused))
    return respond(request, made, session, status=status_of(refused))

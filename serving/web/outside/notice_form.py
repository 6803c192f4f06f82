"""The public form of a notice: anybody sends one without an account."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from models.errors import DomainError, Invalid
from serving.api.cookies import address_of
from serving.api.errors import status_of
from serving.guards import TheRuntime, public, runtime_of
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import (
    LONGEST,
    LONGEST_EMAIL,
    LONGEST_EXPLANATION,
    LONGEST_NAME,
    Draft,
    NamedRight,
    missing_elements,
)
from serving.notices.service.notice_links import PLACE
from serving.notices.service.notices import Preview, receive_form
from serving.platform.runtime import Runtime
from serving.platform.tongues import say
from serving.web import text_view
from serving.web.brand.rights_page import KINDS
from serving.web.forms import Fields, refuse_cross_site
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording.translated import phrase_in_words, refusal_in_words
from serving.web.wording.vocabulary import REASON_CODES, Option

router = APIRouter(include_in_schema=False)
_ANYBODY: Final = public("anybody may submit a notice: Article 16 of the DSA")
_LONGEST_NAMED: Final = 2_000
_LONGEST_MARKETPLACE: Final = 200
_LONGEST_LIST: Final = 22_000  # Ten addresses of the maximum length.


@dataclass(frozen=True, slots=True)
class NoticeForm(Page, template="notice_form.html"):
    """The form with the typed values, and a sentence for each missing element.

    `unknown` are the listings that were not found; the notifier corrects them, or sends the notice with them.
    `marketplace` is the name that the link to the form gave. The form shows no other name, because anybody reads it.
    """

    address: str
    reason_codes: tuple[Option, ...]
    right_kinds: tuple[Option, ...]
    typed: Draft
    marketplace: str
    lacking: tuple[str, ...]
    error: str | None
    unknown: tuple[str, ...]
    shown_unknown: tuple[ShownText, ...]
    most_listings: int
    longest_explanation: int
    longest_list: int
    longest_name: int
    longest_email: int
    longest_right: int


@router.get("/notice", dependencies=[_ANYBODY])
def get_form(request: Request) -> Response:
    """The form, with the listing filled in if the marketplace's page named it (`?offer=`)."""
    listing = request.query_params.get("offer", "")[:_LONGEST_NAMED]
    marketplace = request.query_params.get("marketplace", "")[:_LONGEST_MARKETPLACE]
    draft = Draft("", (listing,), "", "", good_faith=False, reason_code="")
    return respond(request, _notice_form(runtime_of(request), draft, marketplace))


@router.post("/notice", dependencies=[_ANYBODY])
def post_form(request: Request, runtime: TheRuntime, fields: Fields) -> Response:
    """Submit the notice and redirect to its receipt; a refused form returns with its values and the reason.

    So does one with listings that are not found, once, before it is sent.
    """
    refuse_cross_site(request)
    draft = Draft(
        explanation=fields.get("explanation", ""),
        locations=tuple(fields.get("locations", "").splitlines()),
        name=fields.get("name", ""),
        email=fields.get("email", ""),
        good_faith=fields.get("good_faith") == "yes",
        reason_code=fields.get("reason_code", ""),
        right=NamedRight(
            kind=fields.get("right_kind", ""),
            office=fields.get("right_office", ""),
            number=fields.get("right_number", ""),
            owner=fields.get("right_owner", ""),
            by_power_of_attorney=fields.get("by_power_of_attorney") == "yes",
        ),
    )
    marketplace = fields.get("marketplace", "")[:_LONGEST_MARKETPLACE]
    try:
        accepted = frozenset(fields.get("accepted", "").splitlines())
        outcome = receive_form(runtime, marketplace or None, draft, accepted, address=address_of(request))
    except DomainError as refused:
        status = status_of(refused)
        lacking = tuple(map(phrase_in_words, missing_elements(draft).values())) if isinstance(refused, Invalid) else ()
        return respond(
            request, _notice_form(runtime, draft, marketplace, lacking, refusal_in_words(refused)), status=status
        )
    if isinstance(outcome, Preview):
        return respond(request, _notice_form(runtime, draft, marketplace, unknown=outcome.unknown))
    return RedirectResponse(f"{PLACE}{outcome.link.rpartition(PLACE)[2]}", status_code=303)


def _notice_form(
    runtime: Runtime,
    typed: Draft,
    marketplace: str,
    lacking: tuple[str, ...] = (),
    error: str | None = None,
    unknown: tuple[str, ...] = (),
) -> NoticeForm:
    named = {"offer": " ".join(typed.locations)[:_LONGEST_NAMED], "marketplace": marketplace}
    query_text = urlencode({name: text for name, text in named.items() if text})
    return NoticeForm(
        address=f"/notice?{query_text}&" if query_text else "/notice?",
        reason_codes=tuple(Option(code.value, say(code.text)) for code in REASON_CODES),
        right_kinds=tuple(Option(kind.value, say(text)) for kind, text in KINDS.items()),
        typed=typed,
        marketplace=marketplace,
        lacking=lacking,
        error=None if lacking else error,
        unknown=unknown,
        shown_unknown=tuple(map(text_view.show, unknown)),
        most_listings=runtime.policies[NoticePolicy].most_listings_unregistered,
        longest_explanation=LONGEST_EXPLANATION,
        longest_list=_LONGEST_LIST,
        longest_name=LONGEST_NAME,
        longest_email=LONGEST_EMAIL,
        longest_right=LONGEST,
    )

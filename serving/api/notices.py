"""Notices of notifiers: the public route of Article 16, and their outcomes for the marketplace to send on."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from models.errors import Invalid
from serving.accounts.rules.access import Scope
from serving.api.answers import Answer, Moment, Page, Sentence
from serving.api.bodies import json_body
from serving.api.requests.after import After
from serving.api.requests.moments import in_utc
from serving.api.requests.repeating import Repeatable
from serving.guards import Caller, address_of, key, public, runtime_of
from serving.notices.rules.named_right import NO_RIGHT, NamedRight
from serving.notices.rules.notices import Channel, Draft, ItemState
from serving.notices.service.notice_list import changed_notices
from serving.notices.service.notices import Preview, preview_notice, receive_notice
from serving.notices.service.reporters import reporter_of
from serving.platform.database.pools import KEYS

router = APIRouter(route_class=Repeatable)
Reader = Annotated[Caller, key(Scope.INTAKE)]
_FIELDS: Final = frozenset(
    {"marketplace", "explanation", "locations", "name", "email", "good_faith", "reason_code", "right", "dry_run"}
)
_TEXTS_OF_RIGHT: Final = ("kind", "office", "number", "owner")
_FIELDS_OF_RIGHT: Final = frozenset({*_TEXTS_OF_RIGHT, "by_power_of_attorney"})
_MOST_LOCATIONS: Final = 1_000


class NotifiedListing(Answer):
    """One notified listing."""

    location: str
    state: str


class NoticeReceipt(Answer):
    """The receipt of a notice, with the link to the later decision."""

    notice_id: str
    received_at: Moment
    link: str
    warning: Sentence | None
    offers: list[NotifiedListing]


class NoticePreview(Answer):
    """Which listings of a notice are found; nothing was sent."""

    dry_run: bool
    offers: list[NotifiedListing]


class DecidedListing(Answer):
    """One notified listing with the decision about it."""

    location: str
    state: str
    outcome: str | None
    decision: dict[str, Any] | None
    decided_at: Moment | None


class Notice(Answer):
    """A notice to send a receipt or a decision for; name and address are null after their erasure."""

    notice_id: str
    received_at: Moment
    name: str | None
    email: str | None
    reason_code: str
    receipt: str
    warning: str | None
    link: str | None
    confirm_link: str | None
    offers: list[DecidedListing]


class Notices(Page):
    """Notices, the oldest first; `truncated` where there are more."""

    notices: list[Notice]
    truncated: bool


@router.post(
    "/api/v1/notices",
    status_code=201,
    response_model=NoticeReceipt,
    responses={200: {"model": NoticePreview}},
    dependencies=[public("anybody may notify a listing: Article 16 of the DSA")],
)
async def post_notice(request: Request) -> NoticeReceipt | Response:
    """Notify listings: `{"explanation", "locations": […], "name", "email", "good_faith", "reason_code"}`.

    A registered reporter sends its key (`Authorization: Bearer tsr.…`) and may omit name and e-mail. The response is
    the receipt, with the link to the later decision. With `dry_run`, it names the listings that are not found, and
    nothing is sent.
    """
    runtime = runtime_of(request)
    reporter = await KEYS.run(reporter_of, runtime, request.headers.get("authorization"))
    body = await json_body(request)
    if not isinstance(body, dict) or not body.keys() <= _FIELDS:
        raise Invalid(
            "Send an object with {names}; marketplace only where there are several.", names=", ".join(sorted(_FIELDS))
        )
    marketplace, draft, address = _text(body, "marketplace") or None, _draft(body), address_of(request)
    if _flag(body, "dry_run"):
        preview = partial(preview_notice, address=address)
        return _previewed(await run_in_threadpool(preview, runtime, marketplace, draft, reporter)).response(200)
    receive = partial(receive_notice, address=address)
    found = await run_in_threadpool(receive, runtime, marketplace, draft, Channel.API, reporter)
    return NoticeReceipt(
        notice_id=found.notice_id,
        received_at=found.received_at,
        link=found.link,
        warning=found.warning,
        offers=[NotifiedListing(location=location, state=state) for location, state in found.offers],
    )


@router.get("/api/v1/notices", response_model=Notices)
async def get_notices(request: Request, caller: Reader, after: After = None) -> dict[str, Any]:
    """Notices received or decided at or after `since`, with the people to inform under Article 16(4) and (5).

    A page has at most 500, the oldest first; `truncated` is true if there are more.
    """
    since = _moment(request.query_params.get("since"))
    return await run_in_threadpool(changed_notices, runtime_of(request), caller.marketplace, since, after)


def _flag(body: Mapping[str, Any], name: str) -> bool:
    found = body.get(name, False)
    if not isinstance(found, bool):
        raise Invalid("{name} must be true or false.", name=name)
    return found


def _previewed(preview: Preview) -> NoticePreview:
    states = {True: "found", False: ItemState.UNKNOWN_LISTING.value}
    offers = [NotifiedListing(location=location, state=states[is_known]) for location, is_known in preview.offers]
    return NoticePreview(dry_run=True, offers=offers)


def _draft(body: Mapping[str, Any]) -> Draft:
    locations = body.get("locations", [])
    if not isinstance(locations, list) or len(locations) > _MOST_LOCATIONS:
        raise Invalid("locations must be a list of at most {most:,} addresses or ids.", most=_MOST_LOCATIONS)
    return Draft(
        explanation=_text(body, "explanation"),
        locations=tuple(_storable("locations", one) for one in locations),
        name=_text(body, "name"),
        email=_text(body, "email"),
        good_faith=body.get("good_faith") is True,
        reason_code=_text(body, "reason_code"),
        right=_right(body.get("right")),
    )


def _right(given: object) -> NamedRight:
    """The right that a notice names, which it may leave out."""
    if given is None:
        return NO_RIGHT
    if not isinstance(given, dict) or not given.keys() <= _FIELDS_OF_RIGHT:
        raise Invalid("right must be an object with {names}.", names=", ".join(sorted(_FIELDS_OF_RIGHT)))
    texts = {name: _text(given, name) for name in _TEXTS_OF_RIGHT}
    return NamedRight(**texts, by_power_of_attorney=_flag(given, "by_power_of_attorney"))


def _text(body: Mapping[str, Any], name: str) -> str:
    """A text; empty where it is omitted, because one error names all missing fields together."""
    found = body.get(name)
    return "" if found is None else _storable(name, found)


def _storable(name: str, value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise Invalid("{name} must be text.", name=name)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("{name} holds half a surrogate pair.", name=name) from None
    return value


def _moment(text: str | None) -> datetime:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        raise Invalid("Name a moment from which on: ?since=2026-03-01T00:00:00Z.") from None
    return in_utc(found)

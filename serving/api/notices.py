"""Notices of listings (Article 16 of the DSA)."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator, ConfigDict, Field

from serving.api.answers import Answer, Moment, Page, Sentence
from serving.api.bodies import body_as
from serving.api.cookies import address_of
from serving.api.people import Body
from serving.api.requests.moments import After, checked_iso_text, in_utc
from serving.api.requests.repeating import RepeatableRoute
from serving.brands.rules.rights import RightKind
from serving.guards import Sender, TheRuntime, public, runtime_of
from serving.notices.rules.notices import LONGEST, NO_RIGHT, Channel, Draft, ItemState, NamedRight
from serving.notices.service.notice_list import changed_notices
from serving.notices.service.notices import Preview, preview_notice, receive_notice
from serving.notices.service.reporters import reporter_of
from serving.platform.database.pools import KEYS

router = APIRouter(route_class=RepeatableRoute)
Since = Annotated[
    datetime,
    BeforeValidator(checked_iso_text),
    Query(description="Notices received or decided at or after this moment."),
]


class RightBody(Body):
    """The right that the notifier names; every field may be left out."""

    kind: RightKind | None = Field(None, strict=False)
    office: str | None = Field(None, max_length=LONGEST)
    number: str | None = Field(None, max_length=LONGEST)
    owner: str | None = Field(None, max_length=LONGEST)
    by_power_of_attorney: bool = False


class NoticeBody(Body):
    """A notice of listings. The rules name all missing elements together."""

    model_config = ConfigDict(json_schema_extra={"required": ["explanation", "locations", "good_faith", "reason_code"]})

    marketplace: str | None = Field(None, description="Only where there are several.")
    explanation: str | None = None
    locations: list[str] = Field(default_factory=list, max_length=1_000, description="Addresses or ids of listings.")
    name: str | None = Field(None, description="A registered reporter may omit it.")
    email: str | None = Field(None, description="A registered reporter may omit it.")
    good_faith: bool = False
    reason_code: str | None = None
    right: RightBody | None = None
    dry_run: bool = Field(False, description="Name the listings that are not found, and send nothing.")

    @property
    def draft(self) -> Draft:
        """The notice as submitted."""
        return Draft(
            explanation=self.explanation or "",
            locations=tuple(self.locations),
            name=self.name or "",
            email=self.email or "",
            good_faith=self.good_faith,
            reason_code=self.reason_code or "",
            right=NO_RIGHT
            if self.right is None
            else NamedRight(**self.right.model_dump(mode="json", exclude_none=True)),
        )


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
    listings: list[NotifiedListing]


class NoticePreview(Answer):
    """Which listings of a notice are found; nothing was sent."""

    dry_run: bool
    listings: list[NotifiedListing]


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
    listings: list[DecidedListing]


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
async def post_notice(request: Request, runtime: TheRuntime) -> NoticeReceipt | Response:
    """Notify listings: `{"explanation", "locations": […], "name", "email", "good_faith", "reason_code"}`.

    A registered reporter sends its key (`Authorization: Bearer tsr.…`) and may omit name and e-mail. The response is
    the receipt, with the link to the later decision. With `dry_run`, it names the listings that are not found, and
    nothing is sent.
    """
    reporter = await KEYS.run(reporter_of, runtime, request.headers.get("authorization"))
    body = await body_as(NoticeBody, request)
    marketplace, draft, address = body.marketplace or None, body.draft, address_of(request)
    if body.dry_run:
        preview = partial(preview_notice, address=address)
        return _preview_answer(await run_in_threadpool(preview, runtime, marketplace, draft, reporter)).response(200)
    receive = partial(receive_notice, address=address)
    receipt = await run_in_threadpool(receive, runtime, marketplace, draft, Channel.API, reporter)
    return NoticeReceipt(
        notice_id=receipt.notice_id,
        received_at=receipt.received_at,
        link=receipt.link,
        warning=receipt.warning,
        listings=[NotifiedListing(location=location, state=state) for location, state in receipt.listings],
    )


@router.get("/api/v1/notices", response_model=Notices)
async def get_notices(request: Request, caller: Sender, since: Since, after: After = None) -> dict[str, Any]:
    """Notices received or decided at or after `since`, with the people to inform under Article 16(4) and (5).

    A page has at most 500, the oldest first; `truncated` is true if there are more.
    """
    return await run_in_threadpool(changed_notices, runtime_of(request), caller.marketplace, in_utc(since), after)


def _preview_answer(preview: Preview) -> NoticePreview:
    states = {True: "found", False: ItemState.UNKNOWN_LISTING.value}
    listings = [NotifiedListing(location=location, state=states[is_known]) for location, is_known in preview.listings]
    return NoticePreview(dry_run=True, listings=listings)

# Over 300 lines: one table of the operations of marketplaces.
"""The responses to a marketplace's programs."""

from typing import Any

from pydantic import Field

from serving.api.contract.shapes import Moment, Page, Shape
from serving.intake.service.intake import RowStatus
from serving.webhooks.rules.action import ActionKind, ActionState


class Row(Shape):
    """The result of one row; the version is absent for a refused one, code, field and sentence for the others."""

    status: RowStatus
    external_id: str | None
    version: int = 0
    route: str = ""
    code: str = ""
    field: str = ""
    sentence: str = ""


class Rows(Shape):
    """The results of a batch, in the order of its rows."""

    rows: list[Row]


class Received(Shape):
    """How many were new, known before, and refused into quarantine."""

    new: int
    known: int
    quarantined: int


class Erased(Shape):
    """How many hashes were erased."""

    erased: int


class FiledAppeal(Shape):
    """An appeal, and what to tell the seller."""

    appeal_id: str
    told: str
    rule: str


class FiledCounterNotice(Shape):
    """A counter-notice, whose turn it is, and until when."""

    counter_notice_id: str
    state: str
    due_at: Moment | None


class ScoreEvidence(Shape):
    """A finding without a weight."""

    code: str
    sentence: str


class ScoreReason(Shape):
    """A reason for a score; its weight is in log-odds."""

    code: str
    sentence: str
    weight: float


class Scored(Shape):
    """The score that a listing would get now."""

    external_id: str
    kind: str
    value: float
    probability: float | None
    route: str
    route_reasons: list[str]
    evidence: list[ScoreEvidence]
    reasons: list[ScoreReason]
    model: str
    policy: str


class RemovalFigures(Shape):
    """Removals by state."""

    withdrawn: int
    pending: int = Field(alias="held")
    scheduled: int
    sent: int
    acknowledged: int


class ReinstatementFigures(Shape):
    """Reinstatements by state."""

    scheduled: int
    sent: int
    acknowledged: int


class ReportFigures(Shape):
    """Listings that brands reported, by first result; `items` is their number."""

    items: int
    scheduled: int
    pending: int = Field(alias="held")
    cases: int
    unknown: int
    refused: int


class Figures(Shape):
    """Counts that must add up."""

    listings: int
    versions: int
    observations: int
    quarantined: int
    scored: int
    routes: dict[str, int]
    verdicts: dict[str, int]
    open_cases: dict[str, int]
    removal_checks: dict[str, float | None]
    appeals: dict[str, int]
    counter_notices: dict[str, int]
    reports: ReportFigures
    removals: RemovalFigures
    reinstatements: ReinstatementFigures
    pending: int


class RemovalCheck(Shape):
    """The checks whether a removed listing is gone."""

    state: str
    looks: int
    looked_at: Moment | None
    gone_at: Moment | None
    seconds_to_removal: float | None


class Action(Shape):
    """A message to the marketplace."""

    action_id: str
    kind: ActionKind
    state: ActionState
    listing_external_id: str
    sequence: int
    leaves_at: Moment
    acknowledged_at: Moment | None
    verified: RemovalCheck | None


class Actions(Page):
    """Messages, newest first."""

    actions: list[Action]


class ActionStatement(Shape):
    """The statement of reasons to the seller, and its replacement after an undo."""

    action_id: str
    kind: ActionKind
    state: ActionState
    listing_external_id: str
    statement: dict[str, Any]
    amendment: dict[str, Any] | None


class LastAction(Shape):
    """The last message about a listing."""

    kind: ActionKind
    state: ActionState
    id: str


class ListingState(Shape):
    """A listing as the service knows it."""

    external_id: str
    version: int
    first_known_at: Moment
    action: LastAction | None


class SellerLink(Shape):
    """The link to the seller's page; shown once."""

    seller_link: str


class Revoked(Shape):
    """How many links were still valid."""

    revoked: int


class NotifiedListing(Shape):
    """One notified listing."""

    location: str
    state: str


class NoticeReceipt(Shape):
    """The receipt of a notice, with the link to the later decision."""

    notice_id: str
    received_at: Moment
    link: str
    warning: str | None
    offers: list[NotifiedListing]


class NoticePreview(Shape):
    """Which listings of a notice are found; nothing was sent."""

    dry_run: bool
    offers: list[NotifiedListing]


class DecidedListing(Shape):
    """One notified listing with the decision about it."""

    location: str
    state: str
    outcome: str | None
    decision: dict[str, Any] | None
    decided_at: Moment | None


class Notice(Shape):
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


class Endpoint(Shape):
    """A webhook endpoint without its secret."""

    endpoint_id: str
    url: str
    status_url: str | None
    created_at: Moment
    verified_at: Moment | None
    failures: int
    failing_since: Moment | None
    paused_until: Moment | None = Field(alias="rests_until")
    previous_secret_until: Moment | None


class Endpoints(Shape):
    """The endpoint in force, if any."""

    endpoints: list[Endpoint]


class NewEndpoint(Endpoint):
    """A registered endpoint; only this response has its secret."""

    secret: str


class NewSecret(Shape):
    """The secret that signs from now on; only this response has it."""

    secret: str


class SimulatedTime(Shape):
    """The simulated time, the work under way at it, and what visitors of the pages do."""

    now: Moment
    unfinished: int
    seconds_since_click: float | None
    opened_cases: list[str]


class MovedClock(Shape):
    """The simulated time, and how much has become due, by name."""

    now: Moment
    due: dict[str, int]

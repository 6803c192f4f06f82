"""The responses to a brand's tool that reports listings."""

from pydantic import Field

from models.verdict import Judgement, ReasonCode
from serving.api.contract.shapes import Day, Moment, Shape
from serving.reports.rules.outcomes import Code, Result
from serving.reports.service.status import Reported
from serving.takedowns.rules.bursts import HoldCause


class Reason(Shape):
    """A reason to report a listing, with the kinds of rights that can carry it."""

    code: ReasonCode
    name: str
    rights: list[str]


class Reasons(Shape):
    """The reasons for which a brand can report a listing."""

    reason_codes: list[Reason]


class ReportedListing(Shape):
    """The first result of one listing, by its number in the report; later requests add how it stands."""

    number: int
    listing: str
    result: Result
    code: Code
    reason: str
    listing_external_id: str | None = Field(None, description="Absent from the response of a new report.")
    state: Reported | None = Field(None, description="Absent from the response of a new report.")
    judgement: Judgement | None = Field(None, description="A reviewer's answer; absent as `state` is.")


class Report(Shape):
    """A report; `counts` are of first results, and `items` in it is their sum."""

    report_id: str
    right_id: str
    reason_code: ReasonCode
    reported_at: Moment
    counts: dict[str, int]
    items: list[ReportedListing]


class ReportedDocument(Shape):
    """A supporting document of a report; the digest is the SHA-256 of its bytes."""

    document_id: str
    name: str
    media_type: str
    size: int
    digest: str
    received_at: Moment
    erased: bool


class ReportedTestBuy(Shape):
    """The test buy of a report, with the number and the name of the listing that was bought."""

    number: int
    listing: str
    order_reference: str
    ordered_on: Day
    received_on: Day | None
    finding: str


class ReportWithEvidence(Report):
    """A report as it stands, with its supporting documents and its test buy."""

    documents: list[ReportedDocument]
    test_buy: ReportedTestBuy | None


class ReportPreview(Shape):
    """What a report would do now; nothing is recorded."""

    dry_run: bool
    counts: dict[str, int]
    items: list[ReportedListing]


class WithdrawnListings(Shape):
    """How many listings were withdrawn."""

    withdrawn: int


class RetractedListings(Shape):
    """How many listings were retracted."""

    retracted: int


class HourlyCap(Shape):
    """A limit of removals in an hour; `frees_at` is when the first of those used no longer counts."""

    limit: int
    used: int | None
    left: int | None
    frees_at: Moment | None


class SellerCap(Shape):
    """A limit of one seller's removals in an hour, by all brands, and whether it is reached."""

    limit: int
    is_reached: bool


class RemovalBudget(Shape):
    """A limit of removals in 24 hours or seven days, named by the cause of the hold once it is used."""

    cause: HoldCause
    limit: int
    used: int | None
    left: int | None


class DailyQuota(Shape):
    """The immediate removals that are left of a brand's day, and when the next one begins."""

    left: int | None
    renewed_at: Moment


class NamedHold(Shape):
    """A reason why a removal needs approval."""

    cause: HoldCause
    reason: str


class HighImpact(Shape):
    """From which size two organisations decide about a seller's listing."""

    sales_12m: int
    dollars_12m: int


class LargeReports(Shape):
    """Whether a large report can be confirmed with a second factor now, and what it then does."""

    available: bool
    reasons: list[str]
    most_listings: int
    most_of_one_seller: int
    undo_minutes: int


class BrandLimits(Shape):
    """The limits that a confirmation or report by this person meets now.

    `leave_now` is how many listings of different sellers leave without approval and without an analyst. It and all that
    is used or left are null where `counts_shown` is false: no second factor was just proved in the session. `seller` is
    set where a listing was named.
    """

    marketplace_id: str
    brand_id: str
    as_of: Moment
    leave_now: int | None
    counts_shown: bool
    removes_at_once: bool
    reason: str
    refused: list[str]
    holds: list[NamedHold]
    person: HourlyCap | None
    brand: HourlyCap | None
    seller: SellerCap | None
    budgets: list[RemovalBudget]
    daily: DailyQuota | None
    listing_external_id: str | None
    high_impact: HighImpact
    step_up: LargeReports

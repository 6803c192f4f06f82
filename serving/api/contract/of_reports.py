"""The responses to a brand's tool that reports listings."""

from pydantic import Field

from models.verdict import Judgement, ReasonCode
from serving.api.contract.shapes import Moment, Shape
from serving.reports.rules.outcomes import Code, Result
from serving.reports.service.status import Reported


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

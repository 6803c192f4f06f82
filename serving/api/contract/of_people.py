"""The responses to people's tools."""

from pydantic import Field

from models.case import CaseLane
from models.verdict import ReasonCode
from serving.api.contract.shapes import Moment, Page, Shape


class SignedIn(Shape):
    """The token that unsafe requests carry in `X-Touchstone-Csrf`; the session is in the cookie."""

    csrf_token: str


class Case(Shape):
    """An open case; lane and deadline are null while the score is masked."""

    case_id: str
    version_id: str
    lane: CaseLane | None
    listing_external_id: str
    brand: str | None
    due_at: Moment | None


class Cases(Page):
    """The queue of a person, the costliest first."""

    cases: list[Case]


class Verdict(Shape):
    """A recorded verdict, its consequence, and until when it can be undone."""

    verdict_id: str
    reasons: list[str]
    action_id: str | None
    action_state: str | None
    undo_until: Moment


class EndedNotice(Shape):
    """The end of an invalid notice, and whether its case is closed too."""

    case_closed: bool


class Undone(Shape):
    """The withdrawal of a verdict."""

    withdrawal_id: str


class CaseBrand(Shape):
    """The brand of a case: a registered one by its id, else a mark and its owner; all null while none is named."""

    brand_id: str | None
    mark: str | None
    owner: str | None


class KnownBrand(Shape):
    """A registered brand."""

    brand_id: str
    name: str
    aliases: list[str]


class BrandChoices(Shape):
    """The brand of a case, the registered brands that its listing hints at, and those that a search found."""

    brand: CaseBrand
    candidates: list[KnownBrand]
    found: list[KnownBrand]


class NamedCase(Shape):
    """The brand of a case and its lane from then on; the lane is null while the score is masked."""

    brand: CaseBrand
    lane: CaseLane | None


class Right(Shape):
    """A right of a brand at one marketplace."""

    right_id: str
    marketplace_id: str
    kind: str
    title: str
    office: str | None
    number: str | None
    state: str
    expires_at: Moment | None


class Rights(Shape):
    """The rights of one's own brands."""

    rights: list[Right]


class TakedownItem(Shape):
    """The result of one listing of a takedown request."""

    case_id: str
    version_id: str
    verdict_id: str | None
    fate: str
    reason: str
    undone: bool = Field(alias="taken_back")


class TakedownRequest(Shape):
    """A takedown request with a result for each listing."""

    request_id: str
    right_id: str
    reason_code: ReasonCode
    counts: dict[str, int]
    sentences: list[str]
    items: list[TakedownItem]


class UndoneCount(Shape):
    """How many removals were undone."""

    undone: int = Field(alias="taken_back")


class PendingVote(Shape):
    """A vote on a pending removal, and why it does not count."""

    organisation: str
    decision: str
    left_out: str | None


class PendingRemoval(Shape):
    """A removal pending approval."""

    action_id: str
    listing_external_id: str
    pending_since: Moment = Field(alias="held_at")
    reasons: list[str]
    no_word: str | None
    no_release: str | None
    votes: list[PendingVote] = Field(alias="said")


class PendingRemovals(Page):
    """The pending removals on which the person may decide."""

    pending: list[PendingRemoval] = Field(alias="held")


class Settled(Shape):
    """The decision, once enough people agree."""

    settled_as: str | None


class CustodyEntry(Shape):
    """An entry of the custody log."""

    number: int
    event: str
    holder: str | None
    text: str = Field(alias="said")
    recorded_by: str
    occurred_at: Moment
    known_at: Moment


class TestBuy(Shape):
    """A test buy with its custody log, oldest first."""

    __test__ = False

    test_buy_id: str
    case_id: str
    version_id: str
    state: str
    holder: str | None
    order_reference: str
    due_at: Moment
    verdict_id: str | None
    custody: list[CustodyEntry]


class Ordered(Shape):
    """The id of a new test buy."""

    test_buy_id: str


class State(Shape):
    """The state after an act."""

    state: str

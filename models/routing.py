"""Score to route: who looks at a listing next, and why. Standard library only."""

from dataclasses import dataclass, replace
from enum import StrEnum

from models.exploration import chance_of_review, is_newcomer
from models.policies.deciding import RoutingPolicy
from models.policies.version import policy_version
from models.score import Score, ScoreKind
from models.seller_lists import Listed, SellerList


class Lane(StrEnum):
    """What follows a score."""

    RELEASE = "release"
    ANALYST = "analyst"
    ASK_BRAND = "ask_brand"
    AUDIT = "audit"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


class Asking(StrEnum):
    """Whether the model may put questions to a brand at the moment."""

    OPEN = "open"
    HELD = "held"  # The volume of alerts was out of the ordinary, and nobody has looked at it yet.
    USED_UP = "used_up"  # The brand has been asked as much as it answers in a day.


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a listing goes to a person; part of a bundle, found on its validation rows."""

    ask_brand_from: float
    analyst_from: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What routing needs to know besides the score.

    `families` counts the signal families with any value; `text_length` is characters of title and description.
    `brand_id` is None where no one brand could be named; `brand_takes_part` is whether it answers questions here.
    `seller_known_days` is None where the seller is not known; `seller_judged` counts its offers with an answer.
    `relist` says which removed offer this one repeats (`serving.intake.matching`), None where it repeats none. `listed`
    is what the marketplace's lists of sellers say (`models.seller_lists`), None where they say nothing.
    """

    authorised: bool
    brand_id: str | None
    brand_name: str | None
    brand_candidates: int
    brand_takes_part: bool
    families: int
    text_length: int
    seller_known_days: float | None = None
    seller_judged: int = 0
    already_open: bool = False
    asking: Asking = Asking.OPEN
    relist: str | None = None
    listed: Listed | None = None

    @property
    def trusted(self) -> bool:
        """Whether a brand has authorised the seller, or the marketplace allows it: then no score accuses it."""
        return self.authorised or self._is_on(SellerList.ALLOW)

    @property
    def before_an_analyst(self) -> str | None:
        """What a list brings before an analyst whatever the score; a link alone does not where a brand vouches."""
        brings = self._is_on(SellerList.WATCH) or self._is_on(SellerList.DENY)
        if self.listed is None or not brings or (self.listed.by_link and self.authorised):
            return None
        return self.listed.reason

    def _is_on(self, which: SellerList) -> bool:
        return self.listed is not None and self.listed.which is which


@dataclass(frozen=True, slots=True)
class Route:
    """A lane with its reasons; `inclusion_probability` is the chance that a person would look at this listing."""

    lane: Lane
    reasons: tuple[str, ...]
    inclusion_probability: float
    policy_version: str


def route(
    score: Score, situation: Situation, *, draw: float, policy: RoutingPolicy, thresholds: Thresholds | None = None
) -> Route:
    """The route of one listing version.

    The order is an argument. An offer that is changed under review stays under review, or a change would be the way
    out. Authorised and allowed sellers come next, so that no score accuses them. Then thin evidence, because a score
    without signals is the prior in disguise. Then the model's answer. The audit draw replaces only `release`: how
    likely it is depends on what is known of the seller (`models.exploration`), whether it falls on nothing. `draw` is
    uniform on [0, 1), one per listing version, made by the caller before anything here is known, so that the random
    slice stays random. What repeats a removed offer is not released: an analyst is told which. A brand is not, because
    the reason may name a link between sellers. Where a seller is watched or denied an analyst comes first, also where
    the brand would be asked: a person of the marketplace answers for its own lists.
    """
    version = policy_version(policy)
    lane, reasons, share = _without_audit(score, situation, policy, thresholds)
    if situation.relist is not None and not situation.trusted and lane in {Lane.RELEASE, Lane.ANALYST}:
        lane, reasons = Lane.ANALYST, (situation.relist, *reasons)
    if situation.before_an_analyst is not None:
        lane, reasons = Lane.ANALYST, (situation.before_an_analyst, *reasons)
    if lane is not Lane.RELEASE:
        return Route(lane, reasons, 1.0, version)
    if draw < share:
        reasons = (f"Drawn at random for a check, one in {1 / share:.0f}.", *reasons)
        return Route(Lane.AUDIT, reasons, share, version)
    return Route(Lane.RELEASE, reasons, share, version)


def _without_audit(
    score: Score, situation: Situation, policy: RoutingPolicy, thresholds: Thresholds | None
) -> tuple[Lane, tuple[str, ...], float]:
    if situation.already_open:
        unseen = replace(situation, already_open=False)
        lane, reasons, _ = _without_audit(score, unseen, policy, thresholds)
        reason = "The offer was changed while a case on it was open."
        return (Lane.ANALYST if lane is Lane.RELEASE else lane), (reason, *reasons), 1.0
    if situation.authorised:
        reason = f"The seller is on {situation.brand_name}'s list of authorised sellers."
        return Lane.RELEASE, (reason,), policy.whitelist_audit_share
    if situation.listed is not None and situation.trusted:
        return Lane.RELEASE, (situation.listed.reason,), policy.allowed_audit_share
    if situation.families < policy.fewest_families and situation.text_length < policy.shortest_text:
        reason = (
            f"Too little is known to say anything: {situation.families} of 5 kinds of signal and "
            f"{situation.text_length} characters of text."
        )
        return Lane.INSUFFICIENT_EVIDENCE, (reason,), 1.0
    return _by_score(score, situation, policy, thresholds)


def _by_score(
    score: Score, situation: Situation, policy: RoutingPolicy, thresholds: Thresholds | None
) -> tuple[Lane, tuple[str, ...], float]:
    if score.kind is ScoreKind.SCORECARD or score.probability is None:
        if score.value >= policy.analyst_from_points:
            reason = (
                f"{score.value:.0f} points on the starter scorecard; analysts see {policy.analyst_from_points:.0f}."
            )
            return Lane.ANALYST, (f"{reason} It is not calibrated.",), 1.0
        reason = f"{score.value:.0f} points on the starter scorecard, below {policy.analyst_from_points:.0f}."
        return Lane.RELEASE, (reason,), policy.audit_share
    ask_from = thresholds.ask_brand_from if thresholds else policy.ask_brand_from
    analyst_from = thresholds.analyst_from if thresholds else policy.analyst_from
    probability = score.probability
    if probability < min(ask_from, analyst_from):
        reason = f"Probability {probability:.3f}, below {analyst_from:.3f}."
        newcomer = is_newcomer(situation.seller_known_days, situation.seller_judged, policy)
        chance = chance_of_review(probability, min(ask_from, analyst_from), newcomer=newcomer, policy=policy)
        return Lane.RELEASE, (reason,), chance
    if probability < ask_from:
        return Lane.ANALYST, (f"Probability {probability:.2f}: between {analyst_from:.2f} and {ask_from:.2f}.",), 1.0
    high = f"Probability {probability:.2f}, at or above {ask_from:.2f}"
    if situation.brand_id is None:
        why = f"{situation.brand_candidates} brands are possible" if situation.brand_candidates else "no brand is known"
        return Lane.ANALYST, (f"{high}, but {why}.",), 1.0
    if not situation.brand_takes_part:
        return Lane.ANALYST, (f"{high}, but {situation.brand_name} does not take part.",), 1.0
    match situation.asking:
        case Asking.HELD:
            why = "questions to brands are held until somebody has looked at the volume of alerts"
        case Asking.USED_UP:
            why = f"{situation.brand_name} has been asked today's questions"
        case Asking.OPEN:
            return Lane.ASK_BRAND, (f"{high}: {situation.brand_name} can tell.",), 1.0
    return Lane.ANALYST, (f"{high}, but {why}.",), 1.0

"""Routes a scored listing to its next reviewer, with reasons."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.exploration import at_odds, chance_of_review, is_new_seller
from models.policies.deciding import RoutingPolicy
from models.policies.version import policy_version
from models.score import Score, ScoreKind
from models.seller_lists import ListMatch, SellerList

ASK_BRAND_CODE = "route.high.ask_brand"  # The reason for a question to a brand.
NAMED_CODE = "route.named"  # The named evidence that decided.


class Lane(StrEnum):
    """The route after a score."""

    NO_ACTION = "no_action"
    ANALYST = "analyst"
    ASK_BRAND = "ask_brand"
    AUDIT = "audit"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


class EvidenceFamily(StrEnum):
    """The closed list of what a brand or an analyst can act on. Letter counts and numbers of photographs are not."""

    COPY = "copy"  # Of a confirmed counterfeit.
    SELLER = "seller"  # The seller's judged history, or that of sellers it is linked to.
    RETURNS = "returns"  # Buyers sent the goods back as counterfeit.
    PRICE = "price"  # Against the brand's list price or the median of enough listings of its goods.
    WORDING = "wording"
    BRAND = "brand"  # A name one letter from a registered one.
    OBFUSCATION = "obfuscation"
    CONTACT = "contact"
    INDICATOR = "indicator"  # Named by the brand.


# In five demos 5 % of the listings with one of the others alone were counterfeit: honest sellers are cheap, write "OEM
# quality" and misspell names. With two of them 50 % were, with one of these alone 32 %.
_CONVINCING: Final = frozenset({EvidenceFamily.COPY, EvidenceFamily.SELLER, EvidenceFamily.RETURNS})


def suffices(families: Collection[EvidenceFamily]) -> bool:
    """Whether these families are a reason to ask a person: one that convinces by itself, or two of the others."""
    return len(set(families)) > 1 or not _CONVINCING.isdisjoint(families)


class AskingState(StrEnum):
    """Whether the model may currently ask a brand."""

    OPEN = "open"
    PAUSED = "paused"  # The volume of alerts was unusual and has not been reviewed yet.
    USED_UP = "used_up"  # The brand's questions for the day are used up.


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a listing goes to a person; part of a bundle, fitted on its validation rows."""

    ask_brand_from: float
    analyst_from: float


@dataclass(frozen=True, slots=True)
class Situation:
    """The inputs of routing in addition to the score.

    `families` counts the signal families with any value; `description_length` is characters.
    `brand_id` is None where no single brand is resolved; `brand_takes_part` is whether it answers questions.
    `seller_known_days` is None where the seller is not known; `seller_judged` counts the seller's listings with an
    answer. `relist` is the removed listing that this one repeats (`serving.listings.matching`), None where it repeats
    none. `listed` is the match in the marketplace's lists of sellers (`models.seller_lists`), None where there is none.
    `evidence` are the families of the named evidence, None where nobody looked for any: then the usual thresholds hold.
    """

    authorised: bool
    brand_id: str | None
    brand_name: str | None
    brand_candidates: int
    brand_takes_part: bool
    families: int
    description_length: int
    seller_known_days: float | None = None
    seller_judged: int = 0
    already_open: bool = False
    asking: AskingState = AskingState.OPEN
    relist: Message | None = None
    listed: ListMatch | None = None
    evidence: tuple[EvidenceFamily, ...] | None = None

    @property
    def trusted(self) -> bool:
        """Whether a brand has authorised the seller, or the marketplace allows it: then no score accuses it."""
        return self.authorised or self._is_on(SellerList.ALLOW)

    @property
    def before_an_analyst(self) -> Message | None:
        """The list match that requires an analyst at any score; a link alone does not where a brand vouches."""
        brings = self._is_on(SellerList.WATCH) or self._is_on(SellerList.DENY)
        if self.listed is None or not brings or (self.listed.by_link and self.authorised):
            return None
        return self.listed.reason

    def _is_on(self, which: SellerList) -> bool:
        return self.listed is not None and self.listed.which is which


@dataclass(frozen=True, slots=True)
class Route:
    """A lane with its reasons; `inclusion_probability` is the chance that a person reviews this listing."""

    lane: Lane
    reasons: tuple[Message, ...]
    inclusion_probability: float
    policy_version: str


def route(
    score: Score, situation: Situation, *, draw: float, policy: RoutingPolicy, thresholds: Thresholds | None = None
) -> Route:
    """The route of a scored listing, its reasons and its probability of review.

    The rules apply in this order. A listing that changes under review stays under review; a change is no way out.
    Authorised and allowed sellers come next, so that no score accuses them. Thin evidence follows, because a score
    without signals is only the prior. The score comes last: its threshold is lower for a listing with named evidence
    that suffices (`models.evidence`), and higher for one without, which waits or is drawn. A random audit replaces only
    `release`. Its probability depends on the seller's history (`models.exploration`), its result only on `draw`. `draw`
    is uniform on [0, 1), one per listing version. The caller draws it before any result is known, so that the sample
    stays random. A relist of a removed listing goes to an analyst, who sees the removed listing. A brand does not see
    it, because the reason may name a link between sellers. A listing of a watched or denied seller goes to an analyst
    first, even where the brand would be asked: the marketplace answers for its own lists.
    """
    version = policy_version(policy)
    lane, reasons, share = _route_without_audit(score, situation, policy, thresholds)
    if situation.relist is not None and not situation.trusted and lane in {Lane.NO_ACTION, Lane.ANALYST}:
        lane, reasons = Lane.ANALYST, (situation.relist, *reasons)
    if situation.before_an_analyst is not None:
        lane, reasons = Lane.ANALYST, (situation.before_an_analyst, *reasons)
    if lane is not Lane.NO_ACTION:
        return Route(lane, reasons, 1.0, version)
    if draw < share:
        reasons = (message("route.audit", n=round(1 / share)), *reasons)
        return Route(Lane.AUDIT, reasons, share, version)
    return Route(Lane.NO_ACTION, reasons, share, version)


def _route_without_audit(
    score: Score, situation: Situation, policy: RoutingPolicy, thresholds: Thresholds | None
) -> tuple[Lane, tuple[Message, ...], float]:
    if situation.already_open:
        unseen = replace(situation, already_open=False)
        lane, reasons, _ = _route_without_audit(score, unseen, policy, thresholds)
        reason = message("route.changed")
        return (Lane.ANALYST if lane is Lane.NO_ACTION else lane), (reason, *reasons), 1.0
    if situation.authorised:
        reason = message("route.authorised", brand=situation.brand_name or "")
        return Lane.NO_ACTION, (reason,), policy.whitelist_audit_share
    if situation.listed is not None and situation.trusted:
        return Lane.NO_ACTION, (situation.listed.reason,), policy.allowed_audit_share
    thin = is_thin(policy, description=situation.description_length, families=lambda: situation.families)
    if thin and not situation.evidence:
        reason = message("route.insufficient", families=situation.families, n=situation.description_length)
        return Lane.INSUFFICIENT_EVIDENCE, (reason,), 1.0
    return _route_by_score(score, situation, policy, thresholds)


def is_thin(policy: RoutingPolicy, *, description: int, families: Callable[[], int]) -> bool:
    """Whether there is too little evidence for a score: no signals but those of a title, and no description."""
    return description < policy.shortest_description and families() < policy.fewest_families


def asked_from(thresholds: Thresholds, evidence: Collection[EvidenceFamily] | None, policy: RoutingPolicy) -> float:
    """The probability from which a person is asked about a listing with this named evidence (`Situation.evidence`)."""
    lower, upper = sorted((thresholds.ask_brand_from, thresholds.analyst_from))
    if evidence is None:
        return lower
    return at_odds(lower, policy.named_odds) if suffices(evidence) else at_odds(upper, policy.unnamed_odds)


def low_score_message(probability: float, threshold: float) -> Message:
    """Why a score below the threshold leads to nothing."""
    return message("route.low", probability=probability, threshold=threshold)


def _route_by_score(
    score: Score, situation: Situation, policy: RoutingPolicy, thresholds: Thresholds | None
) -> tuple[Lane, tuple[Message, ...], float]:
    """The route by the score against the threshold of listings with such evidence."""
    named = None if situation.evidence is None else suffices(situation.evidence)
    families = tuple(message(f"evidence.{family}") for family in dict.fromkeys(situation.evidence or ()))
    because = (message(NAMED_CODE, families=families),) if named else ()
    least_share = policy.audit_unnamed_share if named is False else 0.0
    if score.kind is ScoreKind.SCORECARD or score.probability is None:
        points, usual = score.value, policy.analyst_from_points
        bar = {None: usual, True: policy.named_from_points, False: policy.unnamed_from_points}[named]
        if points >= bar:
            return Lane.ANALYST, (message("route.points", points=points, threshold=bar), *because), 1.0
        if points < usual:
            reason = message("route.points.below", points=points, threshold=usual)
            return Lane.NO_ACTION, (reason,), max(least_share, policy.audit_share)
        reason = message("route.points.unnamed", points=points, threshold=usual, unnamed_from=bar)
        return Lane.NO_ACTION, (reason,), policy.audit_most_share
    thresholds = thresholds or Thresholds(policy.ask_brand_from, policy.analyst_from)
    ask_from, analyst_from = thresholds.ask_brand_from, thresholds.analyst_from
    probability, usual = score.probability, min(ask_from, analyst_from)
    bar = asked_from(thresholds, situation.evidence, policy)
    if probability < min(usual, bar):
        new_seller = is_new_seller(situation.seller_known_days, situation.seller_judged, policy)
        chance = chance_of_review(probability, min(usual, bar), is_new_seller=new_seller, policy=policy)
        return Lane.NO_ACTION, (low_score_message(probability, analyst_from),), max(least_share, chance)
    if probability < bar:
        reason = message("route.unnamed", probability=probability, threshold=usual, unnamed_from=bar)
        return Lane.NO_ACTION, (reason,), policy.audit_most_share
    if named is False:  # A brand could act on nothing.
        return Lane.ANALYST, (message("route.unnamed.far", probability=probability, threshold=bar),), 1.0
    if probability < ask_from:
        reason = message("route.middle", probability=probability, threshold=bar, ask_from=ask_from)
        return Lane.ANALYST, (reason, *because), 1.0
    lane, code, of = _route_high(situation)
    return lane, (message(f"route.high.{code}", probability=probability, threshold=ask_from, **of), *because), 1.0


def _route_high(situation: Situation) -> tuple[Lane, str, dict[str, str | int]]:
    """The route of a high probability: lane, message code and parameters."""
    if situation.brand_id is None:
        candidates = situation.brand_candidates
        return (Lane.ANALYST, "brands", {"n": candidates}) if candidates else (Lane.ANALYST, "no_brand", {})
    of: dict[str, str | int] = {"brand": situation.brand_name or ""}
    if not situation.brand_takes_part:
        return Lane.ANALYST, "not_enrolled", of
    match situation.asking:
        case AskingState.PAUSED:
            return Lane.ANALYST, "paused", {}
        case AskingState.USED_UP:
            return Lane.ANALYST, "used_up", of
        case AskingState.OPEN:
            return Lane.ASK_BRAND, "ask_brand", of

"""Where listings go: thresholds, shares and order."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """Settings of `models.routing.route`."""

    # Used only where a bundle carries no threshold of its own: a coin's worth of suspicion is worth a brand's minute.
    ask_brand_from: float = 0.5
    # A case costs an analyst about a minute; at one in seven they find one fake in about seven minutes.
    analyst_from: float = 0.15
    # Points of the starter scorecard: one strong signal (30) or two weaker ones. A new marketplace pays with reviews
    # for its first model, so it looks at more than it will later.
    analyst_from_points: float = 20.0
    # Before the first model nothing is known to be doubtful. Between one and five per cent of what nobody else would
    # look at (Capabilities C.8); three gives 90 audits among 3,000 listings, so a prevalence of 2 % is known to about
    # +-1.5 points.
    audit_share: float = 0.03
    # What a model is sure of is drawn at one in a hundred, or its certainty would never be put to the test.
    audit_least_share: float = 0.01
    # Of sellers that the model knows nothing about it is sure of less.
    audit_newcomer_share: float = 0.02
    # Half of what lies just below the line; what deserves more attention is flagged.
    audit_most_share: float = 0.5
    # Who was first seen within a week, and was never judged, is new. In simulated years the first offers of such
    # sellers were counterfeit ten times as often as others with the same score.
    newcomer_days: float = 7.0
    # By how much the log-odds of a newcomer may be off, as a standard deviation: half to twice the odds.
    newcomer_spread: float = 0.7
    # An authorised seller is looked at rarely, but never not at all: an account can be sold.
    whitelist_audit_share: float = 0.01
    # Whom the marketplace alone allows no brand vouches for; that word is put to the test twice as often.
    allowed_audit_share: float = 0.02
    # A title alone makes two families of five known (brand and text); a third is the first thing to judge it by.
    fewest_families: int = 3
    # A text shorter than this, alone, says nothing: "bag" is not evidence.
    shortest_text: int = 12


DEFAULT_ROUTING: Final = RoutingPolicy()

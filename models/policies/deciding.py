"""The policies of routing, of enforcement and of the scorecard."""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """Settings of `models.routing.route`."""

    # Used only where a bundle has no threshold of its own: at even odds a question is worth a brand's minute.
    ask_brand_from: float = 0.5
    # A case costs an analyst about a minute; at one in seven they find one fake in about seven minutes.
    analyst_from: float = 0.15
    # Points of the starter scorecard: one strong signal (30) or two weaker ones. A new marketplace pays with reviews
    # for its first model, so it looks at more than it will later.
    analyst_from_points: float = 20.0
    # With named evidence that suffices (`models.routing`) a person is asked from a tenth of the odds of the threshold:
    # in five demos 263 more cases with 49 more finds, 19 % (`python -m tests.demo.evidence`).
    named_odds: float = 0.1
    # Without it only from twenty times the odds of a question, as a model of few labels is too sure: at six times the
    # lower threshold a demo routed 72 such listings, 3 of them counterfeit. The price in recall is 38 of 591
    # counterfeits, one in sixteen, although half of these listings are drawn. It saves 646 of 3,051 cases.
    unnamed_odds: float = 20.0
    # The same two bars in points of the scorecard, where 60 are two strong signals.
    named_from_points: float = 10.0
    unnamed_from_points: float = 60.0
    # Before the first model no listing is known to be doubtful. The share is of the listings without any other review.
    # Three per cent gives 90 audits among 3,000 listings, so a prevalence of 2 % is known to about +-1.5 points. Ours.
    audit_share: float = 0.03
    # One in a hundred of the model's confident cases is sampled, because its certainty would otherwise never be tested.
    audit_least_share: float = 0.01
    # One in twenty where named evidence was looked for and does not suffice: nobody is asked about most of these.
    audit_unnamed_share: float = 0.05
    # The model is less certain about sellers without history.
    audit_new_seller_share: float = 0.02
    # Half of the listings just below the line, and of those that wait only for want of named evidence: the finds among
    # them have to reach the next model. Listings above the line are flagged.
    audit_most_share: float = 0.5
    # A seller is new if it was first seen within a week and was never judged. In simulated years the first listings of
    # such sellers were counterfeit ten times as often as others with the same score.
    new_seller_days: float = 7.0
    # The standard deviation of the error of a new seller's log-odds: half to twice the odds.
    new_seller_spread: float = 0.7
    # Authorised sellers are still sampled, though rarely, because an account can be sold.
    whitelist_audit_share: float = 0.01
    # No brand vouches for a seller that only the marketplace allows; these listings are sampled twice as often.
    allowed_audit_share: float = 0.02
    # A title alone gives two of five families (brand and text); a third family is the first real evidence.
    fewest_families: int = 3
    # A shorter description says nothing about the goods, and a title alone does not either, whatever its length.
    shortest_description: int = 12


DEFAULT_ROUTING: Final = RoutingPolicy()


@dataclass(frozen=True, slots=True)
class EnforcementPolicy:
    """Settings of `models.verdict.consequence` and of the action that follows."""

    # Axur's window (help centre, "Actions within a ticket": three minutes to cancel a takedown request). Long enough to
    # notice a slip, short enough to delay no work.
    undo_window_seconds: int = 180
    # Only the rights holder can authenticate the goods; an analyst decides alone where no brand can be asked.
    analyst_removes_if_brand_takes_part: bool = False
    # A question that a brand has not answered in four days goes back, as in Mercado Libre's programme
    # (developer pages, "Brand Protection Program", 2023: the rights holder has four days).
    brand_answers_within_hours: int = 96
    # The time to decide a case before it counts as overdue. Alibaba handled 96 % of removal requests within 24 hours
    # (Global Intellectual Property Rights Protection Annual Report 2019).
    analyst_decides_within_hours: int = 24
    # Goods are inspected, forwarded and examined by a laboratory within two weeks of arrival; later they are overdue.
    test_buy_examined_within_days: int = 14
    # Removals that the model initiated wait for a uniformly random time up to this. A delay longer than the quiet hours
    # of an analyst's day would keep a counterfeit on sale. A shorter one would still reveal the working hours of the
    # analysts. An inference of ours.
    random_delay_minutes: int = 120
    # A case is reserved for the reviewer who opened it; a longer lease would block colleagues after a closed tab.
    lease_seconds: int = 900


DEFAULT_ENFORCEMENT: Final = EnforcementPolicy()


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` where the feature lies in [low, high). The bands of one feature do not overlap.

    With `new_only` the points are for goods that the listing calls new.
    """

    feature: str
    low: float
    high: float
    points: float
    new_only: bool = False


_ANY_MORE: Final = math.inf
_ANY_LESS: Final = -math.inf


@dataclass(frozen=True, slots=True)
class ScorecardPolicy:
    """Points per signal. They are judgements, neither fitted nor probabilities.

    One strong signal has 30 points; 20 points route a listing to an analyst (`RoutingPolicy`).
    """

    rules: tuple[Rule, ...] = (
        # The example rule of Corsearch Zeal is 20 % of average retail (help centre, "Auto-moderation rules:
        # Counterfeits") for new goods, because used goods cost that too. A median of listings is below retail, so the
        # limit here is higher.
        Rule("price_to_brand_category", _ANY_LESS, math.log(0.35), 30, new_only=True),
        Rule("price_to_brand_category", math.log(0.35), math.log(0.6), 15, new_only=True),
        # A fifth of the list price: that rule itself.
        Rule("price_to_list", _ANY_LESS, math.log(0.2), 15, new_only=True),
        # Strong wording weighs 3 in the lexicon: precise and rare (none in 22,912 genuine titles).
        Rule("text_replica_grade", 3, _ANY_MORE, 40),
        Rule("text_replica_grade", 1, 3, 10),
        Rule("text_factory", 1, _ANY_MORE, 10),
        Rule("text_inspired", 1, _ANY_MORE, 5),
        Rule("text_contact", 1, _ANY_MORE, 10),
        Rule("text_evasion", 1, _ANY_MORE, 10),
        # A hidden link is meant to evade a check.
        Rule("text_hidden_links", 1, _ANY_MORE, 20),
        Rule("text_kinds", 3, _ANY_MORE, 10),
        # An honest seller has no reason to hide a brand's name.
        Rule("brand_disguised", 1, _ANY_MORE, 30),
        Rule("brand_named_but_not_declared", 1, _ANY_MORE, 10),
        # One wrong letter may be a slip or another small maker; two wrong letters are too often another word.
        Rule("brand_near_miss", 1, _ANY_MORE, 15),
        Rule("brand_declared_near_miss", 1, _ANY_MORE, 15),
        # Reports by buyers: 3 % after smoothing needs two such returns among few sales.
        Rule("item_fake_return_share", 0.03, _ANY_MORE, 30),
        Rule("item_fake_return_share", 0.015, 0.03, 15),
        Rule("seller_fake_return_share_90d", 0.02, _ANY_MORE, 15),
        Rule("item_return_share", 0.2, _ANY_MORE, 10),
        Rule("seller_return_share_90d", 0.2, _ANY_MORE, 10),
        Rule("seller_age", _ANY_LESS, math.log1p(30), 10),
        Rule("seller_confirmed_counterfeits", math.log1p(1), _ANY_MORE, 30),
        # A seller who lists a confirmed counterfeit again in the same words acts on purpose. Another seller with these
        # words may be the source of the copy, so the similarity alone is no reason.
        Rule("likeness_own_counterfeit", 0.7, _ANY_MORE, 40),
        Rule("likeness_counterfeit", 0.9, _ANY_MORE, 15),
        # The brand knows its goods; a known indicator may be copied, so one is no proof by itself.
        Rule("brand_tell_tales_of_counterfeits", 1, _ANY_MORE, 25),
        Rule("brand_tell_tales_of_its_own", 1, _ANY_MORE, -10),
        # Evidence for a seller subtracts points, never more than one weak signal adds.
        Rule("seller_age", math.log1p(3 * 365), _ANY_MORE, -10),
        Rule("text_honest_use", 1, _ANY_MORE, -5),
    )
    # The most points of price signals where no other signal adds any: less than what routes a listing to an analyst, so
    # that a low price alone accuses nobody. An inference of ours.
    price_alone_at_most: float = 15


DEFAULT_SCORECARD: Final = ScorecardPolicy()

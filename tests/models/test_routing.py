import dataclasses
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.compute import compute
from features.facts import Facts
from features.history import NOTHING_RECORDED, History
from features.listing import Listing
from features.message import Message, message
from models import offline
from models.exploration import at_odds, chance_of_review, is_new_seller
from models.messages.english import in_english
from models.offline import OfflineAnswer, answer_facts
from models.policies import version
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD, RoutingPolicy
from models.policies.version import policy_version
from models.routing import AskingState, EvidenceFamily, Lane, Route, Situation, Thresholds, route, suffices
from models.score import Score, ScoreKind
from models.seller_lists import ListMatch, SellerList
from tests.fixtures.facts import a_listing, facts_of
from tests.fixtures.scorers import a_bundle
from tests.fixtures.strategies import PROPERTY

KNOWN = Situation(
    authorised=False,
    brand_id="brn_aurelle",
    brand_name="Aurelle",
    brand_candidates=1,
    brand_takes_part=True,
    families=5,
    description_length=80,
    seller_known_days=400.0,
)
NO_DRAW = 0.999999


def chance(probability: float) -> Score:
    return Score(ScoreKind.CALIBRATED, 0.0, probability, (), "bundle", "fingerprint")


def points(total: float) -> Score:
    return Score(ScoreKind.SCORECARD, total, None, (), "scorecard", "fingerprint")


def route_of(score: Score, *, draw: float = NO_DRAW, thresholds: Thresholds | None = None, **changes: Any) -> Route:
    return route(score, replace(KNOWN, **changes), draw=draw, policy=DEFAULT_ROUTING, thresholds=thresholds)


HIGH, MIDDLE, LOW = chance(0.9), chance(0.3), chance(0.01)
THIN = {"families": 2, "description_length": 11}
NO_BRAND = {"brand_id": None, "brand_name": None, "brand_candidates": 0, "brand_takes_part": False}
PRICE, BRAND, COPY = EvidenceFamily.PRICE, EvidenceFamily.BRAND, EvidenceFamily.COPY
TABLE: list[tuple[Score, dict[str, Any], Lane, str]] = [
    (HIGH, {}, Lane.ASK_BRAND, "the one brand can tell"),
    (HIGH, {"brand_takes_part": False}, Lane.ANALYST, "the brand does not answer questions"),
    (HIGH, {"asking": AskingState.PAUSED}, Lane.ANALYST, "the volume of alerts was out of the ordinary"),
    (HIGH, {"asking": AskingState.USED_UP}, Lane.ANALYST, "the brand has no time left today"),
    (MIDDLE, {"asking": AskingState.PAUSED}, Lane.ANALYST, "a brand that would not be asked has nothing to hold"),
    (LOW, {"asking": AskingState.PAUSED}, Lane.NO_ACTION, "holding questions accuses nobody"),
    (HIGH, NO_BRAND, Lane.ANALYST, "no brand is known"),
    (HIGH, {**NO_BRAND, "brand_candidates": 2}, Lane.ANALYST, "two brands are possible"),
    (MIDDLE, {}, Lane.ANALYST, "not sure enough to ask a brand"),
    (MIDDLE, NO_BRAND, Lane.ANALYST, "an analyst needs no brand"),
    (LOW, {}, Lane.NO_ACTION, "not suspicious"),
    (chance(0.5), {}, Lane.ASK_BRAND, "exactly the brand's threshold"),
    (chance(0.4999), {}, Lane.ANALYST, "just below the brand's threshold"),
    (chance(0.15), {}, Lane.ANALYST, "exactly the analyst's threshold"),
    (chance(0.1499), {}, Lane.NO_ACTION, "just below the analyst's threshold"),
    (HIGH, {"authorised": True}, Lane.NO_ACTION, "no score accuses an authorised seller"),
    (HIGH, {"authorised": True, **THIN}, Lane.NO_ACTION, "authorised comes before thin evidence"),
    (HIGH, THIN, Lane.INSUFFICIENT_EVIDENCE, "a score without signals is only the prior"),
    (LOW, THIN, Lane.INSUFFICIENT_EVIDENCE, "thin evidence does not clear either"),
    (LOW, {"families": 2, "description_length": 12}, Lane.NO_ACTION, "enough text"),
    (LOW, {**THIN, "evidence": (PRICE,)}, Lane.NO_ACTION, "a finding is evidence"),
    (HIGH, {**THIN, "evidence": ()}, Lane.INSUFFICIENT_EVIDENCE, "nothing was found in it"),
    (LOW, {"evidence": (COPY,)}, Lane.NO_ACTION, "evidence alone accuses nobody"),
    (chance(0.0173), {"evidence": ()}, Lane.NO_ACTION, "no evidence and a low score"),
    (chance(0.0173), {"evidence": (PRICE,)}, Lane.NO_ACTION, "a low price alone is no reason"),
    (chance(0.0173), {"evidence": (PRICE, PRICE)}, Lane.NO_ACTION, "two prices are one finding"),
    (chance(0.0173), {"evidence": (PRICE, BRAND)}, Lane.NO_ACTION, "just below a tenth of the odds of .15"),
    (chance(0.0174), {"evidence": (PRICE, BRAND)}, Lane.ANALYST, "two findings, just above"),
    (chance(0.0174), {"evidence": (COPY,)}, Lane.ANALYST, "a copy of a counterfeit"),
    (MIDDLE, {"evidence": ()}, Lane.NO_ACTION, "nobody could act on anything"),
    (MIDDLE, {"evidence": (), "already_open": True}, Lane.ANALYST, "a change is no way out of review"),
    (MIDDLE, {"evidence": (), "relist": message("relist.own_text")}, Lane.ANALYST, "it repeats a removed listing"),
    (chance(0.952), {"evidence": ()}, Lane.NO_ACTION, "just below twenty times the odds of a question"),
    (chance(0.953), {"evidence": ()}, Lane.ANALYST, "far above: but a brand could act on nothing"),
    (HIGH, {"evidence": (PRICE,)}, Lane.NO_ACTION, "nor on a price alone"),
    (HIGH, {"evidence": (COPY,)}, Lane.ASK_BRAND, "the brand is told of the copy"),
    (points(10), {"evidence": (COPY,)}, Lane.ANALYST, "points with evidence"),
    (points(9.9), {"evidence": (COPY,)}, Lane.NO_ACTION, "too few points"),
    (points(59), {"evidence": ()}, Lane.NO_ACTION, "points without evidence wait"),
    (points(60), {"evidence": ()}, Lane.ANALYST, "two strong signals"),
    (LOW, {"families": 3, "description_length": 0}, Lane.NO_ACTION, "enough signals"),
    (LOW, {"already_open": True}, Lane.ANALYST, "a change is no way out of review"),
    (LOW, {"already_open": True, "authorised": True}, Lane.ANALYST, "under review comes before authorised"),
    (LOW, {"already_open": True, **THIN}, Lane.INSUFFICIENT_EVIDENCE, "under review, thin stays thin"),
    (HIGH, {"already_open": True}, Lane.ASK_BRAND, "under review, a high score still asks the brand"),
    (points(20), {}, Lane.ANALYST, "enough points"),
    (points(19.9), {}, Lane.NO_ACTION, "too few points"),
    (points(500), {}, Lane.ANALYST, "points never ask a brand: they are no probability"),
    (points(0.9), {}, Lane.NO_ACTION, "0.9 points are not 90 %"),
    (points(500), {"authorised": True}, Lane.NO_ACTION, "nor do points accuse an authorised seller"),
    (points(500), THIN, Lane.INSUFFICIENT_EVIDENCE, "thin evidence comes before points"),
    (replace(points(5), probability=0.99), {}, Lane.NO_ACTION, "what a scorecard calls a probability is none"),
    (replace(HIGH, value=25.0, probability=None), {}, Lane.ANALYST, "a model without a probability asks no brand"),
]


ON_LIST = {
    seller_list: ListMatch(seller_list, message(f"seller_list.{seller_list.value}")) for seller_list in SellerList
}
NEAR_DENIED = ListMatch(SellerList.DENY, message("seller_list.linked"), by_link=True)
LISTED: list[tuple[Score, dict[str, Any], ListMatch, Lane, str]] = [
    (HIGH, {}, ON_LIST[SellerList.ALLOW], Lane.NO_ACTION, "no score accuses an allowed seller"),
    (HIGH, {"already_open": True}, ON_LIST[SellerList.ALLOW], Lane.ANALYST, "under review comes before allowed"),
    (
        LOW,
        {"relist": message("relist.own_text")},
        ON_LIST[SellerList.ALLOW],
        Lane.NO_ACTION,
        "nor does what a text repeats",
    ),
    (LOW, {}, ON_LIST[SellerList.WATCH], Lane.ANALYST, "watched is always looked at"),
    (MIDDLE, {"evidence": ()}, ON_LIST[SellerList.WATCH], Lane.ANALYST, "whatever is named"),
    (HIGH, {}, ON_LIST[SellerList.WATCH], Lane.ANALYST, "and by an analyst first"),
    (LOW, THIN, ON_LIST[SellerList.WATCH], Lane.ANALYST, "however little is known"),
    (LOW, {}, ON_LIST[SellerList.DENY], Lane.ANALYST, "denied goes to an analyst"),
    (HIGH, {}, ON_LIST[SellerList.DENY], Lane.ANALYST, "before the brand"),
    (LOW, {"authorised": True}, ON_LIST[SellerList.DENY], Lane.ANALYST, "also where a brand vouches"),
    (LOW, {}, NEAR_DENIED, Lane.ANALYST, "linked with a denied seller"),
    (LOW, {"authorised": True}, NEAR_DENIED, Lane.NO_ACTION, "a link alone accuses nobody a brand vouches for"),
]


@pytest.mark.parametrize(("score", "changes", "on", "lane", "_why"), LISTED)
def test_a_listing_of_a_seller_on_a_list_goes_to(
    score: Score, changes: dict[str, Any], on: ListMatch, lane: Lane, _why: str
) -> None:
    chosen_route = route_of(score, listed=on, **changes)
    assert chosen_route.lane is lane
    if lane is Lane.ANALYST and not changes.get("already_open"):
        assert chosen_route.reasons[0] == on.reason
        assert chosen_route.inclusion_probability == 1.0


def test_an_allowed_seller_is_audited_at_a_share_of_its_own() -> None:
    allowed = ON_LIST[SellerList.ALLOW]
    lanes = [route_of(HIGH, draw=draw, listed=allowed).lane for draw in (0.0199, 0.02)]
    assert lanes == [Lane.AUDIT, Lane.NO_ACTION]
    assert route_of(HIGH, listed=allowed).reasons == (allowed.reason,)


@pytest.mark.parametrize(("score", "changes", "lane", "_why"), TABLE)
def test_a_listing_goes_to(score: Score, changes: dict[str, Any], lane: Lane, _why: str) -> None:
    assert route_of(score, **changes).lane is lane


@pytest.mark.parametrize(("score", "changes", "lane", "_why"), TABLE)
def test_who_is_looked_at_anyway_was_certain_to_be(
    score: Score, changes: dict[str, Any], lane: Lane, _why: str
) -> None:
    first = score.kind is ScoreKind.SCORECARD
    drawn = DEFAULT_ROUTING.audit_share if first else DEFAULT_ROUTING.audit_least_share
    if "evidence" in changes and not suffices(changes["evidence"]):
        waits = score.value >= DEFAULT_ROUTING.analyst_from_points if first else (score.probability or 0.0) >= 0.15
        drawn = DEFAULT_ROUTING.audit_most_share if waits else DEFAULT_ROUTING.audit_unnamed_share
    share = DEFAULT_ROUTING.whitelist_audit_share if changes.get("authorised") else drawn
    assert route_of(score, **changes).inclusion_probability == (share if lane is Lane.NO_ACTION else 1.0)


NEW: dict[str, Any] = {"seller_known_days": None}
DRAWN: list[tuple[float, dict[str, Any], Thresholds | None, float, str]] = [
    (0.1, {}, None, 0.01, "a seller that is known is drawn at the floor, however near the line"),
    (0.01, NEW, None, 0.02, "a new seller far below the line is sampled at its own floor"),
    (0.1, NEW, None, 0.2544, "just below the line it is one in four"),
    (0.1, {**NEW, "seller_judged": 1}, None, 0.01, "a reviewed seller is not new"),
    (0.1, {"seller_known_days": 6.0}, None, 0.2544, "first seen within the week"),
    (0.1, NEW, Thresholds(0.5, 0.4), 0.02, "a bundle's line is far away"),
    (0.1, NEW, Thresholds(0.15, 0.4), 0.2544, "below both lines, the nearer counts"),
]


@pytest.mark.parametrize(("probability", "changes", "thresholds", "share", "_why"), DRAWN)
def test_what_nobody_would_look_at_is_drawn(
    probability: float, changes: dict[str, Any], thresholds: Thresholds | None, share: float, _why: str
) -> None:
    draws = (share - 1e-3, share + 1e-3)
    below, above = (route_of(chance(probability), draw=draw, thresholds=thresholds, **changes) for draw in draws)
    assert (below.lane, above.lane) == (Lane.AUDIT, Lane.NO_ACTION)
    assert below.inclusion_probability == above.inclusion_probability == pytest.approx(share, abs=1e-4)


HIGH_PARAMETERS: dict[str, Any] = {"probability": 0.9, "threshold": 0.5}
REASONS: list[tuple[Score, dict[str, Any], Message]] = [
    (HIGH, {}, message("route.high.ask_brand", **HIGH_PARAMETERS, brand="Aurelle")),
    (HIGH, {"brand_takes_part": False}, message("route.high.not_enrolled", **HIGH_PARAMETERS, brand="Aurelle")),
    (HIGH, NO_BRAND, message("route.high.no_brand", **HIGH_PARAMETERS)),
    (HIGH, {"asking": AskingState.PAUSED}, message("route.high.paused", **HIGH_PARAMETERS)),
    (HIGH, {"asking": AskingState.USED_UP}, message("route.high.used_up", **HIGH_PARAMETERS, brand="Aurelle")),
    (HIGH, {**NO_BRAND, "brand_candidates": 2}, message("route.high.brands", **HIGH_PARAMETERS, n=2)),
    (MIDDLE, {}, message("route.middle", probability=0.3, threshold=0.15, ask_from=0.5)),
    (LOW, {}, message("route.low", probability=0.01, threshold=0.15)),
    (LOW, {"authorised": True}, message("route.authorised", brand="Aurelle")),
    (points(25), {}, message("route.points", points=25.0, threshold=20.0)),
    (points(5), {}, message("route.points.below", points=5.0, threshold=20.0)),
    (LOW, THIN, message("route.insufficient", families=2, n=11)),
    (
        MIDDLE,
        {"evidence": ()},
        message("route.unnamed", probability=0.3, threshold=0.15, unnamed_from=at_odds(0.5, 20.0)),
    ),
    (points(25), {"evidence": ()}, message("route.points.unnamed", points=25.0, threshold=20.0, unnamed_from=60.0)),
]


@pytest.mark.parametrize(("score", "changes", "because"), REASONS, ids=[row[-1].code for row in REASONS])
def test_a_route_says_why(score: Score, changes: dict[str, Any], because: Message) -> None:
    assert route_of(score, **changes).reasons == (because,)


def test_a_route_names_the_evidence_that_decided() -> None:
    named = message("route.named", families=(message("evidence.price"), message("evidence.copy")))
    for score in (MIDDLE, HIGH, points(25)):
        assert route_of(score, evidence=(PRICE, COPY, PRICE)).reasons[1:] == (named,)
    assert in_english(named) == "Named evidence: the price and a copied counterfeit."


@pytest.mark.parametrize(
    ("score", "changes", "share", "_why"),
    [
        (MIDDLE, {}, DEFAULT_ROUTING.audit_most_share, "waits only for want of evidence"),
        (points(25), {}, DEFAULT_ROUTING.audit_most_share, "the scorecard likewise"),
        (chance(0.1), {"seller_known_days": 1.0}, 0.254, "a new seller's, as likely as it belongs above the threshold"),
        (LOW, {}, DEFAULT_ROUTING.audit_unnamed_share, "nobody is asked about it otherwise"),
        (points(5), {}, DEFAULT_ROUTING.audit_unnamed_share, "the scorecard likewise"),
    ],
)
def test_what_waits_for_want_of_evidence_is_drawn_with_its_stored_probability(
    score: Score, changes: dict[str, Any], share: float, _why: str
) -> None:
    below, above = (route_of(score, draw=draw, evidence=(), **changes) for draw in (share - 1e-3, share + 1e-3))
    assert (below.lane, above.lane) == (Lane.AUDIT, Lane.NO_ACTION)
    assert below.inclusion_probability == above.inclusion_probability == pytest.approx(share, abs=1e-3)


def test_a_title_alone_is_too_little() -> None:
    titles = {"Beautiful brown leather thing for sale": True, "Aurelle tote, 1:1 mirror quality": False}
    for title, thin in titles.items():
        (answer,) = answer_facts(a_bundle(), [facts_of(Listing(external_id="MP-1", title=title))])
        assert (answer.route == Lane.INSUFFICIENT_EVIDENCE.value) is thin, title


def test_a_changed_listing_under_review_says_so_first() -> None:
    assert [reason.code for reason in route_of(LOW, already_open=True).reasons] == ["route.changed", "route.low"]


def test_a_bundle_s_thresholds_win_over_the_policy_s() -> None:
    own = Thresholds(ask_brand_from=0.8, analyst_from=0.4)
    lanes = [route_of(chance(p), thresholds=own).lane for p in (0.39, 0.4, 0.79, 0.8)]
    assert lanes == [Lane.NO_ACTION, Lane.ANALYST, Lane.ANALYST, Lane.ASK_BRAND]


def test_a_brand_is_asked_from_its_threshold_on_also_where_analysts_look_later() -> None:
    own = Thresholds(ask_brand_from=0.3, analyst_from=0.6)
    lanes = [route_of(chance(p), thresholds=own).lane for p in (0.29, 0.3, 0.59, 0.6)]
    assert lanes == [Lane.NO_ACTION, Lane.ASK_BRAND, Lane.ASK_BRAND, Lane.ASK_BRAND]


def test_a_low_draw_audits_what_would_be_released() -> None:
    chosen_route = route_of(LOW, draw=0.0099)
    assert (chosen_route.lane, chosen_route.inclusion_probability) == (Lane.AUDIT, 0.01)


def test_an_audit_says_that_it_is_random_and_what_the_score_was() -> None:
    audit, score = route_of(LOW, draw=0.0).reasons
    assert (audit, score.code) == (message("route.audit", n=100), "route.low")


def test_a_draw_at_the_share_is_not_audited() -> None:
    assert route_of(LOW, draw=0.01).lane is Lane.NO_ACTION
    assert route_of(points(5), draw=0.03).lane is Lane.NO_ACTION


def test_an_authorised_seller_is_audited_at_a_share_of_its_own() -> None:
    lanes = [route_of(LOW, draw=draw, authorised=True).lane for draw in (0.0099, 0.01)]
    assert lanes == [Lane.AUDIT, Lane.NO_ACTION]


def test_a_share_of_none_audits_nothing() -> None:
    assert route(LOW, KNOWN, draw=0.0, policy=RoutingPolicy(audit_least_share=0.0)).lane is Lane.NO_ACTION


SITUATIONS = st.builds(
    Situation,
    authorised=st.booleans(),
    brand_id=st.none() | st.just("brn_aurelle"),
    brand_name=st.just("Aurelle"),
    brand_candidates=st.integers(0, 3),
    brand_takes_part=st.booleans(),
    families=st.integers(0, 5),
    description_length=st.integers(0, 100),
    seller_known_days=st.none() | st.floats(0, 900),
    seller_judged=st.integers(0, 3),
    already_open=st.booleans(),
)
SCORES = st.floats(0, 1).map(chance) | st.floats(-50, 200).map(points)
DRAWS = st.floats(0, 1, exclude_max=True)


@PROPERTY
@given(SCORES, SITUATIONS, DRAWS)
def test_the_draw_changes_nothing_but_a_release(score: Score, situation: Situation, draw: float) -> None:
    undrawn = route(score, situation, draw=NO_DRAW, policy=DEFAULT_ROUTING)
    drawn = route(score, situation, draw=draw, policy=DEFAULT_ROUTING)
    assert drawn == undrawn or (undrawn.lane, drawn.lane) == (Lane.NO_ACTION, Lane.AUDIT)


@PROPERTY
@given(SCORES, SITUATIONS, DRAWS)
def test_only_one_brand_that_takes_part_is_asked(score: Score, situation: Situation, draw: float) -> None:
    if route(score, situation, draw=draw, policy=DEFAULT_ROUTING).lane is Lane.ASK_BRAND:
        assert situation.brand_id is not None
        assert situation.brand_takes_part
        assert score.kind is ScoreKind.CALIBRATED


@PROPERTY
@given(SCORES, SITUATIONS, DRAWS)
def test_nothing_under_review_is_released(score: Score, situation: Situation, draw: float) -> None:
    chosen_route = route(score, replace(situation, already_open=True), draw=draw, policy=DEFAULT_ROUTING)
    assert chosen_route.lane not in {Lane.NO_ACTION, Lane.AUDIT}


@PROPERTY
@given(SCORES, SITUATIONS, DRAWS)
def test_every_route_has_a_reason_a_chance_and_its_policy(score: Score, situation: Situation, draw: float) -> None:
    chosen_route = route(score, situation, draw=draw, policy=DEFAULT_ROUTING)
    assert chosen_route.reasons
    assert 0 < chosen_route.inclusion_probability <= 1
    assert chosen_route.policy_version == policy_version(DEFAULT_ROUTING)


def test_before_the_first_model_one_release_in_thirty_three_is_audited() -> None:
    """Of 20,000 draws 600 are expected; four standard deviations are 96."""
    draws = np.random.default_rng(1).random(20_000)
    audited = sum(route_of(points(5), draw=float(draw)).lane is Lane.AUDIT for draw in draws)
    assert abs(audited - 600) < 96


# Answers outside the service: low scores are released without the whole route, with the answer of the route.


def some_facts() -> list[Facts]:
    """Listings of an authorised seller, of a brand, without one, with little text, and with nothing else."""
    ordinary = facts_of(a_listing(external_id="MP-1"))
    authorised = facts_of(
        a_listing(external_id="MP-2"), history=History(authorised_for=(ordinary.brand.brand_id or "",))
    )
    unbranded = facts_of(a_listing(external_id="MP-3", title="Grey tote in leather", brand=None))
    short = facts_of(a_listing(external_id="MP-4", title="Tote", description=None, brand=None))
    thin = facts_of(Listing(external_id="MP-5", title="T"), history=NOTHING_RECORDED)
    return [ordinary, authorised, unbranded, short, thin]


def by_the_route(facts: list[Facts], thresholds: Thresholds, *, with_reasons: bool) -> list[OfflineAnswer]:
    bundle = replace(a_bundle(), thresholds=thresholds)
    return offline._route_answers(
        bundle, [compute(listing_facts) for listing_facts in facts], None, with_reasons=with_reasons
    )


@pytest.mark.parametrize("with_reasons", [True, False])
@pytest.mark.parametrize(
    "thresholds", [Thresholds(0.0, 0.0), Thresholds(0.6, 0.2), Thresholds(0.05, 0.03), Thresholds(1, 1)]
)
def test_a_quick_answer_is_the_answer_of_the_route(thresholds: Thresholds, with_reasons: bool) -> None:
    facts = some_facts()
    answers = answer_facts(replace(a_bundle(), thresholds=thresholds), facts, with_reasons=with_reasons)
    assert answers == by_the_route(facts, thresholds, with_reasons=with_reasons)


def test_little_evidence_and_an_authorised_seller_decide_before_a_low_score() -> None:
    _, authorised, *_, thin = answer_facts(replace(a_bundle(), thresholds=Thresholds(1, 1)), some_facts())
    assert thin.route == Lane.INSUFFICIENT_EVIDENCE.value
    assert "authorised" in authorised.reasons[-1]


def test_only_brands_that_take_part_are_asked() -> None:
    facts = [facts_of(a_listing(title="Aurelle tote, mirror quality", description="Write to a@b.example"))]
    bundle = replace(a_bundle(), thresholds=Thresholds(0, 0))
    (answer,) = answer_facts(bundle, facts, taking_part={facts[0].brand.brand_id or ""})
    (other_answer,) = answer_facts(bundle, facts, taking_part=set())
    assert (answer.route, other_answer.route) == (Lane.ASK_BRAND.value, Lane.ANALYST.value)


def test_no_listings_have_no_answers() -> None:
    assert answer_facts(a_bundle(), []) == []


def test_the_version_tells_what_the_settings_are_and_not_which_object_has_them() -> None:
    again = dataclasses.replace(DEFAULT_ROUTING)
    assert again is not DEFAULT_ROUTING
    assert policy_version(again) == policy_version(DEFAULT_ROUTING)
    other = dataclasses.replace(DEFAULT_ROUTING, analyst_from_points=21.0)
    assert policy_version(other) != policy_version(DEFAULT_ROUTING)
    assert policy_version(DEFAULT_SCORECARD).startswith("ScorecardPolicy:")


def test_policies_that_come_and_go_never_share_a_version() -> None:
    """Another policy can stand where an earlier one stood in memory."""
    versions = {policy_version(RoutingPolicy(analyst_from_points=float(n))) for n in range(version._MOST + 500)}
    assert len(versions) == version._MOST + 500
    assert len(version._VERSIONS) <= version._MOST


POLICY = RoutingPolicy(
    audit_least_share=0.01,
    audit_new_seller_share=0.02,
    audit_most_share=0.4,
    new_seller_days=7.0,
    new_seller_spread=0.5,
)
HALF_THE_ODDS = 0.2 / 1.8  # Of a line at .2, whose odds are one to four.

CHANCES = [
    (0.0, True, 0.02, "sure, of a seller that nobody knows"),
    (0.01, True, 0.02, "far below the line is drawn at the floor"),
    (HALF_THE_ODDS, True, 0.0828, "half the odds of the line: 1.39 deviations of the guess below it"),
    (0.2, True, 0.4, "on the line it would be one in two, and more than the most is no draw"),
    (0.0, False, 0.01, "the model is sure, and is put to the test all the same"),
    (HALF_THE_ODDS, False, 0.01, "of a seller that is known a probability is no guess"),
    (0.1999, False, 0.01, "however near the line"),
]


@pytest.mark.parametrize(("probability", "is_new_seller", "expected", "_why"), CHANCES)
def test_the_chance_of_a_review(probability: float, is_new_seller: bool, expected: float, _why: str) -> None:
    assert chance_of_review(probability, 0.2, is_new_seller=is_new_seller, policy=POLICY) == pytest.approx(
        expected, abs=1e-4
    )


def test_a_line_that_nothing_reaches_leaves_the_floor() -> None:
    assert chance_of_review(0.5, 1.0, is_new_seller=True, policy=POLICY) == POLICY.audit_new_seller_share


@PROPERTY
@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_no_listing_is_out_of_reach_and_none_is_certain(probability: float, line: float, is_new_seller: bool) -> None:
    chance = chance_of_review(probability, line, is_new_seller=is_new_seller, policy=POLICY)
    assert POLICY.audit_least_share <= chance <= POLICY.audit_most_share < 1


@PROPERTY
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_is_nearer_the_line_is_drawn_at_least_as_often(first: float, second: float, line: float) -> None:
    low, high = sorted((first, second))
    chances = [chance_of_review(probability, line, is_new_seller=True, policy=POLICY) for probability in (low, high)]
    assert chances[0] <= chances[1]


NEW_SELLERS = [
    (None, 0, True, "nobody knows whose listing it is"),
    (0.0, 0, True, "its first listing"),
    (6.99, 0, True, "first seen within the week"),
    (7.0, 0, False, "a week is over"),
    (0.0, 1, False, "somebody has judged it"),
    (None, 1, False, "a reviewed seller is known"),
    (math.inf, 0, False, "always there"),
]


@pytest.mark.parametrize(("known_days", "judged", "expected", "_why"), NEW_SELLERS)
def test_which_sellers_are_new(known_days: float | None, judged: int, expected: bool, _why: str) -> None:
    assert is_new_seller(known_days, judged, POLICY) is expected

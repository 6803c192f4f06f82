import random
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.messages.english import in_english
from serving.sellers.policy import DEFAULT_SELLER_RISK
from serving.sellers.rules.seller_risk import Ranking, RiskState, ScoredListing, SellerRisk, rank_sellers, risk_reasons

POLICY: Final = DEFAULT_SELLER_RISK
FAKE, CLEARED = ScoredListing(0.4, counterfeit=True), ScoredListing(0.4, counterfeit=False)
POINTS, POINTS_FAKE = ScoredListing(None), ScoredListing(None, counterfeit=True)
# Nineteen sellers with five listings of probability 0: the base-rate prior comes from the tested seller alone.
OTHERS: Final = {f"other-{i}": (ScoredListing(0.0),) * 5 for i in range(19)}


def ranking_of(*listings: ScoredListing) -> Ranking:
    """Among the others."""
    return rank_sellers({**OTHERS, "ann": listings}, POLICY)


# ann's listings; her state, listings that count, expected counterfeits, share (by hand: the base-rate prior is her own
# plain share by 20, worth 5 listings) and percentile; why.
CASES = [
    ([0.2] * 5, RiskState.RANKED, 5, 1.0, (5 * 0.01 + 1) / 10, 97.5, "probabilities add up"),
    ([FAKE] * 5, RiskState.RANKED, 5, 5.0, (5 * 0.05 + 5) / 10, 97.5, "a verdict replaces the probability"),
    ([CLEARED] * 5, RiskState.RANKED, 5, 0.0, 0.0, 50.0, "cleared listings are worth nothing; ties count by half"),
    ([FAKE, *[0.0] * 9], RiskState.RANKED, 10, 1.0, (5 * 0.005 + 1) / 15, 97.5, "one confirmed of ten"),
    (
        [0.9],
        RiskState.TOO_FEW_LISTINGS,
        1,
        0.9,
        (5 * 0.045 + 0.9) / 6,
        None,
        "one suspicious listing is no 90 % seller",
    ),
    ([FAKE] * 4, RiskState.TOO_FEW_LISTINGS, 4, 4.0, (5 * 0.05 + 4) / 9, None, "one short of a percentile"),
    ([POINTS] * 9, RiskState.NO_MODEL, 0, 0.0, None, None, "points are no probability"),
    ([POINTS_FAKE] * 9, RiskState.NO_MODEL, 0, 0.0, None, None, "findings among listings that no model saw are chosen"),
    ([0.2] * 5 + [POINTS_FAKE] * 9, RiskState.RANKED, 5, 1.0, (5 * 0.01 + 1) / 10, 97.5, "points are left out"),
]


@pytest.mark.parametrize(("listings", "state", "n", "expected", "share", "percentile", "_why"), CASES)
def test_a_sellers_figures(
    listings: list[float | ScoredListing],
    state: RiskState,
    n: int,
    expected: float,
    share: float | None,
    percentile: float | None,
    _why: str,
) -> None:
    risk = ranking_of(
        *(ScoredListing(listing) if isinstance(listing, float) else listing for listing in listings)
    ).risks["ann"]
    assert (risk.state, risk.listings, risk.percentile) == (state, n, percentile)
    assert risk.expected == pytest.approx(expected)
    assert risk.share == (None if share is None else pytest.approx(share))


def test_many_listings_alone_are_no_risk_and_few_with_findings_are() -> None:
    """A sum would reverse this order."""
    ranking = rank_sellers({**OTHERS, "big": [ScoredListing(0.01)] * 1_000, "small": [FAKE] * 5}, POLICY)
    assert ranking.risks["big"].expected > ranking.risks["small"].expected
    assert (ranking.risks["big"].share or 0) < (ranking.risks["small"].share or 0)


def test_thirty_confirmed_of_forty_are_worse_than_one_suspicious_listing() -> None:
    """A plain share would reverse this order."""
    lone_listing = [ScoredListing(0.95)]
    ranking = rank_sellers({**OTHERS, "shop": [FAKE] * 30 + [CLEARED] * 10, "one": lone_listing}, POLICY)
    assert (ranking.risks["shop"].share or 0) > (ranking.risks["one"].share or 0)


def test_the_prior_counts_each_seller_once_so_that_a_flood_does_not_set_it() -> None:
    assert ranking_of(*[FAKE] * 10_000).base_rate == pytest.approx(1 / 20)


def test_sellers_with_too_few_listings_are_part_of_the_comparison() -> None:
    ranking = rank_sellers({**OTHERS, "ann": [ScoredListing(0.2)] * 5, "bo": [FAKE] * 2, "cy": [POINTS] * 5}, POLICY)
    assert ranking.sellers == 21
    assert ranking.risks["ann"].percentile == pytest.approx(100 * (19 + 0.5) / 21)


def test_among_nineteen_sellers_nobody_has_a_percentile() -> None:
    ranking = rank_sellers(
        {name: listings for name, listings in OTHERS.items() if name != "other-0"} | {"ann": [FAKE] * 9}, POLICY
    )
    assert {risk.state for risk in ranking.risks.values()} == {RiskState.TOO_FEW_SELLERS}
    assert {risk.percentile for risk in ranking.risks.values()} == {None}


def test_without_a_model_there_is_no_prior() -> None:
    assert rank_sellers({"ann": [POINTS]}, POLICY).base_rate is None
    assert rank_sellers({}, POLICY) == Ranking(0, None, {})


KINDS: Final = (FAKE, CLEARED, POINTS, POINTS_FAKE)


def a_market(seed: int) -> dict[str, list[ScoredListing]]:
    """Twenty to forty sellers with a few listings of every kind; drawn here, because drawing each listing takes
    minutes.
    """
    chance = random.Random(seed)

    def listing() -> ScoredListing:
        return (
            chance.choice(KINDS) if chance.random() < 0.4 else ScoredListing(chance.choice((0.0, 1.0, chance.random())))
        )

    return {str(i): [listing() for _ in range(chance.randint(1, 12))] for i in range(chance.randint(20, 40))}


markets = st.integers(0, 2**32 - 1).map(a_market)


@given(markets)
def test_a_percentile_is_the_share_of_sellers_with_less_ties_by_half(listings: dict[str, list[ScoredListing]]) -> None:
    ranking = rank_sellers(listings, POLICY)
    shares = [risk.share for risk in ranking.risks.values() if risk.share is not None]
    assert ranking.sellers == len(shares)
    for risk in ranking.risks.values():
        if risk.percentile is None or risk.share is None:
            assert risk.state is not RiskState.RANKED
            continue
        assert 0 <= risk.percentile <= 100
        ahead = sum(1.0 if share < risk.share else 0.5 if share == risk.share else 0.0 for share in shares)
        assert risk.percentile == pytest.approx(100 * ahead / len(shares))


@settings(max_examples=3 * settings().max_examples)
@given(markets, st.data())
def test_one_more_confirmed_counterfeit_never_lowers_a_percentile(
    listings: dict[str, list[ScoredListing]], draws: st.DataObject
) -> None:
    """For a new listing and for one that was only scored."""
    before = rank_sellers(listings, POLICY).risks
    seller = draws.draw(st.sampled_from(sorted(listings)))
    mine = listings[seller]
    if before[seller].percentile is None:
        return
    at = draws.draw(st.integers(0, len(mine)))
    if at < len(mine) and mine[at].probability is None:
        return
    changed = [*mine[:at], replace(mine[at], counterfeit=True) if at < len(mine) else FAKE, *mine[at + 1 :]]
    after = rank_sellers({**listings, seller: changed}, POLICY).risks
    assert (after[seller].share or 0) >= (before[seller].share or 0) - 1e-12
    assert (after[seller].percentile or 0) >= (before[seller].percentile or 0)


@given(markets, st.integers(0, 99))
def test_the_order_of_sellers_and_listings_does_not_matter(listings: dict[str, list[ScoredListing]], seed: int) -> None:
    chance = random.Random(seed)
    names = sorted(listings)
    chance.shuffle(names)
    shuffled = {name: chance.sample(listings[name], len(listings[name])) for name in names}
    assert rank_sellers(shuffled, POLICY) == rank_sellers(listings, POLICY)


SOME = SellerRisk(RiskState.RANKED, 14, 0, 0, 5.2, 3, 0, share=0.28, percentile=97.9)
STATEMENT = [
    (
        SOME,
        (
            "Riskier than 97% of 1,204 sellers.",
            "14 listings in 30 days: 5.2 expected counterfeit, 3 confirmed, 0 cleared.",
        ),
    ),
    (
        replace(SOME, percentile=0.4, confirmed=0, expected=0.01, cleared=2),
        (
            "Among the least risky of 1,204 sellers.",
            "14 listings in 30 days: under 0.1 expected counterfeit, 0 confirmed, 2 cleared.",
        ),
    ),
    (
        replace(SOME, state=RiskState.TOO_FEW_LISTINGS, listings=1, expected=1.0, confirmed=1, left_out=2),
        (
            "Too few listings to compare with other sellers.",
            "1 listing in 30 days: 1.0 expected counterfeit, 1 confirmed, 0 cleared.",
            "2 listings without a model score do not count (0 confirmed counterfeit).",
        ),
    ),
    (
        replace(SOME, state=RiskState.TOO_FEW_SELLERS, confirmed=0, expected=0.0),
        (
            "Too few sellers to compare with.",
            "14 listings in 30 days: 0.0 expected counterfeit, 0 confirmed, 0 cleared.",
        ),
    ),
    (
        replace(SOME, state=RiskState.NO_MODEL, listings=0, left_out=3, left_out_confirmed=1),
        (
            "Unknown: no model has scored the seller's listings.",
            "3 listings without a model score do not count (1 confirmed counterfeit).",
        ),
    ),
]


@pytest.mark.parametrize(("risk", "message"), STATEMENT)
def test_the_reasons_of_a_risk(risk: SellerRisk, message: tuple[str, ...]) -> None:
    assert tuple(map(in_english, risk_reasons(risk, sellers=1_204, window_days=30))) == message

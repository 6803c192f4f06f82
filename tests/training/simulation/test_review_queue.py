from dataclasses import replace

import numpy as np
import pytest

from models.policies.deciding import DEFAULT_ROUTING
from models.routing import Lane, Situation
from models.score import Score, ScoreKind
from tests.fixtures.simulation import a_small_market
from training.simulation.review_queue import Arrival, route_arrivals, score_arrivals

LISTINGS = a_small_market().listings
TAKING_PART = a_small_market().taking_part
RANDOM = np.random.default_rng(0)


def arrivals(n: int = 100, **changes: object) -> list[Arrival]:
    """Listings scored by the starter scorecard."""
    rows = [offered.computed for offered in LISTINGS[:n]]
    scored = score_arrivals(rows, [0.999] * n, None, TAKING_PART.__contains__)
    return [replace(arrival, **changes) for arrival in scored]  # type: ignore[arg-type]  # fields by name


def with_probability(arrival: Arrival, probability: float) -> Arrival:
    log_odds = float(np.log(probability / (1 - probability)))
    return replace(arrival, score=Score(ScoreKind.CALIBRATED, log_odds, probability, (), "model", "features"))


MODELLED = [
    with_probability(arrival, float(p))
    for arrival, p in zip(arrivals(), RANDOM.beta(0.3, 5, 100) * 0.9 + 0.001, strict=True)
]


def reviewed_places(queue: list[Arrival], budget: float, *, explores: bool) -> list[int]:
    routes = route_arrivals(queue, budget, champion=None, explores=explores)
    return [i for i, route in enumerate(routes) if route.lane is not Lane.NO_ACTION]


def test_without_exploration_the_highest_scores_fill_the_review_queue() -> None:
    positions = reviewed_places(MODELLED, 12, explores=False)
    eligible = [i for i, arrival in enumerate(MODELLED) if not arrival.situation.authorised]
    worst = sorted(eligible, key=lambda i: -MODELLED[i].score.value)[:12]
    assert sorted(worst) == positions


def test_an_authorised_seller_is_never_flagged() -> None:
    accused = replace(MODELLED[0].situation, authorised=True, brand_name="Aurelle")
    queue = [with_probability(replace(arrival, situation=accused), 0.99) for arrival in MODELLED]
    assert reviewed_places(queue, 50, explores=False) == []


def test_thin_evidence_is_reviewed_first() -> None:
    thin = replace(MODELLED[0].situation, families=1, description_length=3, authorised=False)
    queue = [replace(MODELLED[0], situation=thin), *MODELLED[1:]]
    routes = route_arrivals(queue, 1, champion=None, explores=False)
    assert [route.lane for route in routes if route.lane is not Lane.NO_ACTION] == [Lane.INSUFFICIENT_EVIDENCE]


@pytest.mark.parametrize("budget", [0.0, -3.0])
def test_a_review_queue_without_capacity_flags_nothing(budget: float) -> None:
    assert reviewed_places(MODELLED, budget, explores=False) == []


def test_flags_do_not_depend_on_the_draws() -> None:
    def flagged(draws: list[float]) -> set[int]:
        queue = [replace(arrival, draw=draw) for arrival, draw in zip(MODELLED, draws, strict=True)]
        routes = route_arrivals(queue, 15, champion=None, explores=True)
        return {i for i, route in enumerate(routes) if route.inclusion_probability == 1}

    assert len({frozenset(flagged(list(RANDOM.random(100)))) for _ in range(50)}) == 1


@pytest.mark.parametrize("times", [100, pytest.param(400, marks=pytest.mark.soak)])
def test_the_mean_spend_is_the_budget_and_stored_probabilities_are_right(times: int) -> None:
    drawn = np.zeros(len(MODELLED))
    chances = np.zeros(len(MODELLED))
    for _ in range(times):
        queue = [replace(arrival, draw=float(draw)) for arrival, draw in zip(MODELLED, RANDOM.random(100), strict=True)]
        routes = route_arrivals(queue, 15, champion=None, explores=True)
        drawn += [route.lane is not Lane.NO_ACTION for route in routes]
        chances = np.array([route.inclusion_probability for route in routes])
    # Four standard errors of a binomial share.
    assert np.all(np.abs(drawn / times - chances) <= 4 * np.sqrt(chances * (1 - chances) / times) + 1e-9)
    assert 13.8 < drawn.sum() / times <= 15.3


def test_a_listing_is_sampled_by_the_service_s_own_rules() -> None:
    routes = route_arrivals([replace(arrival, draw=0.0) for arrival in MODELLED], 5, champion=None, explores=True)
    for arrival, route in zip(MODELLED, routes, strict=True):
        if arrival.situation.authorised:
            assert route.inclusion_probability == DEFAULT_ROUTING.whitelist_audit_share
        elif route.lane is Lane.AUDIT:
            low, high = DEFAULT_ROUTING.audit_least_share, DEFAULT_ROUTING.audit_most_share
            assert low <= route.inclusion_probability <= high


def test_before_the_first_model_all_listings_are_equally_likely_to_be_sampled() -> None:
    routes = route_arrivals([replace(arrival, draw=0.0) for arrival in arrivals()], 0, champion=None, explores=True)
    chances = {route.inclusion_probability for route in routes if route.lane is Lane.AUDIT}
    assert chances == {DEFAULT_ROUTING.audit_share, DEFAULT_ROUTING.whitelist_audit_share}


def test_a_brand_is_asked_where_the_probability_is_high_and_the_brand_answers() -> None:
    situation = Situation(False, "aurelle", "Aurelle", 0, brand_takes_part=True, families=5, description_length=80)
    queue = [with_probability(replace(MODELLED[0], situation=situation), p) for p in (0.9, 0.1)]
    lanes = [route.lane for route in route_arrivals(queue, 2, champion=None, explores=False)]
    assert lanes == [Lane.ASK_BRAND, Lane.ANALYST]

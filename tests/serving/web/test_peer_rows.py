"""The model beside the fair peer: superiority is claimed only where the interval over sellers leaves zero out."""

from typing import Any

import pytest

from serving.web.model.model_report import peers_of
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import FIGURES, a_report, add_model
from tests.serving.web.visits import visit_as, words
from training.evaluate.peers import NAMES


def an_evaluation(low: float | None, high: float | None, *, fitted: int = 400) -> dict[str, Any]:
    """An evaluation with this interval of the difference; the model learnt 400 rows."""
    figures = {name: {**FIGURES, "ap_interval": [0.7, 0.8], "random_slice": {"ap": 0.55}} for name in NAMES}
    peers = {
        "figures": figures,
        "difference": 0.093,
        "difference_interval": [low, high],
        "fitted": fitted,
        "known": 400,
    }
    return {**a_report()["judged"], "peers": peers}


CLAIMS = [
    (an_evaluation(0.012, 0.171), True, "Better than the fair peer: the 95 % interval over sellers excludes zero."),
    (an_evaluation(0.0, 0.171), False, "Not better than the fair peer beyond chance"),
    (an_evaluation(-0.02, 0.171), False, "Not better than the fair peer beyond chance"),
    (an_evaluation(-0.2, -0.01), False, "Worse than the fair peer"),
    (an_evaluation(None, None), False, "cannot be estimated, so no superiority is claimed"),
    (an_evaluation(0.012, 0.171, fitted=300), False, "the baselines learnt 300 of the 400 rows that the model learnt"),
]


@pytest.mark.parametrize(("judgement", "claims", "says"), CLAIMS)
def test_superiority_is_claimed_only_beyond_chance_and_on_equal_rows(
    judgement: dict[str, Any], claims: bool, says: str
) -> None:
    peers = peers_of(judgement)
    assert peers is not None
    assert peers.claims is claims
    assert says in peers.says


def test_every_method_of_an_evaluation_has_a_row_after_the_model() -> None:
    peers = peers_of(an_evaluation(0.012, 0.171))
    assert peers is not None
    methods = list(peers.rows)
    assert (len(methods), methods[0]) == (1 + len(NAMES), "This model")
    assert methods[1].startswith("Fair peer"), "whatever the order in which they are stored"


def test_the_page_and_the_card_show_the_peer_beside_the_model(site: Site) -> None:
    add_model(site, "b" * 64, {**a_report(), "judged": an_evaluation(-0.02, 0.171)})
    visitor = visit_as(site, site.data_scientist)
    for path in ("/models", f"/models/cards/{'b' * 64}"):
        text = words(visitor.get(path).text)
        assert "zero. Difference in average precision +0.093 (−0.020 to +0.171)." in text, path
        assert "This model 0.871 0.848 to 0.893 0.950 0.900 0.612" in text, path
        assert "LightGBM on raw numbers 0.871 0.700 to 0.800 0.950 0.900 0.550" in text, path


def test_a_model_from_before_the_comparison_says_so(site: Site) -> None:
    add_model(site, "b" * 64, a_report())
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "This model was trained before trainings compared it with a fair peer." in text

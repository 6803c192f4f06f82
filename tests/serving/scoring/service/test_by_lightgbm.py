"""A champion whose flat trees come out otherwise than with LightGBM: LightGBM scores, and the service says so."""

import pytest
from structlog.testing import capture_logs

from models import forest
from models.classifier import Join
from models.flat_trees import flatten
from serving.learning.service.champions import follow_champions
from tests.fixtures.runtimes import Site
from tests.fixtures.scorers import a_forest
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import an_administrator, visit_as, words

_SLOWER = "scores listings through LightGBM: the faster computation gave another value."


def test_a_champion_that_lightgbm_computes_is_logged_once_and_shown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for join in Join:
        a_forest(join)  # Made before the patch, because the fixture keeps it.
    monkeypatch.setattr(forest, "flatten", lambda trees, columns: flatten(trees[1:], columns))
    with capture_logs() as lines:
        digest = put_champion_in_force(site)
        follow_champions(site.runtime)
    (line,) = [line for line in lines if line["event"] == "champion.by_lightgbm"]
    assert (line["marketplace_id"], line["digest"]) == (site.here, digest)
    text = words(visit_as(site, an_administrator(site)).get("/operations").text)
    assert f"Champion {digest[:10]} {_SLOWER}" in text


def test_a_champion_that_comes_out_alike_is_not_called_slower(site: Site) -> None:
    with capture_logs() as lines:
        put_champion_in_force(site)
    assert [line for line in lines if line["event"] == "champion.by_lightgbm"] == []
    assert _SLOWER not in visit_as(site, an_administrator(site)).get("/operations").text

"""Simulated: a search that has something to find improves the model on sellers that it has not seen."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from serving.cli.tuning import verdict
from tests.fixtures.clocks import NOW
from training.fit_forest import forest_settings
from training.material import FromFile, Labelled
from training.synthetic import Settings, build, evaluation_set
from training.tuning.nested import Plan, summarise, tune

HOPELESS = replace(forest_settings(0), rounds=2, leaves=2)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_from_hopeless_defaults_a_search_improves_the_model_beyond_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("training.tuning.inner", "training.learners"):
        monkeypatch.setattr(f"{module}.forest_settings", lambda _positives: HOPELESS)
    settings = Settings(listings=6_000, seed=0, start=NOW)
    listings, labels = evaluation_set(settings, settings.listings)
    random = np.random.default_rng(0)
    fakes, others = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    kept = np.sort(np.concatenate([fakes[:150], random.choice(others, 850, replace=False)]))
    data = Labelled(tuple(listings[i] for i in kept), labels[kept].astype(np.int8))
    brands = tuple(one.brand for one in build(settings).brands)
    material = FromFile(data, brands, NOW + timedelta(days=settings.days), "simulated")
    plan = Plan(folds=3, trials=6, seed=0, threads=2)
    found = summarise(material, plan, tune(material, plan))
    print(found["default"]["ap"], found["tuned"]["ap"], verdict(found))  # noqa: T201  # the figures
    assert found["gain"]["ap_interval"][0] > 0
    assert verdict(found).startswith("Tuning improves the model on unseen sellers: ")

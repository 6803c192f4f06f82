"""Another learner than the forest goes through fit, bundle and score with reasons that add up."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from features.compute import NAMES, compute, matrix
from models.bundle import MANIFEST, Masking, digest_of, from_files, to_files, verify
from models.bundle_files import as_json
from models.errors import BundleRefused
from models.learners import LEARNERS
from models.score import named_parts
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_facts, market_references
from tests.fixtures.learners import known_to_this_process
from tests.fixtures.logistic import Logistic
from tests.fixtures.scorers import PHRASES, THRESHOLDS, bundle_files
from training.evaluate.metrics import average_precision
from training.fit.classifier import CounterfeitClassifier
from training.fit.forest import FITS
from training.fit.listing_rows import ListingRows

DATA = a_market(160)
FACTS = market_facts(DATA)


@pytest.fixture(autouse=True)
def _logistic() -> Iterator[None]:
    with known_to_this_process():
        yield


@cache
def the_model() -> CounterfeitClassifier:
    return CounterfeitClassifier(learner="logistic").fit(ListingRows.of(FACTS), DATA.labels, groups=DATA.groups)


def files() -> dict[str, bytes]:
    return to_files(
        the_model().model_,
        thresholds=THRESHOLDS,
        references=market_references(DATA),
        references_as_of=NOW,
        masking=Masking(0, 0.15),
        phrases=PHRASES,
    )


def with_changed_file(all_files: dict[str, bytes], name: str, content: bytes) -> dict[str, bytes]:
    """The files with one changed, under a manifest that names it."""
    manifest = json.loads(all_files[MANIFEST])
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    return {**all_files, name: content, MANIFEST: as_json(manifest)}


def test_every_known_learner_has_a_fit() -> None:
    assert FITS.keys() == LEARNERS.keys() >= {"forest", "logistic"}


def test_a_bundle_of_it_names_it_and_loads_with_equal_scores() -> None:
    logistic_files = files()
    assert json.loads(logistic_files["model.json"])["learner"] == "logistic"
    assert "forest.txt" not in logistic_files
    loaded = from_files(logistic_files)
    assert isinstance(loaded.classifier.learner, Logistic)
    listings = [facts.listing for facts in FACTS]
    before, after = (model.values(matrix(FACTS), listings) for model in (the_model().model_, loaded.classifier))
    assert np.array_equal(before, after)
    assert files() == logistic_files, "equal models give equal bytes"


def test_it_tells_counterfeits_apart() -> None:
    assert average_precision(DATA.labels, the_model().out_of_fold_) > 1.5 * DATA.labels.mean()


def test_its_contributions_add_up_to_the_score() -> None:
    model, listings = from_files(files()).classifier, [facts.listing for facts in FACTS]
    parts = model.contributions(matrix(FACTS), listings)
    total = parts.features.sum(axis=1) + parts.text + parts.base
    assert parts.features.shape == (len(FACTS), len(NAMES))
    assert np.allclose(total, model.log_odds(matrix(FACTS), listings), atol=1e-9)
    assert np.abs(parts.features).max() > 0.1


def test_its_score_has_reasons_that_add_up() -> None:
    for score in from_files(files()).score_many([compute(facts) for facts in FACTS[:20]]):
        assert len(named_parts(score.reasons)) > 1
        assert sum(reason.weight for reason in score.reasons) == pytest.approx(score.value, abs=1e-9)


def test_a_missing_column_counts_by_its_indicator_alone() -> None:
    learner = from_files(files()).classifier.learner
    rows = matrix(FACTS)
    rows[:, 3] = np.nan
    assert np.isfinite(learner.raw(rows)).all()
    assert len(set(learner.contributions(rows)[:, 3].tolist())) == 1


@pytest.mark.parametrize("name", ["oracle", 7, None, ["forest"]])
def test_a_bundle_of_an_unknown_learner_is_refused(name: object) -> None:
    logistic_files = files()
    model = {**json.loads(logistic_files["model.json"]), "learner": name}
    sentence = f"The bundle's learner is {name}, which this version does not have."
    with pytest.raises(BundleRefused, match=re.escape(sentence)):
        from_files(with_changed_file(logistic_files, "model.json", as_json(model)))


def test_the_files_of_another_learner_are_refused() -> None:
    forest_files = bundle_files()
    model = {**json.loads(forest_files["model.json"]), "learner": "logistic"}
    with pytest.raises(BundleRefused, match="does not name the files of a bundle"):
        verify(with_changed_file(forest_files, "model.json", as_json(model)))
    with pytest.raises(BundleRefused, match="does not name the files of a bundle"):
        verify(with_changed_file(forest_files, "logistic.json", b"{}"))


@pytest.mark.parametrize(
    "content", [b"{}", b'{"columns":[],"table":[],"base":1e999}', b'{"columns":["a"],"table":[[1]],"base":0}']
)
def test_a_damaged_file_of_it_is_refused(content: bytes) -> None:
    with pytest.raises(BundleRefused):
        from_files(with_changed_file(files(), "logistic.json", content))


def test_other_columns_than_the_feature_set_are_refused() -> None:
    learner = the_model().model_.learner
    assert isinstance(learner, Logistic)
    other = replace(learner, columns=learner.columns[::-1])
    with pytest.raises(BundleRefused, match="The logistic has other columns than the feature set"):
        from_files(with_changed_file(files(), "logistic.json", other.files()["logistic.json"]))


def test_a_bundle_with_a_forest_is_what_it_was() -> None:
    forest_files = bundle_files()
    assert "learner" not in json.loads(forest_files["model.json"])
    assert set(json.loads(forest_files[MANIFEST])["files"]) == {
        "forest.txt", "model.json", "phrases.json", "references.json", "text_weights.npy",
    }  # fmt: skip
    assert verify(forest_files) == digest_of(forest_files)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("oracle", "There is no learner oracle; the known ones are forest, logistic"),
        ("random_forest", "random_forest cannot be proposed, only compared: a bundle cannot hold it"),
    ],
)
def test_a_learner_that_no_bundle_can_hold_is_not_fitted(name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        CounterfeitClassifier(learner=name).fit(ListingRows.of(FACTS), DATA.labels, groups=DATA.groups)


def test_the_example_in_the_documentation_is_the_one_that_is_tested() -> None:
    root = Path(__file__).parents[2]
    example = (root / "tests/fixtures/logistic.py").read_text(encoding="utf-8")
    assert f"```python\n{example}```\n" in (root / "docs/learners.md").read_text(encoding="utf-8")

"""Settings of the fit that a person gives: read strictly, used in every fit of a training, and recorded."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.treetext import trees_of
from tests.fixtures.labelled import a_market, market_facts
from training.fit import CounterfeitClassifier
from training.fit_forest import forest_settings
from training.fit_settings import DEFAULT_SETTINGS, FitSettings, as_file, read_settings
from training.made_with import fixed_parameters, forest_parameters

DATA = a_market(80)
FACTS = market_facts(DATA)
SMALL = FitSettings(replace(forest_settings(0), rounds=20, leaves=2), 3.0)


def test_the_defaults_change_nothing_and_have_the_forest_of_the_positives() -> None:
    assert DEFAULT_SETTINGS.changed() == {}
    assert FitSettings.of({}) == DEFAULT_SETTINGS
    few, many = DEFAULT_SETTINGS.values(10), DEFAULT_SETTINGS.values(5_000)
    assert (few["forest.leaves"], many["forest.leaves"]) == (3, 31)
    assert few["text_cost"] == 10


@pytest.mark.parametrize(
    "settings", [SMALL, DEFAULT_SETTINGS, FitSettings(text_cost=1.0), FitSettings(forest_settings(5_000))]
)
def test_settings_come_back_from_their_file(tmp_path: Path, settings: FitSettings) -> None:
    (tmp_path / "s.json").write_text(as_file(settings))
    assert read_settings(tmp_path / "s.json") == settings


def forest(**changes: Any) -> dict[str, Any]:
    found = {**FitSettings(forest_settings(0)).changed(), **changes}
    return {name: value for name, value in found.items() if value is not None}


REFUSED: list[tuple[str, str, str]] = [
    ('{"text_costs": 1}', "There is no setting text_costs; the known ones are forest.rounds, ", "an unknown name"),
    ('{"text_cost": "1"}', "text_cost must be a number.", "text"),
    ('{"text_cost": true}', "text_cost must be a number.", "a truth value"),
    ('{"text_cost": NaN}', "text_cost must be a number.", "not a number"),
    ('{"text_cost": 0}', "text_cost must be from 0.001 to 1e+06.", "no cost"),
    (json.dumps(forest(**{"forest.row_share": 1.1})), "forest.row_share must be from 0.01 to 1.", "a share above one"),
    (json.dumps(forest(**{"forest.leaves": 7.5})), "forest.leaves must be a whole number.", "half a leaf"),
    (json.dumps(forest(**{"forest.rounds": 10**9})), "forest.rounds must be from 1 to 5000.", "years of fitting"),
    (json.dumps(forest(**{"forest.l2": None})), "The settings of the forest lack l2; give all or none.", "a part"),
    ("[]", "The settings s.json are no JSON object.", "no object"),
    ("{", "The settings s.json cannot be read: ", "no JSON"),
    ("\ud800", "The settings s.json cannot be read: ", "no text"),
]


@pytest.mark.parametrize(("content", "sentence", "_why"), REFUSED)
def test_what_are_no_settings_is_refused(tmp_path: Path, content: str, sentence: str, _why: str) -> None:
    (tmp_path / "s.json").write_bytes(content.encode(errors="surrogatepass"))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_settings(tmp_path / "s.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"The settings s\.json cannot be read"):
        read_settings(tmp_path / "s.json")


def test_a_fit_uses_the_settings_that_it_is_given() -> None:
    default, small = (
        CounterfeitClassifier(settings=one).fit(FACTS, DATA.labels, groups=DATA.groups).model_
        for one in (FitSettings(SMALL.forest), SMALL)
    )
    trees = list(trees_of(small.learner.files()["forest.txt"].decode()))
    assert (len(trees), max(len(tree.leaves) for tree in trees)) == (20, 2)
    assert (default.text.weights != small.text.weights).any(), "another cost of the text"


def test_the_record_of_a_training_has_the_settings_that_were_used() -> None:
    found = {**fixed_parameters(0, SMALL), **forest_parameters(40, SMALL)}
    assert (found["forest.rounds"], found["forest.leaves"], found["text.cost"]) == (20, 2, 3.0)
    assert {**fixed_parameters(0), **forest_parameters(40)}["forest.rounds"] == 400

"""Features of a file that are tried beside the product's, and what is refused."""

import math
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from features.compute import NAMES, compute
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import some_facts
from tests.fixtures.labelled import BRANDS, a_market, market_facts
from training.evaluate.cross_validation import (
    FOLDS,
    MODEL,
    WITH,
    WITHOUT,
    Changes,
    Repeat,
    cross_validate,
    fold_scores,
    summarise,
)
from training.evaluate.material import FileMaterial, LabelledListings
from training.evaluate.splits import grouped_folds
from training.evaluate.tried import TriedFile, single_feature_figures, tried_columns
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows

DATA = a_market(80)
MATERIAL = FileMaterial(DATA, tuple(BRANDS.brands.values()), NOW, "bazaar")

TWO = """
from dataclasses import dataclass

from features.spec import MISSING, Evidence


@dataclass(frozen=True)
class _Cents:
    value: float


def _cents(e):
    return _Cents(float(e.facts.listing.price % 1))


def price_cents(e: Evidence) -> float:
    \"\"\"Part of the price after the point.

    More about it.
    \"\"\"
    return MISSING if e.facts.listing.price is None else _cents(e).value


def list_price_given(e: Evidence) -> bool | None:
    return None if e.facts.listing.price is None else e.facts.listing.list_price is not None
"""


def tried_file(source: str) -> TriedFile:
    return TriedFile("mine.py", source)


def knowing_feature(market: LabelledListings) -> str:
    """A feature that was made from the label."""
    sellers = {
        str(listing.seller.external_id) for listing, label in zip(market.listings, market.labels, strict=True) if label
    }
    return f"SELLERS = {sorted(sellers)!r}\n\ndef knows(e): return e.facts.listing.seller.external_id in SELLERS\n"


KNOWS = knowing_feature(DATA)


def test_the_public_functions_of_a_file_are_features_in_its_order() -> None:
    assert [(feature.name, feature.meaning) for feature in tried_file(TWO).features()] == [
        ("price_cents", "Part of the price after the point."),
        ("list_price_given", ""),
    ]


def test_a_feature_has_a_value_for_each_listing_and_none_is_missing_and_not_zero() -> None:
    facts = [some_facts(price="489.25", list_price="980.00"), some_facts(price=None)]
    columns = tried_columns(tried_file(TWO).features(), facts)
    assert columns[0].tolist() == [0.25, 1.0]
    assert np.isnan(columns[1]).all()


def test_a_feature_written_with_the_registry_s_decorator_is_tried_as_it_stands() -> None:
    source = """
from features.message import message
from features.spec import Evidence, Family, Registry, YES_NO, either

signals = Registry(Family.PRICE)


@signals.feature(YES_NO, side=either, say=lambda e, value: message("said"), missing="never")
def price_whole(e: Evidence) -> float:
    \"\"\"Whether the price is whole.\"\"\"
    return float(e.facts.listing.price % 1 == 0)
"""
    (feature,) = tried_file(source).features()
    assert (feature.name, feature.meaning) == ("price_whole", "Whether the price is whole.")


REFUSED = [
    ("def f(:", "mine.py does not run: SyntaxError: ", "no Python"),
    ("import nothing_of_this_name", "mine.py does not run: ModuleNotFoundError: ", "an import that fails"),
    ("x = 1\ndef _hidden(e): return 1.0", "mine.py has no feature; write a function of Evidence", "no feature"),
    ("from math import floor\nfrom features.spec import log1p", "mine.py has no feature", "imported functions alone"),
    ("def f(e, more): return 1.0", "mine.py: f must have one argument, the Evidence", "two arguments"),
    ("def price_log(e): return 1.0", "mine.py: there is a feature price_log already", "a known name"),
    ("def größe(e): return 1.0", "mine.py: the name größe must be ASCII", "a name that the trees cannot store"),
]


@pytest.mark.parametrize(("source", "sentence", "_why"), REFUSED)
def test_a_file_that_holds_no_feature_is_refused(source: str, sentence: str, _why: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence.replace(".", r"\.").replace("(", r"\(")):
        tried_file(source).features()


FAILING = [
    ("def f(e): return 1 / 0", "f failed on listing MP-1: ZeroDivisionError: division by zero", "it raises"),
    (
        "def f(e): return 'much'",
        "f failed on listing MP-1: ValueError: could not convert string",
        "it returns no number",
    ),
    ("def f(e): return float('inf')", "f of listing MP-1 is infinite; give a finite number, or MISSING", "infinite"),
]


@pytest.mark.parametrize(("source", "sentence", "_why"), FAILING)
def test_a_feature_that_fails_names_itself_and_the_listing(source: str, sentence: str, _why: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        tried_columns(tried_file(source).features(), [some_facts(external_id="MP-1")])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff")
    for path in (tmp_path / "a.py", tmp_path / "none.py", tmp_path):
        with pytest.raises(ValueError, match=f"{path.name} cannot be read"):
            TriedFile.read(path)


def test_a_feature_on_its_own_has_its_share_known_and_area_and_a_leak_is_named() -> None:
    few = replace(DATA.listings[0], price=None)
    changed_market = replace(DATA, listings=(few, *DATA.listings[1:]))
    cents, list_price = single_feature_figures(tried_file(TWO).features(), replace(MATERIAL, labelled=changed_market))
    assert (cents.known, cents.leak) == (79 / 80, None)
    assert 0 < cents.roc_auc < 1
    assert list_price.roc_auc == 0.5
    more = a_market(240, share=0.5)
    (knows,) = single_feature_figures(tried_file(knowing_feature(more)).features(), replace(MATERIAL, labelled=more))
    assert knows.roc_auc == 1.0
    assert knows.leak is not None
    assert knows.leak.startswith("knows (ROC-AUC 1.0000 on ")


def test_a_feature_without_both_classes_has_no_area() -> None:
    one_class = replace(DATA, labels=np.zeros(80, dtype=np.int8))
    assert all(
        math.isnan(feature.roc_auc)
        for feature in single_feature_figures(tried_file(TWO).features(), replace(MATERIAL, labelled=one_class))
    )


@cache
def repeats_with(source: str, without: frozenset[str] = frozenset()) -> list[Repeat]:
    return cross_validate(MATERIAL, repeats=1, changes=Changes(without, tried_file(source)))


def test_a_feature_that_tells_counterfeits_apart_improves_the_model_beyond_chance() -> None:
    figures = summarise(DATA, repeats_with(KNOWS))
    gain = figures["gain_with"]
    assert figures["parts"][WITH]["ap"] == pytest.approx(figures["model"]["ap"] + gain["ap"])
    assert gain["ap_interval"][0] > 0
    assert gain["repeats_better"] == 1
    assert f"difference_to_{WITHOUT}" not in figures


def test_the_model_itself_stays_as_it_is_beside_one_with_tried_features() -> None:
    split = next(iter(grouped_folds(DATA.labels, DATA.groups, folds=FOLDS, seed=0)))
    plain = fold_scores(MATERIAL, split, seed=0, changes=Changes())
    assert np.array_equal(plain[MODEL], repeats_with(KNOWS)[0].values[MODEL][split[1]])
    assert WITH not in plain


def test_the_columns_of_a_model_with_tried_features_add_up() -> None:
    """Its contributions have a column for each of them, before that of the text."""
    facts = market_facts(DATA)
    rows = Changes(tried=tried_file(KNOWS)).of(ListingRows.of(facts), facts)
    model = CounterfeitClassifier().fit(rows, DATA.labels, groups=DATA.groups)
    parts = model.model_.contributions(rows.numbers, rows.listings or ())
    assert parts.features.shape == (80, len(NAMES) + 1)
    assert np.abs(parts.features[:, -1]).max() > 0.1
    assert np.allclose(parts.features.sum(axis=1) + parts.text + parts.base, model.decision_function(rows), atol=1e-9)
    assert model.model_.learner.columns == (*NAMES, "knows")


def test_a_tried_feature_sees_the_facts_and_the_reading_that_the_product_s_features_see() -> None:
    source = "def title_words(e): return len(e.reading.title.split())"
    facts = some_facts(title="Grey  tote", price=Decimal(4))
    assert (
        tried_columns(tried_file(source).features(), [facts])[0, 0]
        == len(compute(facts).evidence.reading.title.split())
        == 2
    )

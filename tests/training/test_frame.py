"""The frame: what a row is compared with, and what the estimator makes of it beside the product's own folds."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from features.compute import FEATURES, NAMES, matrix
from features.listing import Listing
from models.arrays import Floats
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import BRANDS, a_market, market_facts
from training.evaluate.cross_validation import FOLDS, MODEL, Changes, fold_scores
from training.evaluate.material import FileMaterial
from training.evaluate.metrics import average_precision
from training.evaluate.splits import grouped_folds
from training.fit.classifier import CounterfeitClassifier
from training.frame import facts_frame, features_frame
from training.snapshots.labelled import load_labelled
from training.snapshots.references import OfflineReferences

DATA: Final = a_market(60)
SMALL: Final = CounterfeitClassifier(rounds=20, leaves=3, rows_per_leaf=3, folds=2)


def frame_of(*listings: Listing) -> pd.DataFrame:
    return features_frame(listings, np.zeros(len(listings)), as_of=NOW, brands=BRANDS)


def bags(*prices: str, ids: str = "abcdefghij", **changes: object) -> list[Listing]:
    """Bags of one brand, an hour apart."""
    first = replace(DATA.listings[0], brand="Aurelle", title="Aurelle bag", product_type="Bags", **changes)  # type: ignore[arg-type]  # a field of the listing
    return [
        replace(first, external_id=ids[i], price=Decimal(price), occurred_at=NOW - timedelta(hours=24 - i))
        for i, price in enumerate(prices)
    ]


def price_columns(frame: pd.DataFrame) -> list[list[float]]:
    return frame[[feature.name for feature in FEATURES if feature.family == "price"]].to_numpy().tolist()


def test_the_columns_are_the_features_with_their_units_and_the_texts() -> None:
    frame = features_frame(DATA.listings, DATA.labels, as_of=NOW, brands=BRANDS)
    assert list(frame.columns) == [*NAMES, "title", "description", "brand", "product_type", "condition"]
    assert frame.attrs["unit"] == {feature.name: feature.unit for feature in FEATURES}
    assert set(frame.attrs["family"].values()) == {"price", "item", "seller", "brand", "text", "likeness"}
    assert frame["title"].tolist() == [listing.title for listing in DATA.listings]
    assert frame["condition"].isna().all(), "the market says nothing of it"
    assert frame.index.tolist() == [listing.external_id for listing in DATA.listings]


def test_stored_facts_have_the_frame_of_their_features() -> None:
    facts = market_facts(DATA)
    assert np.array_equal(facts_frame(facts)[list(NAMES)].to_numpy(), matrix(facts), equal_nan=True)


def test_a_row_is_compared_with_earlier_rows_alone() -> None:
    rows = bags("100", "110", "120", "130", "140", "20", "9999")
    frame, shorter = frame_of(*rows), frame_of(*rows[:6])
    assert frame["price_to_brand_category"].to_numpy()[:6] == pytest.approx(
        [np.nan] * 5 + [np.log(20 / 120)], nan_ok=True
    )
    assert price_columns(frame)[5] == pytest.approx(price_columns(shorter)[5], nan_ok=True)


def test_rows_stand_in_the_order_of_time_where_every_listing_has_one() -> None:
    rows = bags("100", "110", "120", "130", "140", "20")
    turned = frame_of(*rows[::-1])
    assert turned.attrs["order"] == "occurred_at"
    assert np.array_equal(turned[::-1][list(NAMES)].to_numpy(), frame_of(*rows)[list(NAMES)].to_numpy(), equal_nan=True)
    without = [replace(row, occurred_at=None) for row in rows]
    assert frame_of(*without[::-1]).attrs["order"] == "rows"
    assert price_columns(frame_of(*without[::-1]))[0] != price_columns(frame_of(*without))[5]


def test_an_earlier_version_of_a_listing_is_no_reference_of_it() -> None:
    """Four others and five versions of its own: with them there would be a reference, at its own price."""
    ids = "abcdeeeeee"
    alone = frame_of(*bags("100", "110", "120", "130", "20", ids="abcde"))
    versions = frame_of(*bags("100", "110", "120", "130", *["20"] * 6, ids=ids))
    assert price_columns(versions)[9] == pytest.approx(price_columns(alone)[4], nan_ok=True)


def test_a_planted_leak_shows_no_gain() -> None:
    """Counterfeits stand in groups of five with their own copy, and of four without: only a copy tells them."""
    labels, rows = [], []
    for group in range(24):
        fake = group % 2
        for i in range(4 + fake):
            listing = replace(DATA.listings[0], external_id=f"{group}-{i}", product_type=f"kind {group}")
            rows.append(replace(listing, price=Decimal(50 + (i * 37 + group * 11) % 90)))
            labels.append(fake)
    truth = np.array(labels, dtype=np.int8)

    def gain(columns: Floats) -> float:
        """What the references add to chance out of fold, by sellers of one row."""
        probabilities = cross_val_predict(clone(SMALL), columns, truth, cv=3, method="predict_proba")[:, 1]
        return average_precision(truth, probabilities) - float(truth.mean())

    prices = [i for i, feature in enumerate(FEATURES) if feature.name == "price_to_category"]
    with_copies = OfflineReferences(rows, BRANDS)
    leaking = [with_copies.facts(row, as_of=NOW, marketplace="", took_part=False) for row in rows]
    assert gain(matrix(leaking)[:, prices]) > 0.3
    assert gain(features_frame(rows, truth, as_of=NOW)[list(NAMES)].to_numpy()[:, prices]) < 0.1


def test_a_feature_that_was_made_from_the_label_is_named() -> None:
    rows = a_market(160, share=0.5)
    listings = [replace(row, photos_count=int(label)) for row, label in zip(rows.listings, rows.labels, strict=True)]
    assert any("photo" in leak for leak in features_frame(listings, rows.labels, as_of=NOW).attrs["leaks"])


def test_each_listing_needs_a_label() -> None:
    with pytest.raises(ValueError, match="60 listings and 2 labels"):
        features_frame(DATA.listings, [0, 1], as_of=NOW)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_frame_s_folds_agree_with_the_product_s_on_the_real_rows(datasets: Path) -> None:
    rows = load_labelled(datasets / "ozon_ecup" / "train_sample.csv", "ozon-ecup", received_at=NOW).labelled
    frame, material = features_frame(rows.listings, rows.labels, as_of=NOW), FileMaterial(rows, (), NOW, "ozon-ecup")
    figures = []
    for seed in range(5):
        of_product = np.empty(len(rows.labels))
        for fold in grouped_folds(rows.labels, rows.groups, folds=FOLDS, seed=seed):
            of_product[fold[1]] = fold_scores(material, fold, seed=seed, changes=Changes())[MODEL]
        of_frame = cross_val_predict(
            CounterfeitClassifier(seed=seed),
            frame,
            rows.labels,
            groups=rows.groups,
            cv=StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed),
            method="decision_function",
            params={"groups": rows.groups},
        )
        figures.append([average_precision(rows.labels, values) for values in (of_frame, of_product)])
    framed, product = np.mean(figures, axis=0)
    print(f"average precision by the frame {framed:.3f}, by the product's folds {product:.3f}: {framed - product:+.3f}")  # noqa: T201  # the figure
    assert abs(framed - product) < 0.02

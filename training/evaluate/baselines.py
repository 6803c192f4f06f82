"""The baselines of every evaluation. They were fixed in advance, and a test pins them."""

from collections.abc import Sequence
from typing import Final

import lightgbm as lgb
import numpy as np
from scipy.sparse import hstack
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from features.listing import Listing
from models.arrays import Floats, Labels
from training.evaluate.metrics import average_precision

NAMES: Final = (
    "numbers", "char_text", "rank_average", "field_text", "fair_peer", "best_signal",
    "scorecard", "numbers_with_points", "fair_peer_with_points",
)  # fmt: skip
# The text fields of a listing, each with vocabularies of its own in the fair peer.
_FIELDS: Final = ("title", "description", "brand", "product_type")
# A signal that fewer training rows have is not chosen as the best one: its order of so few rows is chance. Our choice.
_FEWEST_SEEN: Final = 20


def raw_numbers(listings: Sequence[Listing]) -> Floats:
    """The raw numeric columns: price, ages, counts and windows, shape (n, columns)."""
    return np.array([_raw_row(listing) for listing in listings], dtype=np.float64)


def _raw_row(listing: Listing) -> list[float]:
    seller = listing.seller
    singles = (
        listing.price, listing.age_days, listing.comments_count, listing.photos_count, listing.videos_count,
        seller.age_days, seller.rating, seller.rating_count, seller.variety, seller.available,
    )  # fmt: skip
    windows = (
        listing.sales, listing.returns, listing.fake_returns, seller.gmv, seller.accepted, seller.orders,
        seller.returned, seller.returned_value,
    )  # fmt: skip
    numbers = [*singles, *(listing.rating_counts or (None,) * 5), *(number for window in windows for number in window)]
    return [np.nan if number is None else float(number) for number in numbers]


def all_text(listings: Sequence[Listing]) -> list[str]:
    """Brand, title, description and category of each listing, joined into one text."""
    parts = ((listing.brand, listing.title, listing.description, listing.product_type) for listing in listings)
    return [" ".join(part or "" for part in row) for row in parts]


def fit_predict_numbers(
    columns: Floats, labels: Labels, test_columns: Floats, *, weights: Floats | None = None, threads: int = 1
) -> Floats:
    """Probabilities of the test rows by LightGBM on the raw numbers."""
    learner = lgb.LGBMClassifier(
        n_estimators=150,
        learning_rate=0.03,
        num_leaves=7,
        min_child_samples=10,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.4,
        reg_lambda=5,
        random_state=0,
        deterministic=True,
        force_row_wise=True,
        n_jobs=threads,
        verbose=-1,
    )
    learner.fit(columns, labels, sample_weight=weights)
    return np.asarray(learner.booster_.predict(test_columns), dtype=np.float64)


def fit_predict_char_text(texts: Sequence[str], labels: Labels, test_texts: Sequence[str]) -> Floats:
    """Probabilities of the test rows by character TF-IDF and logistic regression."""
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)
    learner = LogisticRegression(C=10, class_weight="balanced", max_iter=2000)
    learner.fit(vectoriser.fit_transform(texts), labels)
    return np.asarray(learner.predict_proba(vectoriser.transform(test_texts))[:, 1], dtype=np.float64)


def fit_predict_field_text(
    listings: Sequence[Listing],
    labels: Labels,
    test_listings: Sequence[Listing],
    *,
    weights: Floats | None = None,
    quickly: bool = False,
) -> Floats:
    """Probabilities of the test rows by the fair peer's text model.

    Each field has TF-IDF of its own over characters (3 to 5) and over words (1 to 2), and one logistic regression
    weighs them all. `quickly` solves it by liblinear's dual coordinate descent, which regularises the intercept too and
    takes a seventh of the time on 3,000 rows.
    """
    rows, test_rows = [], []
    for name in _FIELDS:
        texts, test_texts = _field_texts(listings, name), _field_texts(test_listings, name)
        for analyzer, sizes in (("char_wb", (3, 5)), ("word", (1, 2))):
            vectoriser = TfidfVectorizer(analyzer=analyzer, ngram_range=sizes, sublinear_tf=True, min_df=2)
            try:
                rows.append(vectoriser.fit_transform(texts))
            except ValueError:  # No n-gram of the field is in two rows.
                continue
            test_rows.append(vectoriser.transform(test_texts))
    if not rows:
        return np.full(len(test_listings), float(labels.mean()))
    solver = {"solver": "liblinear", "dual": True, "random_state": 0} if quickly else {}
    learner = LogisticRegression(C=10, class_weight="balanced", max_iter=2000, **solver)
    learner.fit(hstack(rows, format="csr"), labels, sample_weight=weights)
    return np.asarray(learner.predict_proba(hstack(test_rows, format="csr"))[:, 1], dtype=np.float64)


def _field_texts(listings: Sequence[Listing], name: str) -> list[str]:
    return [getattr(listing, name) or "" for listing in listings]


def best_signal(columns: Floats, labels: Labels, test_columns: Floats) -> tuple[int, Floats]:
    """The column that sorts the training rows best, and the test rows' values in that order, higher first.

    Columns have shape (n, columns). A column sorts ascending or descending, as the training rows decide by average
    precision; rows that lack it stand at its median.
    """
    best, signal = -1.0, (0, np.zeros(len(test_columns)))
    for number in range(columns.shape[1]):
        seen = ~np.isnan(columns[:, number])
        if seen.sum() < _FEWEST_SEEN:
            continue
        for sign in (1.0, -1.0):
            fitted = _fill_missing(sign * columns[:, number], sign * columns[seen, number])
            precision = average_precision(labels, fitted)
            if precision > best:
                ordered = _fill_missing(sign * test_columns[:, number], sign * columns[seen, number])
                best, signal = precision, (number, ordered)
    return signal


def _fill_missing(values: Floats, known: Floats) -> Floats:
    return np.where(np.isnan(values), np.median(known), values)


def rank_average(numbers: Floats, text: Floats) -> Floats:
    """(rank of numbers + 2 x rank of text) / 3 over one set of rows."""
    return np.asarray((rankdata(numbers) + 2 * rankdata(text)) / 3, dtype=np.float64)

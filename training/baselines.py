"""The baselines of every evaluation. They were fixed in advance, and a test pins them."""

from collections.abc import Sequence
from typing import Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from features.listing import Listing

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

NAMES: Final = ("numbers", "char_text", "rank_average")


def raw_numbers(listings: Sequence[Listing]) -> Floats:
    """The raw numeric columns: price, ages, counts and windows, shape (n, columns)."""
    return np.array([_raw(listing) for listing in listings], dtype=np.float64)


def _raw(listing: Listing) -> list[float]:
    seller = listing.seller
    singles = (
        listing.price, listing.age_days, listing.comments_count, listing.photos_count, listing.videos_count,
        seller.age_days, seller.rating, seller.rating_count, seller.variety, seller.available,
    )  # fmt: skip
    windows = (
        listing.sales, listing.returns, listing.fake_returns, seller.gmv, seller.accepted, seller.orders,
        seller.returned, seller.returned_value,
    )  # fmt: skip
    found = [*singles, *(listing.rating_counts or (None,) * 5), *(value for window in windows for value in window)]
    return [np.nan if value is None else float(value) for value in found]


def all_text(listings: Sequence[Listing]) -> list[str]:
    """Brand, title, description and category of each listing, joined into one text."""
    parts = ((one.brand, one.title, one.description, one.product_type) for one in listings)
    return [" ".join(part or "" for part in row) for row in parts]


def fit_predict_numbers(columns: Floats, labels: Labels, test_columns: Floats, *, threads: int = 1) -> Floats:
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
    learner.fit(columns, labels)
    return np.asarray(learner.booster_.predict(test_columns), dtype=np.float64)


def fit_predict_char_text(texts: Sequence[str], labels: Labels, test_texts: Sequence[str]) -> Floats:
    """Probabilities of the test rows by character TF-IDF and logistic regression."""
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)
    learner = LogisticRegression(C=10, class_weight="balanced", max_iter=2000)
    learner.fit(vectoriser.fit_transform(texts), labels)
    return np.asarray(learner.predict_proba(vectoriser.transform(test_texts))[:, 1], dtype=np.float64)


def rank_average(numbers: Floats, text: Floats) -> Floats:
    """(rank of numbers + 2 x rank of text) / 3 over one set of rows."""
    return np.asarray((rankdata(numbers) + 2 * rankdata(text)) / 3, dtype=np.float64)

"""The peers for comparison: the pipeline that people write first, and the pipeline that a competent team writes.

Naive: a pandas frame into a scikit-learn Pipeline (word TF-IDF and numbers into LightGBM). Competent: a stateless
HashingVectorizer of the same n-grams as ours into a linear model, and the raw booster on numpy. Neither gives reasons,
resolves brands or decides a route. The third does the full work: the competent one, which also searches the text for
the lexicon and for brand names in one pass, routes by thresholds, and explains what it routes by `pred_contrib`.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import lightgbm as lgb
import numpy as np
import pandas as pd
import re2
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline

from features.lexicon import folded_entries, loosened_patterns
from features.listing import Listing
from features.prefilter import Prefilter
from training.evaluate.baselines import all_text, raw_numbers

_NUMBERS: Final = 39
_ROUNDS: Final = 250
_REASONS: Final = 5
_COLUMNS: Final = [f"n{i}" for i in range(_NUMBERS)]


def frame_of(listings: Sequence[Listing]) -> pd.DataFrame:
    """Text and raw numbers as the naive pipeline takes them."""
    frame = pd.DataFrame(raw_numbers(listings), columns=_COLUMNS)
    frame["text"] = all_text(listings)
    return frame


@dataclass(frozen=True, slots=True)
class NaivePeer:
    """A fitted scikit-learn Pipeline on frames."""

    pipeline: Pipeline

    @classmethod
    def fit(cls, listings: Sequence[Listing], labels: NDArray[np.int8]) -> "NaivePeer":
        """Fit on labelled listings."""
        columns = ColumnTransformer(
            [("text", TfidfVectorizer(max_features=20_000), "text"), ("numbers", "passthrough", _COLUMNS)]
        )
        learner = lgb.LGBMClassifier(n_estimators=_ROUNDS, num_leaves=15, n_jobs=1, verbose=-1)
        return cls(Pipeline([("columns", columns), ("learner", learner)]).fit(frame_of(listings), labels))

    def score(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """Probabilities."""
        return np.asarray(self.pipeline.predict_proba(frame_of(listings))[:, 1])


@dataclass(frozen=True, slots=True)
class CompetentPeer:
    """A stateless vectoriser, a linear text model and the raw booster."""

    characters: HashingVectorizer
    words: HashingVectorizer
    linear: SGDClassifier
    booster: lgb.Booster

    @classmethod
    def fit(cls, listings: Sequence[Listing], labels: NDArray[np.int8]) -> "CompetentPeer":
        """Fit on labelled listings."""
        characters = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=2**18, norm="l2")
        words = HashingVectorizer(analyzer="word", ngram_range=(1, 2), n_features=2**18, norm="l2")
        texts = all_text(listings)
        design = hstack([characters.transform(texts), words.transform(texts)])
        linear = SGDClassifier(loss="log_loss", random_state=0).fit(design, labels)
        columns = np.column_stack([raw_numbers(listings), linear.decision_function(design)])
        settings = {"objective": "binary", "num_leaves": 15, "num_threads": 1, "verbose": -1}
        training_set = lgb.Dataset(columns, labels, params={"verbose": -1})
        return cls(characters, words, linear, lgb.train(settings, training_set, _ROUNDS))

    def score(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """Probabilities."""
        texts = all_text(listings)
        design = hstack([self.characters.transform(texts), self.words.transform(texts)])
        columns = np.column_stack([raw_numbers(listings), self.linear.decision_function(design)])
        return np.asarray(self.booster.predict(columns, num_threads=1))


@dataclass(frozen=True, slots=True)
class FullWorkPeer:
    """The competent peer's score with wording and brands in its columns, a route, and the columns that led to it."""

    names: Prefilter
    lexicon: int  # Patterns before the brands.
    characters: HashingVectorizer
    words: HashingVectorizer
    linear: SGDClassifier
    booster: lgb.Booster

    @classmethod
    def fit(cls, listings: Sequence[Listing], labels: NDArray[np.int8], brands: Sequence[str]) -> "FullWorkPeer":
        """Fit on labelled listings; `brands` are the names to search for."""
        competent = CompetentPeer.fit(listings, labels)
        wording = loosened_patterns(folded_entries())
        names = Prefilter([*wording, *(rf"\b{re2.escape(name.casefold())}\b" for name in brands)])
        shell = cls(names, len(wording), competent.characters, competent.words, competent.linear, competent.booster)
        settings = {"objective": "binary", "num_leaves": 15, "num_threads": 1, "verbose": -1}
        training_set = lgb.Dataset(shell.columns(listings), labels, params={"verbose": -1})
        return replace(shell, booster=lgb.train(settings, training_set, _ROUNDS))

    def columns(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """Raw numbers, the text's log-odds, and how many wordings and brands the text has."""
        texts = all_text(listings)
        design = hstack([self.characters.transform(texts), self.words.transform(texts)])
        hits = [self.names.possible(unicodedata.normalize("NFKC", text).casefold()) for text in texts]
        wordings = [sum(number < self.lexicon for number in each) for each in hits]
        brands = [len(each) - many for each, many in zip(hits, wordings, strict=True)]
        return np.column_stack([raw_numbers(listings), self.linear.decision_function(design), wordings, brands])

    def answer(self, listings: Sequence[Listing], threshold: float) -> list[tuple[float, list[int]]]:
        """Probabilities, and for those from the threshold on the five columns with the largest contributions."""
        columns = self.columns(listings)
        scores = np.asarray(self.booster.predict(columns, num_threads=1))
        answers: list[tuple[float, list[int]]] = [(float(score), []) for score in scores]
        if len(routed := np.flatnonzero(scores >= threshold)):
            shares = np.asarray(self.booster.predict(columns[routed], pred_contrib=True, num_threads=1))[:, :-1]
            for i, largest in zip(routed, np.argsort(-np.abs(shares), axis=1)[:, :_REASONS], strict=True):
                answers[i] = (answers[i][0], largest.tolist())
        return answers


PEERS: Final[dict[str, type[NaivePeer] | type[CompetentPeer]]] = {"naive": NaivePeer, "competent": CompetentPeer}

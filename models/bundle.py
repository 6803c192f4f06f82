"""A model as files: text, arrays and JSON under one digest. Nothing in it is code, and nothing is unpickled.

This module maps bytes by name to a model and back, and touches no disk. What a bundle says of itself (time, host,
commit, figures) lies in other files beside it and outside the digest.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from features.brands import Brand, BrandRegister
from features.compute import evidence, input_fingerprint, vector
from features.facts import Facts
from features.references import PriceReference, PriceTable, Rates, References
from features.text_kernel import COLUMNS
from models.calibration import Sigmoid, expit
from models.classifier import Classifier, Combiner, Join, Standard, forest_columns
from models.errors import BundleRefused
from models.explanations import explain
from models.forest import Forest
from models.routing import Thresholds
from models.score import Reason, Score, ScoreKind
from models.textmodel import TextModel

SCHEMA: Final = 1
MANIFEST: Final = "manifest.json"
_FOREST, _WEIGHTS, _MODEL, _REFERENCES = "forest.txt", "text_weights.npy", "model.json", "references.json"
_FILES: Final = (_FOREST, _WEIGHTS, _MODEL, _REFERENCES)


@dataclass(frozen=True, slots=True)
class Masking:
    """How the training rows were doubled with whole signal families hidden."""

    seed: int
    share: float


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that scoring needs: the classifier, its thresholds, and the references that offline commands use."""

    classifier: Classifier
    thresholds: Thresholds
    references: References
    references_as_of: datetime | None
    masking: Masking
    fingerprint: str
    digest: str

    def score(self, facts: Facts, *, with_reasons: bool = True) -> Score:
        """The calibrated score of one listing version; `score_many` of one."""
        return self.score_many([facts], with_reasons=[with_reasons])[0]

    def score_many(
        self, all_facts: Sequence[Facts], *, with_reasons: Sequence[bool] | None = None, threads: int = 1
    ) -> list[Score]:
        """Scores in order. Reasons cost about a millisecond a listing, so a caller names the rows that need them."""
        if not all_facts:
            return []
        found = [evidence(facts) for facts in all_facts]
        matrix = np.stack([vector(one) for one in found])
        listings = [facts.listing for facts in all_facts]
        log_odds = self.classifier.log_odds(matrix, listings, threads=threads)
        wanted = [i for i in range(len(found)) if with_reasons is None or with_reasons[i]]
        reasons: dict[int, tuple[Reason, ...]] = dict.fromkeys(range(len(found)), ())
        if wanted:
            parts = self.classifier.contributions(matrix[wanted], [listings[i] for i in wanted], threads=threads)
            for row, i in enumerate(wanted):
                words = self.classifier.text.telling_words(listings[i])
                reasons[i] = explain(found[i], matrix[i], parts.features[row], float(parts.text[row]), words)
        return [
            Score(ScoreKind.CALIBRATED, float(v), expit(float(v)), reasons[i], self.digest, self.fingerprint)
            for i, v in enumerate(log_odds)
        ]


def to_files(
    classifier: Classifier,
    *,
    thresholds: Thresholds,
    references: References,
    references_as_of: datetime | None,
    masking: Masking,
) -> dict[str, bytes]:
    """The files of a bundle by name, the manifest among them; equal models give equal bytes."""
    weights = io.BytesIO()
    np.save(weights, classifier.text.weights, allow_pickle=False)
    files = {
        _FOREST: classifier.forest.text.encode(),
        _WEIGHTS: weights.getvalue(),
        _MODEL: _json(
            {
                "combiner": asdict(classifier.combiner),
                "calibration": asdict(classifier.calibration),
                "thresholds": asdict(thresholds),
                "text_intercept": classifier.text.intercept,
                "masking": asdict(masking),
            }
        ),
        _REFERENCES: _json(_references_to_dict(references, references_as_of)),
    }
    manifest = {
        "schema": SCHEMA,
        "fingerprint": input_fingerprint(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    return {**files, MANIFEST: _json(manifest)}


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest that names a bundle: SHA-256 of its manifest, which names every other file's digest."""
    if MANIFEST not in files:
        raise BundleRefused("The bundle has no manifest.")
    return hashlib.sha256(files[MANIFEST]).hexdigest()


def verify(files: Mapping[str, bytes], *, expected: str | None = None) -> str:
    """The digest of a bundle whose every file is as its manifest says, made for this feature set.

    Raises
    ------
    BundleRefused
        A file is missing or altered, the digest is not the expected one, or the features differ.
    """
    digest = digest_of(files)
    if expected is not None and digest != expected:
        raise BundleRefused(f"The bundle is {digest[:12]}, not {expected[:12]} as approved.")
    manifest = _read(files, MANIFEST)
    if manifest.get("schema") != SCHEMA:
        raise BundleRefused(f"The bundle has schema {manifest.get('schema')}; this version reads {SCHEMA}.")
    if manifest.get("fingerprint") != input_fingerprint():
        raise BundleRefused("The bundle was made for another feature set. Retrain it with this version.")
    named = manifest.get("files")
    if not isinstance(named, dict) or set(named) != set(_FILES):
        raise BundleRefused("The manifest does not name the files of a bundle.")
    for name in _FILES:
        if name not in files:
            raise BundleRefused(f"The bundle has no {name}.")
        if hashlib.sha256(files[name]).hexdigest() != named[name]:
            raise BundleRefused(f"{name} is not the file that the manifest names.")
    return digest


def from_files(files: Mapping[str, bytes], *, expected: str | None = None) -> Bundle:
    """The bundle in verified files.

    A digest proves that the files are those that were approved, not that they are harmless: LightGBM reads text
    without checks, so files of unknown origin are first loaded in a child process (serving.bundles).

    Raises
    ------
    BundleRefused
        As `verify`, or a file does not hold what its name promises.
    """
    digest = verify(files, expected=expected)
    model = _read(files, _MODEL)
    try:
        combiner = Combiner(
            join=Join(model["combiner"]["join"]),
            text_weight=float(model["combiner"]["text_weight"]),
            numbers=Standard(**model["combiner"]["numbers"]),
            text=Standard(**model["combiner"]["text"]),
        )
        weights = np.load(io.BytesIO(files[_WEIGHTS]), allow_pickle=False)
        if weights.shape != (COLUMNS,) or weights.dtype != np.float32:
            raise BundleRefused(f"{_WEIGHTS} has shape {weights.shape} and type {weights.dtype}.")
        forest = Forest(files[_FOREST].decode())
        if forest.columns != len(forest_columns(combiner.join)):
            raise BundleRefused("The forest has other columns than the feature set.")
        references, as_of = _references_from_dict(_read(files, _REFERENCES))
        return Bundle(
            classifier=Classifier(
                forest,
                TextModel(weights, float(model["text_intercept"])),
                combiner,
                Sigmoid(**model["calibration"]),
            ),
            thresholds=Thresholds(**model["thresholds"]),
            references=references,
            references_as_of=as_of,
            masking=Masking(**model["masking"]),
            fingerprint=input_fingerprint(),
            digest=digest,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BundleRefused(f"The bundle does not hold what it should: {type(error).__name__}.") from None


def _references_to_dict(references: References, as_of: datetime | None) -> dict[str, Any]:
    if not isinstance(references.prices, PriceTable):
        raise TypeError("a bundle keeps a table of references, not the prices behind it")
    return {
        "as_of": as_of.isoformat() if as_of else None,
        "base_currency": references.rates.base_currency,
        "rates": dict(sorted(references.rates.table.items())),
        "brands": [asdict(brand) for _, brand in sorted(references.brands.brands.items())],
        "prices": [[*key, *reference] for key, reference in sorted(references.prices.rows.items())],
    }


def _references_from_dict(found: dict[str, Any]) -> tuple[References, datetime | None]:
    brands = [
        Brand(row["brand_id"], row["name"], tuple(row["aliases"]), tuple(row["gtin_prefixes"]))
        for row in found["brands"]
    ]
    prices = {(brand, category): PriceReference(median, mad, n) for brand, category, median, mad, n in found["prices"]}
    references = References(Rates(found["base_currency"], found["rates"]), BrandRegister(brands), PriceTable(prices))
    return references, datetime.fromisoformat(found["as_of"]) if found["as_of"] else None


def _read(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        found = json.loads(files[name])
    except ValueError:
        raise BundleRefused(f"{name} is not JSON.") from None
    if not isinstance(found, dict):
        raise BundleRefused(f"{name} is not an object.")
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()

"""A model as files: text, arrays and JSON under one digest. It contains no code, and loading it unpickles nothing.

This module maps named bytes to a model and back, without access to a disk. The bundle's metadata (time, host, commit,
figures) is in separate files. The digest does not cover them.
"""

import hashlib
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.compute import Computed, input_fingerprint
from features.references import References, references_from_dict, references_to_dict
from features.text_kernel import COLUMNS
from models.calibration import calibration_from_dict, calibration_to_dict, expits
from models.classifier import Classifier, Combiner, Join, Standard, forest_columns
from models.errors import BundleRefused
from models.explanations import explain
from models.forest import Forest
from models.routing import Thresholds
from models.score import Reason, Score, ScoreKind
from models.textmodel import TextModel

SCHEMA: Final = 2
MANIFEST: Final = "manifest.json"
_FOREST, _WEIGHTS, _MODEL, _REFERENCES = "forest.txt", "text_weights.npy", "model.json", "references.json"
_FILES: Final = (_FOREST, _WEIGHTS, _MODEL, _REFERENCES)
_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\x00(..)\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,9}),\), \} *\n", re.DOTALL
)
_BEFORE: Final = 10  # Bytes of a .npy file of version 1.0 before the part that its length counts.
_PARTS: Final = frozenset({"combiner", "calibration", "thresholds", "text_intercept", "masking"})
_COMBINED: Final = frozenset({"join", "text_weight", "numbers", "text"})


@dataclass(frozen=True, slots=True)
class Masking:
    """How the training rows were copied with whole signal families masked."""

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

    def score_many(self, rows: Sequence[Computed], *, with_reasons: bool = True, threads: int = 1) -> list[Score]:
        """Scores in order. Reasons cost about a millisecond a listing, so bulk work leaves them out."""
        if not rows:
            return []
        matrix = np.stack([row.vector for row in rows])
        listings = [row.facts.listing for row in rows]
        values = self.classifier.values(matrix, listings, threads=threads)
        calibration = self.classifier.calibration
        log_odds, intervals = calibration.log_odds(values), calibration.intervals(values)
        reasons = self._reasons(rows, matrix, threads) if with_reasons else [()] * len(rows)
        return [
            Score(
                kind=ScoreKind.CALIBRATED,
                value=float(log_odds[i]),
                probability=float(probability),
                reasons=reasons[i],
                scorer=self.digest,
                fingerprint=self.fingerprint,
                interval=None if intervals is None else (float(intervals[i, 0]), float(intervals[i, 1])),
            )
            for i, probability in enumerate(expits(log_odds))
        ]

    def _reasons(self, rows: Sequence[Computed], matrix: NDArray[np.float64], threads: int) -> list[tuple[Reason, ...]]:
        listings = [row.facts.listing for row in rows]
        parts = self.classifier.contributions(matrix, listings, threads=threads)
        return [
            explain(
                row.evidence,
                row.vector,
                parts.features[i],
                float(parts.text[i]),
                self.classifier.text.telling_words(listings[i]),
            )
            for i, row in enumerate(rows)
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
                "calibration": calibration_to_dict(classifier.calibration),
                "thresholds": asdict(thresholds),
                "text_intercept": classifier.text.intercept,
                "masking": asdict(masking),
            }
        ),
        _REFERENCES: _json(references_to_dict(references, references_as_of)),
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
    """The digest of a bundle whose files match its manifest and this feature set.

    Raises
    ------
    BundleRefused
        A file is missing or altered, the digest is not the expected one, or the features differ.
    """
    digest = digest_of(files)
    if expected is not None and digest != expected:
        raise BundleRefused(
            "The bundle is {digest}, not {expected} as approved.", digest=digest[:12], expected=expected[:12]
        )
    manifest = _read(files, MANIFEST)
    if type(manifest.get("schema")) is not int or manifest["schema"] != SCHEMA:
        raise BundleRefused(
            "The bundle has schema {found}; this version reads {wanted}.",
            found=str(manifest.get("schema")),
            wanted=SCHEMA,
        )
    if manifest.get("fingerprint") != input_fingerprint():
        raise BundleRefused("The bundle was made for another feature set. Retrain it with this version.")
    named = manifest.get("files")
    if not isinstance(named, dict) or set(named) != set(_FILES):
        raise BundleRefused("The manifest does not name the files of a bundle.")
    for name in _FILES:
        if name not in files:
            raise BundleRefused("The bundle has no {name}.", name=name)
        if (found := hashlib.sha256(files[name]).hexdigest()) != named[name]:
            raise BundleRefused(
                "{name} is not the file that the manifest names: its SHA-256 is {found}, not {expected}.",
                name=name,
                found=found[:12],
                expected=str(named[name])[:12],
            )
    return digest


def from_files(files: Mapping[str, bytes], *, expected: str | None = None) -> Bundle:
    """The bundle in verified files.

    A digest proves that the files are the approved ones, not that they are harmless. LightGBM reads text without
    checks, so files of unknown origin are first loaded in a child process (`serving.scoring.service.bundles`).

    Raises
    ------
    BundleRefused
        As `verify`, or the content of a file is invalid.
    """
    digest = verify(files, expected=expected)
    model = _read(files, _MODEL)
    try:
        if model.keys() != _PARTS or model["combiner"].keys() != _COMBINED:
            raise BundleRefused("{name} does not hold the parts of a model.", name=_MODEL)
        combiner = Combiner(
            join=Join(model["combiner"]["join"]),
            text_weight=_share(model["combiner"]["text_weight"]),
            numbers=_standard(model["combiner"]["numbers"]),
            text=_standard(model["combiner"]["text"]),
        )
        weights = _weights(files[_WEIGHTS])
        forest = Forest(files[_FOREST].decode())
        if forest.columns != forest_columns(combiner.join):
            raise BundleRefused("The forest has other columns than the feature set.")
        references, as_of = references_from_dict(_read(files, _REFERENCES))
        return Bundle(
            classifier=Classifier(
                forest,
                TextModel(weights, _number(model["text_intercept"])),
                combiner,
                calibration_from_dict(model["calibration"]),
            ),
            thresholds=_thresholds(model["thresholds"]),
            references=references,
            references_as_of=as_of,
            masking=_masking(model["masking"]),
            fingerprint=input_fingerprint(),
            digest=digest,
        )
    except (AttributeError, KeyError, MemoryError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise BundleRefused("The bundle does not hold what it should: {kind}.", kind=type(error).__name__) from None


def _numbers(found: Mapping[str, object]) -> dict[str, float]:
    return {name: _number(value) for name, value in found.items()}


def _number(value: object) -> float:
    """A finite number; otherwise the first comparison with a listing would fail."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _share(value: object) -> float:
    found = _number(value)
    if not 0 <= found <= 1:
        raise ValueError
    return found


def _standard(found: Mapping[str, object]) -> Standard:
    standard = Standard(**_numbers(found))
    if standard.spread <= 0:
        raise ValueError
    return standard


def _thresholds(found: Mapping[str, object]) -> Thresholds:
    """The threshold for analysts is at most that for brands."""
    thresholds = Thresholds(**{name: _share(value) for name, value in found.items()})
    if thresholds.analyst_from > thresholds.ask_brand_from:
        raise ValueError
    return thresholds


def _masking(found: Mapping[str, object]) -> Masking:
    if found.keys() != {"seed", "share"} or type(found["seed"]) is not int:
        raise ValueError
    return Masking(found["seed"], _share(found["share"]))


def _weights(content: bytes) -> NDArray[np.float32]:
    """The array in a .npy file. Its header must equal what this version writes; it is never evaluated."""
    header = _HEADER.match(content)
    if header is None or int.from_bytes(header[1], "little") != header.end() - _BEFORE or int(header[2]) != COLUMNS:
        raise BundleRefused("{name} is no array of {n} numbers.", name=_WEIGHTS, n=COLUMNS)
    found = np.frombuffer(content[header.end() :], dtype=np.float32).copy()
    if len(found) != COLUMNS or not np.isfinite(found).all():
        raise BundleRefused("{name} does not hold {n} finite numbers.", name=_WEIGHTS, n=COLUMNS)
    return found


def _read(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        found = json.loads(files[name].decode(), object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise BundleRefused("{name} is not JSON.", name=name) from None
    if not isinstance(found, dict):
        raise BundleRefused("{name} is not an object.", name=name)
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a repeated name, because another parser may read it differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()

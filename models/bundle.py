"""A model as files: text, arrays and JSON under one digest. It contains no code, and loading it unpickles nothing.

This module maps named bytes to a model and back, without access to a disk. The bundle's metadata (time, host, commit,
figures) is in separate files. The digest does not cover them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import ComputedFeatures, input_fingerprint
from features.references import References, references_from_dict, references_to_dict
from models.bundle_files import (
    as_array,
    as_json,
    finite_number,
    finite_numbers,
    parse_share,
    parse_slope,
    read_json,
    read_weights,
    thresholds_from,
)
from models.calibration import calibration_from_dict, calibration_to_dict, expits
from models.classifier import Classifier, Combiner, Join, StandardScale, TextModel, learner_columns
from models.errors import BundleRefused
from models.evidence import hard_evidence
from models.explanations import Split, explain
from models.forest import Forest
from models.learners import LEARNERS, Learner
from models.own_words import OwnWords
from models.phrases import NO_PHRASES, Contrast, PhraseTable, phrases_of
from models.points import Points
from models.routing import Thresholds
from models.score import Reason, Score, ScoreKind
from models.second_stage import FILE as _SECOND_STAGE
from models.second_stage import SecondStage

SCHEMA: Final = 4
# The schemas before phrases, and before phrases of a lower bound and a segmenter; such bundles quote no wording.
_WITHOUT_PHRASES, _WITHOUT_BOUND = 2, 3
MANIFEST: Final = "manifest.json"
_WEIGHTS, _MODEL, _REFERENCES = "text_weights.npy", "model.json", "references.json"
_PHRASES: Final = "phrases.json"
_FIRST: Final = (_WEIGHTS, _MODEL, _REFERENCES)
_FILES: Final = {_WITHOUT_PHRASES: _FIRST, **dict.fromkeys((_WITHOUT_BOUND, SCHEMA), (*_FIRST, _PHRASES))}
# In the model's file; a bundle without them has a forest, was fitted by the defaults, and has no points.
_LEARNER, _SETTINGS, _POINTS = "learner", "settings", "points"
_MOST_QUOTED: Final = 3
_PARTS: Final = frozenset({"combiner", "calibration", "thresholds", "text_intercept", "masking"})
_COMBINED: Final = frozenset({"join", "text_weight", "numbers", "text"})


@dataclass(frozen=True, slots=True)
class Masking:
    """How the training rows were copied with whole signal families masked."""

    seed: int
    share: float


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that scoring needs: the classifier, its thresholds, the references that offline commands use, the
    phrases that reasons quote, and how an encoder's reading is weighed, where one took part in training."""

    classifier: Classifier
    thresholds: Thresholds
    references: References
    references_as_of: datetime | None
    masking: Masking
    phrases: PhraseTable
    fingerprint: str
    digest: str
    second_stage: SecondStage | None = None
    _pulls: dict[tuple[str, tuple[int, ...]], float] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def score_many(
        self, rows: Sequence[ComputedFeatures], *, with_reasons: bool = True, threads: int = 1
    ) -> list[Score]:
        """Scores in order. Reasons cost about a millisecond a listing, so bulk work leaves them out."""
        if not rows:
            return []
        if len(rows) == 1 and not with_reasons:
            odds = self.classifier.calibrate(rows[0].vector, rows[0].facts.listing)
            return [Score(ScoreKind.CALIBRATED, *odds[:2], (), self.digest, self.fingerprint, odds.interval)]
        matrix = np.stack([row.vector for row in rows])
        values = self.classifier.values(matrix, [row.facts.listing for row in rows], threads=threads)
        calibration = self.classifier.calibration
        log_odds, intervals = calibration.log_odds(values), calibration.intervals(values)
        reasons = self._reasons(rows, matrix, log_odds, threads) if with_reasons else [()] * len(rows)
        return [
            Score(
                kind=ScoreKind.CALIBRATED,
                value=float(log_odds[i]),
                probability=float(probability),
                reasons=reasons[i],
                scorer=self.digest,
                fingerprint=self.fingerprint,
                interval=None if intervals is None else (float(intervals[i, 0]), float(intervals[i, 1])),
                evidence=hard_evidence(rows[i].evidence, rows[i].vector) if with_reasons else (),
            )
            for i, probability in enumerate(expits(log_odds))
        ]

    def _reasons(
        self, rows: Sequence[ComputedFeatures], matrix: NDArray[np.float64], log_odds: NDArray[np.float64], threads: int
    ) -> list[tuple[Reason, ...]]:
        parts = self.classifier.contributions(matrix, [row.facts.listing for row in rows], threads=threads)
        return [
            explain(
                row.evidence,
                row.vector,
                Split(float(log_odds[i]), parts.features[i], float(parts.text[i]), float(parts.base[i])),
                *self.words_of_text(row, float(parts.text[i])),
            )
            for i, row in enumerate(rows)
        ]

    def quoted(self, row: ComputedFeatures) -> tuple[Contrast, ...]:
        """The phrases of a listing that may be quoted and that point to counterfeit, the strongest first."""
        pulls = [
            (self._pull(contrast.phrase, contrast.spoken.fields), contrast)
            for contrast in self.phrases.contrasts(row.facts)
        ]
        contrasts: list[Contrast] = []
        for pull, contrast in sorted(pulls, key=lambda pair: (-pair[0], pair[1].phrase)):
            if pull > 0 and not any(contrast.repeats(other) for other in contrasts):
                contrasts.append(contrast)
        return tuple(contrasts[:_MOST_QUOTED])

    def words_of_text(self, row: ComputedFeatures, text: float) -> tuple[tuple[Contrast, ...], tuple[str, ...]]:
        """The phrases quoted for a text's part of a score, or else the words weighed most; none below zero."""
        if text <= 0:
            return (), ()
        quoted = self.quoted(row)
        return quoted, () if quoted else self._weighed(row)

    def _weighed(self, row: ComputedFeatures) -> tuple[str, ...]:
        """The words of a listing that its text's score comes from most, names of brands and goods left out."""
        own = OwnWords.of(row.facts)
        pulls = {
            word: self.classifier.text.pull(word, spoken.fields)
            for word, spoken in phrases_of(row.facts).items()
            if " " not in word and not own.include(word)
        }
        heaviest = sorted(pulls, key=lambda word: (-pulls[word], word))[:_MOST_QUOTED]
        return tuple(word for word in heaviest if pulls[word] > 0)

    def _pull(self, phrase: str, fields: tuple[int, ...]) -> float:
        """The weights of a phrase, kept; there are as many phrases as the table has, and three ways to have one."""
        pull = self._pulls.get((phrase, fields))
        if pull is None:
            pull = self._pulls[phrase, fields] = self.classifier.text.pull(phrase, fields)
        return pull


def to_files(
    classifier: Classifier,
    *,
    thresholds: Thresholds,
    references: References,
    references_as_of: datetime | None,
    masking: Masking,
    phrases: PhraseTable,
    settings: Mapping[str, float] | None = None,
    second_stage: SecondStage | None = None,
) -> dict[str, bytes]:
    """The files of a bundle by name, the manifest among them; equal models give equal bytes."""
    files = {
        **classifier.learner.files(),
        _WEIGHTS: as_array(classifier.text.weights),
        _MODEL: as_json(
            {
                "combiner": asdict(classifier.combiner),
                "calibration": calibration_to_dict(classifier.calibration),
                "thresholds": asdict(thresholds),
                "text_intercept": classifier.text.intercept,
                "masking": asdict(masking),
                **({} if classifier.learner.name == Forest.name else {_LEARNER: classifier.learner.name}),
                **({_SETTINGS: dict(settings)} if settings else {}),
                **({} if classifier.points is None else {_POINTS: classifier.points.to_dict()}),
            }
        ),
        _REFERENCES: as_json(references_to_dict(references, references_as_of)),
        _PHRASES: as_json(phrases.to_dict()),
        **({} if second_stage is None else {_SECOND_STAGE: as_json(second_stage.to_dict())}),
    }
    manifest = {
        "schema": SCHEMA,
        "fingerprint": input_fingerprint(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    return {**files, MANIFEST: as_json(manifest)}


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest that names a bundle: SHA-256 of its manifest, which names every other file's digest."""
    if MANIFEST not in files:
        raise BundleRefused("The bundle has no manifest.")
    return hashlib.sha256(files[MANIFEST]).hexdigest()


def verify(files: Mapping[str, bytes], *, expected: str | None = None) -> str:
    """The digest of a bundle whose files match its manifest and this feature set.

    Raises BundleRefused (a file is missing or altered, the digest is not the expected one, or the features differ).
    """
    digest = digest_of(files)
    if expected is not None and digest != expected:
        raise BundleRefused(
            "The bundle is {digest}, not {expected} as approved.", digest=digest[:12], expected=expected[:12]
        )
    manifest = read_json(files, MANIFEST)
    schema = manifest.get("schema")
    if type(schema) is not int or schema not in _FILES:
        raise BundleRefused(
            "The bundle has schema {found}; this version reads {wanted}.",
            found=str(schema),
            wanted=f"{min(_FILES)} to {SCHEMA}",
        )
    if manifest.get("fingerprint") != input_fingerprint():
        raise BundleRefused("The bundle was made for another feature set. Retrain it with this version.")
    named = manifest.get("files")
    if not isinstance(named, dict) or not set(named) >= set(_FILES[schema]):
        raise BundleRefused("The manifest does not name the files of a bundle.")
    of_learner = sorted(set(named) - set(_FILES[schema]))
    for name in (*of_learner, *_FILES[schema]):
        if name not in files:
            raise BundleRefused("The bundle has no {name}.", name=name)
        if (file_digest := hashlib.sha256(files[name]).hexdigest()) != named[name]:
            raise BundleRefused(
                "{name} is not the file that the manifest names: its SHA-256 is {found}, not {expected}.",
                name=name,
                found=file_digest[:12],
                expected=str(named[name])[:12],
            )
    if sorted({*of_learner} - {_SECOND_STAGE}) != sorted(_learner_class(files).file_names):
        raise BundleRefused("The manifest does not name the files of a bundle.")
    return digest


def _learner_class(files: Mapping[str, bytes]) -> type[Learner]:
    """The learner that a bundle names. Raises BundleRefused (this version does not know it)."""
    name = read_json(files, _MODEL).get(_LEARNER, Forest.name)
    if not isinstance(name, str) or name not in LEARNERS:
        raise BundleRefused("The bundle's learner is {name}, which this version does not have.", name=str(name)[:100])
    return LEARNERS[name]


def from_files(files: Mapping[str, bytes], *, expected: str | None = None) -> Bundle:
    """The bundle in verified files.

    A digest proves that the files are the approved ones, not that they are harmless. LightGBM reads text without
    checks, so files of unknown origin are first loaded in a child process (`serving.scoring.service.bundles`).

    Raises BundleRefused (as `verify`, or the content of a file is invalid).
    """
    digest = verify(files, expected=expected)
    model, manifest = read_json(files, _MODEL), read_json(files, MANIFEST)
    named, quotes = manifest["files"], manifest["schema"] == SCHEMA
    try:
        finite_numbers(model.get(_SETTINGS, {}))  # A record for people.
        if model.keys() - {_LEARNER, _SETTINGS, _POINTS} != _PARTS or model["combiner"].keys() != _COMBINED:
            raise BundleRefused("{name} does not hold the parts of a model.", name=_MODEL)
        join = Join(model["combiner"]["join"])
        weight = parse_slope if join is Join.OFFSET else parse_share
        combiner = Combiner(
            join=join,
            text_weight=weight(model["combiner"]["text_weight"]),
            numbers=StandardScale(**finite_numbers(model["combiner"]["numbers"])),
            text=StandardScale(**finite_numbers(model["combiner"]["text"])),
        )
        weights = read_weights(files, _WEIGHTS)
        learner = _learner_class(files).read(files)
        if learner.columns != learner_columns(combiner.join):
            raise BundleRefused("The {learner} has other columns than the feature set.", learner=learner.name)
        references, as_of = references_from_dict(read_json(files, _REFERENCES))
        return Bundle(
            classifier=Classifier(
                learner,
                TextModel(weights, finite_number(model["text_intercept"])),
                combiner,
                calibration_from_dict(model["calibration"]),
                Points.from_dict(model[_POINTS]) if _POINTS in model else None,
            ),
            thresholds=thresholds_from(model["thresholds"]),
            references=references,
            references_as_of=as_of,
            masking=_parse_masking(model["masking"]),
            phrases=PhraseTable.from_dict(read_json(files, _PHRASES)) if quotes else NO_PHRASES,
            fingerprint=input_fingerprint(),
            digest=digest,
            second_stage=SecondStage.from_dict(read_json(files, _SECOND_STAGE)) if _SECOND_STAGE in named else None,
        )
    except (AttributeError, KeyError, MemoryError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise BundleRefused("The bundle does not hold what it should: {kind}.", kind=type(error).__name__) from None


def _parse_masking(document: Mapping[str, object]) -> Masking:
    if document.keys() != {"seed", "share"} or type(document["seed"]) is not int:
        raise ValueError
    return Masking(document["seed"], parse_share(document["share"]))

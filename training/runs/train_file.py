"""Training on a labelled file: the same fit as on a snapshot, with references from the file itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.brands import BrandRegister
from features.compute import NAMES
from features.facts import Facts
from features.references import References
from models.bundle import digest_of, to_files
from models.forest import Forest
from models.routing import Thresholds
from models.second_stage import SecondStage
from training.evaluate.comparison import curves, figures
from training.evaluate.operating import choose_thresholds, operating_points, promises
from training.fit.classifier import CounterfeitClassifier
from training.fit.cluster_input import fit_input_at
from training.fit.listing_rows import ListingRows
from training.fit.phrases import fit_phrases
from training.fit.second_stage import NO_ENCODER, second_stage_of
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.runs.pipeline import without_nan
from training.snapshots.labelled import load_labelled
from training.snapshots.references import OfflineReferences


@dataclass(frozen=True, slots=True)
class FileTraining:
    """The files of a bundle, its report and its digest."""

    files: Mapping[str, bytes]
    report: Mapping[str, Any]
    digest: str


def train_on_file(
    path: Path,
    format_name: str,
    *,
    received_at: datetime,
    seed: int,
    threads: int,
    learner: str = Forest.name,
    settings: FitSettings = DEFAULT_SETTINGS,
    encoder: str = NO_ENCODER,
    dask: str | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> FileTraining:
    """Fit on every labelled row. No rows are reserved for judging; `evaluate` measures the quality.

    With `dask`, the address of a scheduler, the workers of a cluster compute features and text matrix; the fit is here.

    Raises ValueError (no labels, or too few sellers of a class) or ClusterFailed (the cluster cannot be used or is
    lost).
    """
    material = load_labelled(path, format_name, received_at=received_at).labelled
    progress(0.1)
    offline = OfflineReferences(material.listings, BrandRegister([]))
    facts = [
        offline.facts(listing, as_of=received_at, marketplace=format_name, took_part=True)
        for listing in material.listings
    ]
    progress(0.2)
    model = CounterfeitClassifier(seed=seed, threads=threads, learner=learner, **settings.parameters())
    if dask is None:
        rows = ListingRows.of(facts)
    else:
        numbers, texts = fit_input_at(dask, facts, lambda share: progress(0.2 + 0.2 * share))
        rows = ListingRows(numbers, material.listings, texts=texts)
    model.fit(rows, material.labels, groups=material.groups)
    progress(0.6)
    second = second_stage_of(
        encoder,
        model,
        facts,
        material.labels,
        groups=material.groups,
        sample_weight=np.ones(len(material.labels)),
        progress=lambda share: progress(0.6 + 0.3 * share),
    )
    progress(0.9)
    probabilities = model.model_.calibration.probabilities(model.out_of_fold_)
    thresholds = choose_thresholds(material.labels, probabilities, np.ones(len(material.labels)))
    # The age of the file's prices is unknown, and the time of this run must not change the digest.
    files = bundle_files(
        model,
        thresholds,
        facts,
        material.labels,
        material.groups,
        offline.references(),
        settings=settings,
        second_stage=second.stage,
    )
    report = {
        "rows": len(material.labels),
        "positives": int(material.labels.sum()),
        "sellers": len(np.unique(material.groups)),
        "format": format_name,
        "seed": seed,
        "learner": learner,
        "settings": settings.changed(),
        "feature_count": len(NAMES),
        "join": model.model_.combiner.join.value,
        "text_weight": model.model_.combiner.text_weight,
        "points_weight": None if model.model_.points is None else model.model_.points.weight,
        "calibration": model.model_.calibration.method.value,
        "thresholds": asdict(thresholds),
        "operating_points": operating_points(material.labels, probabilities, thresholds),
        "promises": promises(material.labels, probabilities, material.groups),
        "out_of_fold": figures(material.labels, probabilities),
        "second_stage": second.report,
        "curves": curves(material.labels, probabilities),
        "judged": {"rows": 0, "positives": 0, "why": "Trained on a file; `touchstone evaluate` cross-validates."},
        "gates": [],
        "evidence_levels": {"file": len(material.labels)},
        "lanes": {"file": len(material.labels)},
        "snapshot": f"{format_name} file",
    }
    progress(1.0)
    return FileTraining(files, without_nan(report), digest_of(files))


def bundle_files(
    model: CounterfeitClassifier,
    thresholds: Thresholds,
    facts: Sequence[Facts],
    labels: NDArray[np.int8],
    groups: NDArray[np.intp],
    references: References,
    *,
    settings: FitSettings = DEFAULT_SETTINGS,
    second_stage: SecondStage | None = None,
) -> dict[str, bytes]:
    """The bundle of a model that was fitted on these rows, each with the weight of one, as files by name."""
    return to_files(
        model.model_,
        thresholds=thresholds,
        references=references,
        references_as_of=None,
        masking=model.masking_,
        settings=settings.changed(),
        phrases=fit_phrases(facts, labels, np.ones(len(labels)), groups, references.brands.brands.values()),
        second_stage=second_stage,
    )

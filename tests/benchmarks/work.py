"""The workload of the benchmarks: simulated listings, and the model fitted on them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features import fold
from features.brands import BrandRegister
from features.listing import Listing
from models.bundle import Masking, to_files
from models.phrases import NO_PHRASES
from models.routing import Thresholds
from training.evaluate.splits import seller_groups
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.simulation.synthetic import Settings, build_world, evaluation_set
from training.snapshots.references import OfflineReferences

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
SETTINGS: Final = Settings(listings=3_000, seed=0, start=datetime(2026, 1, 1, tzinfo=UTC))
_FITTED: Final = 3_000


@cache
def labelled_listings() -> tuple[tuple[Listing, ...], NDArray[np.int8]]:
    """Labelled listings to fit on."""
    return evaluation_set(SETTINGS, _FITTED)


def bundle_files() -> dict[str, bytes]:
    """Our model, fitted on the same listings as the peers."""
    listings, labels = labelled_listings()
    brands = BrandRegister([brand.brand for brand in build_world(SETTINGS).brands])
    offline = OfflineReferences(listings, brands)
    facts = [offline.facts(listing, as_of=NOW, marketplace="bench", took_part=True) for listing in listings]
    model = CounterfeitClassifier(seed=0)
    model.fit(ListingRows.of(facts), labels, groups=seller_groups([listing.seller.external_id for listing in listings]))
    return to_files(
        model.model_,
        thresholds=Thresholds(0.5, 0.15),
        references=offline.references(),
        references_as_of=NOW,
        masking=Masking(0, 0.15),
        phrases=NO_PHRASES,
    )


def rows_to_score(many: int) -> list[dict[str, Any]]:
    """Rows as a marketplace sends them, without a seller's id, because peers do not use history."""
    world = build_world(Settings(listings=max(many, 1_000), seed=5, start=SETTINGS.start))
    rows: list[dict[str, Any]] = [dict(sent.row) for sent in world.sent if str(sent.row["external_id"]) in world.truth]
    for row in rows:
        seller = row.get("seller")
        if isinstance(seller, dict):
            row["seller"] = {name: field_value for name, field_value in seller.items() if name != "external_id"}
    return rows[:many]


def forget_folds() -> None:
    """Fold every text again, because a marketplace sends each text once and a benchmark many times."""
    fold._short.cache_clear()
    fold._long.cache_clear()


def mean_length(listings: Sequence[Listing]) -> float:
    """Mean characters of title and description, on which most of the work depends."""
    return float(np.mean([len(listing.title or "") + len(listing.description or "") for listing in listings]))

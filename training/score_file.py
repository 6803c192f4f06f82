"""Scores of a file: one output row per input row, in order, on several processes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Rejection
from models.bundle import Bundle, from_files, verify
from models.messages.english import in_english
from models.policies.deciding import DEFAULT_ROUTING
from models.routing import Lane, Situation, route
from models.score import Score
from training.dataset import CheckedRow, read_listings

SCHEMA: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("listing_id", pa.string()),
        ("probability", pa.float64()),
        ("route", pa.string()),
        ("reasons", pa.list_(pa.string())),
    ]
)
REFUSED: Final = "quarantined"
_BATCH: Final = 1_000
_NO_DRAW: Final = 1.0  # No row of a file is sampled for audit.


def score_file(
    path: Path,
    format_name: str,
    files: Mapping[str, bytes],
    out: Path,
    *,
    received_at: datetime,
    processes: int = 1,
    advanced: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Score every row; returns the number of rows by route.

    `processes` processes score batches of a thousand in order, so memory does not grow with the file. `listing_id` is
    the input's own id as text. `probability` is null only for a row that validation rejects; its route is
    `quarantined`. A row that would go to a person has the reasons of the model and of the route; any other row has
    those of the route only. Brands in the bundle's register take part.

    Raises
    ------
    BundleRefused
        The files are not a bundle of this feature set.
    Unreadable, UnknownLayout
        The whole file cannot be read as this format.
    """
    verify(files)
    shared = tuple(sorted(files.items()))
    counts: dict[str, int] = {}
    rows = read_listings(path, format_name, received_at=received_at, advanced=advanced)
    temporary = out.with_name(f".{out.name}.writing")
    workers = Parallel(n_jobs=processes, return_as="generator", pre_dispatch=2 * processes)
    tasks = (delayed(_score_batch)(batch, shared, format_name, received_at) for batch in _batches(rows))
    with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        for columns in workers(tasks):
            for name in columns["route"]:
                counts[str(name)] = counts.get(str(name), 0) + 1
            writer.write_table(pa.table(columns, schema=SCHEMA))
    temporary.replace(out)
    return counts


def _batches(rows: Iterator[CheckedRow]) -> Iterator[list[CheckedRow]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


@cache
def _bundle_of(files: tuple[tuple[str, bytes], ...]) -> Bundle:
    """The bundle of verified files, built once per process."""
    return from_files(dict(files))


def _score_batch(
    batch: Sequence[CheckedRow], files: tuple[tuple[str, bytes], ...], marketplace: str, as_of: datetime
) -> dict[str, list[object]]:
    bundle = _bundle_of(files)
    scorable = [row for row in batch if not isinstance(row.listing, Rejection)]
    computed = [
        compute(assemble_facts(row.listing, bundle.references, NOTHING_RECORDED, marketplace=marketplace, as_of=as_of))
        for row in scorable
        if not isinstance(row.listing, Rejection)
    ]
    scores = bundle.score_many(computed, with_reasons=False)
    routes = []
    for one, score in zip(computed, scores, strict=True):
        brand, reading = one.facts.brand, one.evidence.reading
        situation = Situation(
            authorised=False,
            brand_id=brand.brand_id,
            brand_name=brand.name,
            brand_candidates=len(brand.candidates),
            brand_takes_part=brand.brand_id is not None,
            families=one.families_known(),
            text_length=len(reading.title) + len(reading.description),
        )
        routes.append(route(score, situation, draw=_NO_DRAW, policy=DEFAULT_ROUTING, thresholds=bundle.thresholds))
    shown = [i for i, found in enumerate(routes) if found.lane is not Lane.NO_ACTION]
    explained = dict(zip(shown, bundle.score_many([computed[i] for i in shown]), strict=True))
    answers = {
        row.number: (
            score.probability,
            found.lane.value,
            [*_sentences(explained.get(i)), *map(in_english, found.reasons)],
        )
        for i, (row, score, found) in enumerate(zip(scorable, scores, routes, strict=True))
    }
    return _columns(batch, answers)


def _columns(
    batch: Iterable[CheckedRow], answers: dict[int, tuple[float | None, str, list[str]]]
) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for row in batch:
        refused = row.listing if isinstance(row.listing, Rejection) else None
        nothing = (None, REFUSED, [refused.sentence if refused else ""])
        probability, lane, reasons = answers.get(row.number, nothing)
        for name, value in zip(SCHEMA.names, (row.number, row.external_id, probability, lane, reasons), strict=True):
            columns[name].append(value)
    return columns


def _sentences(score: Score | None) -> list[str]:
    return [in_english(reason.message) for reason in score.reasons] if score else []

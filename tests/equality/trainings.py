"""Small seeded trainings with their reports, and the simulated world."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from models.bundle import digest_of, from_files
from tests.equality.normalise import normalised_text
from tests.equality.plain import plain
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from training.gates.golden import GoldenItem, freeze, parse_golden
from training.runs.pipeline import Candidate, train
from training.simulation.synthetic import Settings, build_world, evaluation_set
from training.snapshots.snapshot import Snapshot, read_snapshot, write_snapshot

_ROWS, _GOLDEN_ROWS, _LISTINGS = 160, 120, 300


def texts() -> dict[str, str]:
    """A first model, a second one judged against it and on a golden set, and the data that a marketplace sends."""
    with TemporaryDirectory(prefix="equality-") as folder:
        snapshot = _snapshot(Path(folder))
    first = train(snapshot, champion=None, seed=0, threads=1)
    golden = parse_golden(*freeze(_golden_items(), NOW))
    second = train(snapshot, champion=from_files(first.files), golden=golden, seed=1, threads=1)
    return {
        "snapshot": snapshot.digest,
        "golden set": golden.digest,
        **_candidate_texts("first", first),
        **_candidate_texts("second", second),
        **_world(),
    }


def _snapshot(folder: Path) -> Snapshot:
    market = a_market(_ROWS)
    path, digest = write_snapshot(folder, snapshot_rows(market), market_references(market), NOW)
    return read_snapshot(path, expected=digest)


def _golden_items() -> list[GoldenItem]:
    rows = snapshot_rows(a_market(_GOLDEN_ROWS, seed=9))
    return [
        GoldenItem(f"ver_g{number}", f"lst_g{number}", f"golden-{number // 2}", row.label, ("a", "b"), row.facts)
        for number, row in enumerate(rows)
    ]


def _candidate_texts(name: str, candidate: Candidate) -> Mapping[str, str]:
    files = sorted(candidate.files.items())
    digests = [f"{hashlib.sha256(body).hexdigest()} {len(body)} {file}" for file, body in files]
    return {
        f"{name}/bundle": "\n".join([digest_of(candidate.files), *digests]),
        f"{name}/report": normalised_text(json.dumps(candidate.report, indent=1, sort_keys=True)),
    }


def _world() -> Mapping[str, str]:
    settings = Settings(_LISTINGS, 5, datetime(2026, 1, 1, tzinfo=UTC), days=60, counterfeit_share=0.2)
    world = build_world(settings)
    listings, labels = evaluation_set(settings, 100)
    return {
        "world/brands": "\n".join(map(plain, world.brands)),
        "world/sent": "\n".join(map(plain, (*world.contacts, *world.events, *world.sent))),
        "world/truth": "\n".join(f"{name} {plain(truth)}" for name, truth in sorted(world.truth.items())),
        "world/evaluation": "\n".join(map(plain, (*listings, labels.tolist()))),
    }

"""The parts of one score without reasons, each alone, from the row that a marketplace sends to the probability."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from features.reading import read_text
from models.bundle import from_files
from tests.benchmarks.work import NOW, bundle_files, forget_folds, rows_to_score

INTRODUCTION: Final = """\
Processor time of the fastest of {rounds} rounds over {many} simulated listings in turn, {share:.0%} of them not ASCII;
no text was folded before its round. Parts that run one after the other cost a third more than each alone, because
they displace each other from the caches: the whole is no sum of its parts.
"""
_ROWS: Final = 200


def section(rounds: int) -> str:
    """The part of the page."""
    bundle, rows = from_files(bundle_files()), rows_to_score(_ROWS)

    def checked(row: dict[str, Any]) -> Listing:
        listing = check(row, received_at=NOW)
        assert isinstance(listing, Listing)
        return listing

    def facts_of(listing: Listing) -> Any:
        return assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="bench", as_of=NOW)

    listings = [checked(row) for row in rows]
    facts = [facts_of(listing) for listing in listings]
    computed = [compute(row_facts) for row_facts in facts]
    parts: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        "check of the row": (checked, rows),
        "facts, with the brand": (facts_of, listings),
        "reading of the text": (read_text, listings),
        "features, with the reading": (compute, facts),
        "score and interval": (lambda computed_row: bundle.score_many([computed_row], with_reasons=False), computed),
        "all of it": (lambda row: bundle.score_many([compute(facts_of(checked(row)))], with_reasons=False), rows),
    }
    times_by_part = {name: _fastest(part, of, rounds) for name, (part, of) in parts.items()}
    texts = [f"{listing.title or ''}{listing.description or ''}" for listing in listings]
    lines = [
        INTRODUCTION.format(
            rounds=rounds, many=len(rows), share=float(np.mean([not text.isascii() for text in texts]))
        ),
        "| part | microseconds a listing |",
        "| --- | ---: |",
        *(f"| {name} | {microseconds:.1f} |" for name, microseconds in times_by_part.items()),
    ]
    return "\n".join(lines)


def _fastest(part: Callable[[Any], object], of: Sequence[Any], rounds: int) -> float:
    """Microseconds a listing."""
    taken = []
    for _ in range(rounds + 1):  # The first round compiles and warms up.
        forget_folds()
        begun = time.process_time()
        for part_input in of:
            part(part_input)
        taken.append((time.process_time() - begun) / len(of) * 1e6)
    return min(taken[1:])

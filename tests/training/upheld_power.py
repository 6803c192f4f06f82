"""How often the gate of upheld appeals refuses an honest candidate and a candidate trained to accuse a rival.

`python -m tests.training.upheld_power [seeds]` runs simulated years in which each month's candidate becomes champion,
regardless of its gates. In the last month a brand confirms honest listings of one rival as counterfeit; other
listings of the rival were restored on appeal before.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.bundle import Bundle, from_files
from models.labels import EvidenceLevel
from training.pipeline import train
from training.simulate import Plan
from training.simulation.arms import ARMS
from training.simulation.learning import snapshot_of
from training.simulation.market import MONTH, Market, Offered
from training.simulation.year import STEP, Year
from training.snapshot import Snapshot, SnapshotRefused, SnapshotRow

LISTINGS = 10_000
RIVALS = 2
UPHELD, PLANTED = (1, 3, 8), (0, 15, 40)
_RIVAL = "the rival"


@dataclass(frozen=True, slots=True)
class Asked:
    """The gate's result for one training: the numbers of listings, of regressions and of mended listings."""

    listings: int
    regressed: int
    mended: int

    @property
    def refused(self) -> bool:
        return self.regressed > self.mended

    @classmethod
    def of(cls, report: dict[str, Any]) -> "Asked":
        (gate,) = [gate for gate in report["gates"] if gate["name"] == "upheld_appeals"]
        judged = gate["figure"] is not None
        listings = int(gate["sentence"].split()[0]) if judged else 0
        return cls(listings, int(gate["figure"] or 0), int(gate["bound"] or 0))


def played(seed: int, listings: int = LISTINGS) -> tuple[Year, list[Asked]]:
    """A year of honest answers to the end of its eleventh month, and the gate's result for each training."""
    market = Market(Plan(listings=listings).settings(seed))
    year, found = Year(market, ARMS["exploration"], market.start), []
    while year.now < market.end - MONTH:
        month_ends = year.now + MONTH
        while year.now < month_ends:
            year.pass_days(year.now + STEP)
        try:
            files, report = trained(snapshot_of(year), year.champion)
        except SnapshotRefused:
            continue
        if year.champion is not None:
            found.append(Asked.of(report))
        year.champion = from_files(files)
    return year, found


def trained(snapshot: Snapshot, champion: Bundle | None) -> tuple[Any, dict[str, Any]]:
    candidate = train(snapshot, champion=champion, seed=0, threads=1)
    return candidate.files, dict(candidate.report)


def attacked(year: Year, seed: int, *, upheld: int, planted: int) -> Snapshot:
    """The current snapshot with a rival that has some listings restored on appeal and some falsely confirmed.

    The rival has an honest seller's account and sells the same goods as honest sellers of the most sold brand.
    """
    snapshot = snapshot_of(year)
    honest = [one for one in year.market.listings if not one.truth.counterfeit and one.truth.brand_id and one.seller]
    brands = [one.truth.brand_id for one in honest]
    goods = [one for one in honest if one.truth.brand_id == max(sorted(set(brands)), key=brands.count)]
    chosen = np.random.default_rng(seed).permutation(len(goods))[: 1 + upheld + planted]
    rival, *listings = [goods[i] for i in chosen]
    rows = [_row(one, rival, snapshot, i < upheld, i) for i, one in enumerate(listings)]
    return replace(snapshot, rows=tuple(sorted([*snapshot.rows, *rows], key=lambda r: (r.known_at, r.version_id))))


def _row(offered: Offered, rival: Offered, snapshot: Snapshot, upheld: bool, number: int) -> SnapshotRow:
    theirs, name = rival.computed.facts, f"rival-{number}"
    facts = offered.computed.facts
    listing = replace(facts.listing, external_id=name, seller=theirs.listing.seller)
    last = snapshot.rows[-1]
    return replace(
        last,
        version_id=name,
        listing_id=name,
        seller=_RIVAL,
        seller_cluster=_RIVAL,
        brand_id=offered.truth.brand_id,
        lane="ask_brand",
        inclusion_probability=1.0,
        label=0 if upheld else 1,
        weight=1.0,
        evidence_level=(EvidenceLevel.APPEAL if upheld else EvidenceLevel.BRAND).value,
        sources=("user:analyst-3",) if upheld else (f"brand:{offered.truth.brand_id}",),
        facts=replace(facts, listing=listing, seller=theirs.seller).to_json().decode(),
    )


def table(seeds: int) -> Iterator[str]:
    """The lines of the table in ADR 16."""
    years = [played(seed) for seed in range(1, seeds + 1)]
    honest = [one for _, found in years for one in found if one.listings]
    yield (
        "| simulated | trainings | upheld listings | newly flagged | mended | refused |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )
    yield _line("honest years", honest)
    for upheld in UPHELD:
        for planted in PLANTED:
            done = [
                Asked.of(trained(attacked(year, seed, upheld=upheld, planted=planted), year.champion)[1])
                for year, _ in years
                for seed in range(RIVALS)
            ]
            yield _line(f"a rival with {upheld} upheld and {planted} falsely confirmed", done)


def _line(what: str, asked: Sequence[Asked]) -> str:
    totals = (sum(getattr(one, name) for one in asked) for name in ("listings", "regressed", "mended", "refused"))
    return f"| {what} | {len(asked)} | {' | '.join(str(total) for total in totals)} |"


if __name__ == "__main__":
    for line in table(int(sys.argv[1]) if len(sys.argv) > 1 else 2):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

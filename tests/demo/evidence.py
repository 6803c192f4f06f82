"""What evidence decides in the demo: `python -m tests.demo.evidence HOME...` reads data directories of finished demos.

Each stored score is routed again, as if nobody had looked for evidence and by the rule in force, and compared with the
truth of the simulated market. Cases and finds are expected ones: a listing counts with its probability of review.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select

from features.compute import compute
from features.facts import facts_from_json
from models.evidence import named_evidence
from models.policies.deciding import DEFAULT_ROUTING, RoutingPolicy
from models.routing import EvidenceFamily, Situation, Thresholds, route, suffices
from models.score import Score, ScoreKind
from serving.demo.run import FIRST_DAY
from serving.listings.tables import facts, listing, score
from serving.platform.database.engine import read_only_engine
from training.simulation.synthetic import Settings, build_world

RESAMPLES = 2_000
# Routes of the score alone; a relist, a watched seller or an open case decides by itself.
_BY_SCORE = ("route.low", "route.middle", "route.points", "route.high", "route.unnamed", "route.audit", "route.named")


@dataclass(frozen=True, slots=True)
class Scored:
    """One stored score of the demo with its truth; `reviewed` is the stored probability of a review, 1 if flagged."""

    seller: str
    counterfeit: bool
    by_score: bool
    reviewed: float
    families: tuple[EvidenceFamily, ...]
    score: Score
    situation: Situation
    thresholds: Thresholds | None

    def chance(self, policy: RoutingPolicy, *, looked: bool) -> float:
        """The probability of a review by a policy, with or without a look for evidence; the draw is of no account."""
        if not self.by_score:
            return self.reviewed
        situation = replace(self.situation, evidence=self.families if looked else None)
        return route(self.score, situation, draw=1.0, policy=policy, thresholds=self.thresholds).inclusion_probability


def scored_of(home: Path) -> Iterator[Scored]:
    """The scores of a finished demo in the order of time, without the campaign that a brand reports."""
    play = json.loads((home / "demo.json").read_text())
    settings = Settings(play["listings"], play["seed"], FIRST_DAY, play["days"])
    truths = build_world(settings).truth
    stored = [(path.parent.name, json.loads(path.read_text())) for path in home.glob("bundles/*/model.json")]
    thresholds = {digest: Thresholds(**document["thresholds"]) for digest, document in stored}
    query = select(score, facts.c.body, listing.c.external_id).order_by(score.c.scored_at, score.c.score_id)
    for table, key in ((facts, facts.c.digest == score.c.facts_digest), (listing, None)):
        on = listing.c.listing_id == score.c.listing_id if key is None else key
        query = query.join(table, and_(table.c.marketplace_id == score.c.marketplace_id, on))
    with read_only_engine(f"sqlite:///{home / 'touchstone.sqlite'}").connect() as connection:
        for row in connection.execute(query).mappings():
            if (truth := truths.get(row["external_id"])) is not None:
                computed = compute(facts_from_json(row["body"]))
                seller = computed.facts.seller
                judged = seller.outcomes.counterfeit + seller.outcomes.genuine if seller.outcomes else 0
                situation = Situation(
                    authorised=False,
                    brand_id=None,
                    brand_name=None,
                    brand_candidates=0,
                    brand_takes_part=False,
                    families=computed.families_known(),
                    description_length=len(computed.evidence.reading.description),
                    seller_known_days=seller.known_days,
                    seller_judged=judged,
                )
                yield Scored(
                    seller=f"{play['seed']} {truth.seller}",
                    counterfeit=truth.counterfeit,
                    by_score=all(reason["code"].startswith(_BY_SCORE) for reason in row["route_reasons"]),
                    reviewed=1.0 if row["lane"] in {"analyst", "ask_brand"} else row["inclusion_probability"],
                    families=named_evidence(computed.evidence, computed.vector),
                    score=Score(ScoreKind(row["kind"]), row["value"], row["probability"], (), "", ""),
                    situation=situation,
                    thresholds=thresholds.get(row["scorer"]),
                )


def change(rows: Sequence[Scored], before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """The relative change of the counterfeits found, with the 95 % interval over resampled sellers, shape (3,)."""
    _, sellers = np.unique([row.seller for row in rows], return_inverse=True)
    is_counterfeit = np.array([row.counterfeit for row in rows])
    finds = np.stack([np.bincount(sellers, chances * is_counterfeit) for chances in (before, after)])
    draws = np.random.default_rng(0).multinomial(finds.shape[1], np.full(finds.shape[1], 1 / finds.shape[1]), RESAMPLES)
    old, new = finds @ draws.T
    return np.array([finds[1].sum() / finds[0].sum() - 1, *np.quantile(new / old - 1, (0.025, 0.975))])


def report(rows: Sequence[Scored], tell: Callable[[str], object]) -> None:
    """Cases and finds before and after, and the share and precision of each family among routed listings."""
    is_counterfeit = np.array([row.counterfeit for row in rows])
    before, after = (np.array([row.chance(DEFAULT_ROUTING, looked=looked) for row in rows]) for looked in (False, True))
    for name, chances in (("before", before), ("after", after)):
        tell(f"{name:6} {chances.sum():7.1f} cases {(chances * is_counterfeit).sum():6.1f} found")
    tell("found: {:+.1%} ({:+.1%} to {:+.1%})".format(*change(rows, before, after)))
    waiting = is_counterfeit[(before == 1.0) & (after < 1.0)]
    tell(f"{waiting.size} are drawn that were routed before, {waiting.sum()} of them counterfeit")
    for name, chances in (("before", before), ("after", after)):
        routed = [row for row, chance in zip(rows, chances, strict=True) if chance == 1.0 and row.by_score]
        tell(f"{name}: {len(routed)} routed by their score")
        groups: dict[str, Callable[[Scored], bool]] = {
            family.value: partial(lambda family, row: family in row.families, family) for family in EvidenceFamily
        }
        groups["price is decisive"] = lambda row: (
            EvidenceFamily.PRICE in row.families
            and not suffices([family for family in row.families if family is not EvidenceFamily.PRICE])
        )
        groups["none that suffices"] = lambda row: not suffices(row.families)
        for group, belongs in groups.items():
            of_group = [row.counterfeit for row in routed if belongs(row)]
            precision = np.mean(of_group) if of_group else np.nan
            tell(f"  {group:19} {len(of_group):5} {len(of_group) / len(routed):6.1%}, {precision:.0%} counterfeit")


if __name__ == "__main__":
    every = {home: list(scored_of(Path(home))) for home in sys.argv[1:]}
    for home, rows in every.items():
        sys.stdout.write(f"\n{home}\n")
        report(rows, lambda line: sys.stdout.write(f"{line}\n"))
    if len(every) > 1:
        sys.stdout.write("\nall\n")
        report([row for rows in every.values() for row in rows], lambda line: sys.stdout.write(f"{line}\n"))

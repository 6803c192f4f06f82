"""How often reasons came true: the precision of each reason, routing rule and family of evidence by later labels."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from features.message import Message, from_json
from models.policies.learning import LabelPolicy
from models.routing import NAMED_CODE
from models.score import named_parts, reason_from_json
from serving.learning.service.labelling import mature_labels
from serving.listings.store import scores
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime

DAYS: Final = 180
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class ReasonCounts:
    """A reason or a rule: the labelled listings that had it, and how many of these are counterfeit."""

    name: str
    example: Message
    labelled: int
    counterfeit: int


@dataclass(frozen=True, slots=True)
class ReasonPrecision:
    """Reasons for counterfeit, reasons against it, rules, and families of the evidence that decided a route;
    `labelled` listings in all.
    """

    labelled: int
    counterfeit: int
    reasons_for: tuple[ReasonCounts, ...]
    reasons_against: tuple[ReasonCounts, ...]
    rules: tuple[ReasonCounts, ...]
    evidence: tuple[ReasonCounts, ...]


def reason_precision(runtime: Runtime, marketplace: Marketplace) -> ReasonPrecision:
    """The precision of reasons in the first scores of half a year whose listing has a mature label by now.

    Only judged listings have a label, so these are shares of reviewed listings, not of all.
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        labels = mature_labels(connection, marketplace_id, runtime.policies[LabelPolicy], now)
        since = now - timedelta(days=DAYS)
        first_scores = list(scores.first_reasons(connection, marketplace_id, set(labels), since=since, most=MOST))
    return count_reasons(first_scores, labels)


def count_reasons(first_scores: Iterable[Mapping[str, Any]], labels: Mapping[str, bool]) -> ReasonPrecision:
    """Count the reasons and rules; each name counts once a listing."""
    tallies: dict[str, dict[str, list[int]]] = {
        name: defaultdict(lambda: [0, 0]) for name in ("for", "against", "rule", "evidence")
    }
    examples: dict[tuple[str, str], Message] = {}
    labelled = counterfeit = 0
    for score in first_scores:
        fake = labels[score["version_id"]]
        labelled += 1
        counterfeit += fake
        for (side, name), message in _messages(score["reasons"], score["route_reasons"]).items():
            examples.setdefault((side, name), message)
            tallies[side][name][0] += 1
            tallies[side][name][1] += fake

    def listed(side: str) -> tuple[ReasonCounts, ...]:
        rows = [ReasonCounts(name, examples[side, name], n, k) for name, (n, k) in tallies[side].items()]
        return tuple(sorted(rows, key=lambda row: (-row.labelled, row.name)))

    return ReasonPrecision(labelled, counterfeit, *map(listed, tallies))


def _messages(reasons: Sequence[Any], rules: Sequence[Any]) -> dict[tuple[str, str], Message]:
    """The reasons given, by side and name, each name once."""
    once: dict[tuple[str, str], Message] = {}
    for reason in named_parts([reason_from_json(reason_json) for reason_json in reasons]):
        once.setdefault(("for" if reason.weight > 0 else "against", reason.code), reason.message)
    for rule in map(from_json, rules):
        once.setdefault(("rule", rule.code), rule)
        for family in rule.parameters["families"] if rule.code == NAMED_CODE else ():
            once.setdefault(("evidence", family.code), family)
    return once

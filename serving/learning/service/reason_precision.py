"""How often what a score said came true: each reason and each rule that sent an offer to people, by later labels."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from models.policies.learning import LabelPolicy
from serving.learning.service.labelling import mature_labels
from serving.listings.store import scores
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime

DAYS: Final = 180
MOST: Final = 20_000
_FIGURE: Final = re.compile(r"\d")
_LEADING: Final = re.compile(r"^[-−\d.,%\s]+")


@dataclass(frozen=True, slots=True)
class Told:
    """A reason or a rule: of so many offers with a label on which it was said, so many are counterfeit."""

    name: str
    example: str
    labelled: int
    counterfeit: int


@dataclass(frozen=True, slots=True)
class ReasonPrecision:
    """Reasons that spoke for counterfeit, reasons that spoke against it, and rules; of `labelled` offers in all."""

    labelled: int
    counterfeit: int
    reasons_for: tuple[Told, ...]
    reasons_against: tuple[Told, ...]
    rules: tuple[Told, ...]


def reason_precision(runtime: Runtime, marketplace: Marketplace) -> ReasonPrecision:
    """Of the first scores of half a year, those whose offer has a mature label by now.

    Only offers that somebody judged have one, so these are shares among what people looked at, not among all.
    """
    here, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        labels = mature_labels(connection, here, runtime.policies[LabelPolicy], now)
        since = now - timedelta(days=DAYS)
        found = list(scores.first_reasons(connection, here, set(labels), since=since, most=MOST))
    return told(found, labels)


def told(found: Iterable[Mapping[str, Any]], labels: Mapping[str, bool]) -> ReasonPrecision:
    """Count what was said; each name once an offer."""
    tallies: dict[str, dict[str, list[int]]] = {
        name: defaultdict(lambda: [0, 0]) for name in ("for", "against", "rule")
    }
    examples: dict[str, str] = {}
    labelled = counterfeit = 0
    for one in found:
        fake = labels[one["version_id"]]
        labelled += 1
        counterfeit += fake
        for side, name, sentence in _said(one["reasons"], one["route_reasons"]):
            examples.setdefault(f"{side} {name}", sentence)
            tallies[side][name][0] += 1
            tallies[side][name][1] += fake

    def listed(side: str) -> tuple[Told, ...]:
        rows = [Told(name, examples[f"{side} {name}"], n, k) for name, (n, k) in tallies[side].items()]
        return tuple(sorted(rows, key=lambda row: (-row.labelled, row.name)))

    return ReasonPrecision(labelled, counterfeit, listed("for"), listed("against"), listed("rule"))


def _said(reasons: Sequence[Any], rules: Sequence[str]) -> set[tuple[str, str, str]]:
    """(side, name, sentence) of what was said, each name once."""
    once: dict[tuple[str, str], str] = {}
    for code, sentence, weight in reasons:
        once.setdefault(("for" if weight > 0 else "against", str(code)), str(sentence))
    for sentence in rules:
        once.setdefault(("rule", rule_of(sentence)), sentence)
    return {(side, name, sentence) for (side, name), sentence in once.items()}


def rule_of(sentence: str) -> str:
    """A rule's name: its sentence up to the first figure.

    >>> rule_of("Drawn at random for a check, one in 33."), rule_of("10 points on the starter scorecard, below 20.")
    ('Drawn at random for a check, one in', 'points on the starter scorecard, below')
    >>> rule_of("Probability 0.40: between 0.24 and 0.60.")
    'Probability'
    """
    without = _LEADING.sub("", sentence)
    return _FIGURE.split(without, maxsplit=1)[0].strip(" .:,;(-") or sentence

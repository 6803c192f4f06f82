"""Point-in-time outcomes of a seller's earlier listings, from the verdicts on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.verdict import Judgement, Side

_VALUES: Final = {
    Judgement.COUNTERFEIT: True,
    Judgement.GENUINE: False,
    Judgement.LICENSED: False,
    Judgement.GREY_MARKET: False,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """One judgement on a version of a listing, with the moment of its withdrawal, if any."""

    listing_id: str
    version_id: str
    judgement: Judgement
    side: Side
    on_appeal: bool
    known_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome in force for one listing, and since when."""

    listing_id: str
    counterfeit: bool
    since: datetime


def outcomes(rulings: Iterable[Ruling], *, as_of: datetime) -> list[Outcome]:
    """The outcome of each listing that has a verdict in force, from the verdicts recorded before the moment.

    The judgement calls. A verdict that was withdrawn before the moment does not count. A verdict withdrawn later counts
    until its withdrawal, because it was in force at the moment. The brand's latest verdict on a version wins over any
    analyst's, whichever came later, because it can authenticate the goods. Of several versions, the one judged last
    gives the outcome of the listing. An upheld appeal clears the listing of all earlier verdicts; a later verdict
    counts on its own. A dismissed appeal changes nothing. 'Cannot tell' and 'needs a test buy' are no answers, except
    on appeal, where the seller has the benefit of the doubt.
    """
    by_listing: dict[str, list[Ruling]] = {}
    for ruling in rulings:
        if ruling.known_at < as_of and (ruling.withdrawn_at is None or ruling.withdrawn_at >= as_of):
            by_listing.setdefault(ruling.listing_id, []).append(ruling)
    listing_outcomes = (
        _outcome_of_listing(listing_id, standing) for listing_id, standing in sorted(by_listing.items())
    )
    return [outcome for outcome in listing_outcomes if outcome is not None]


def _outcome_of_listing(listing_id: str, standing: Sequence[Ruling]) -> Outcome | None:
    cleared_at = max(
        (ruling.known_at for ruling in standing if ruling.on_appeal and ruling.judgement is not Judgement.COUNTERFEIT),
        default=None,
    )
    by_version: dict[str, list[Ruling]] = {}
    for ruling in standing:
        answers = ruling.judgement in _VALUES and not ruling.on_appeal
        if answers and (cleared_at is None or ruling.known_at > cleared_at):
            by_version.setdefault(ruling.version_id, []).append(ruling)
    if not by_version:
        return None if cleared_at is None else Outcome(listing_id, counterfeit=False, since=cleared_at)
    deciding = max(
        (_deciding_ruling(verdicts) for verdicts in by_version.values()),
        key=lambda ruling: (ruling.known_at, ruling.version_id),
    )
    return Outcome(listing_id, _VALUES[deciding.judgement], deciding.known_at)


def _deciding_ruling(verdicts: Sequence[Ruling]) -> Ruling:
    of_brand = [verdict for verdict in verdicts if verdict.side is Side.BRAND]
    return max(of_brand or verdicts, key=lambda ruling: ruling.known_at)

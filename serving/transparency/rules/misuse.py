"""Misuse of the service, by the four criteria of Article 23(3) of Regulation (EU) 2022/2065.

They are the absolute number, the proportion, the gravity and the intention. The log has the data of each criterion. A
member of the marketplace's staff decides whether the misuse is frequent and manifest, and whether to suspend.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubjectKind(StrEnum):
    """The kind of an entry's subject, which determines its items and misuses."""

    SELLER = "seller"  # Listings, and those removed for good.
    NOTIFIER = "notifier"  # Confirmations of a brand or notices of a reporter, and the wrong ones.
    COMPLAINANT = "complainant"  # A seller's decided complaints, and the dismissed ones.


@dataclass(frozen=True, slots=True)
class Misuse:
    """One misuse: the time of submission, its nature, and its consequence, None where unknown."""

    at: datetime
    nature: str
    consequence: str | None = None


@dataclass(frozen=True, slots=True)
class MisuseEntry:
    """The misuse record of one subject in a period.

    `items` are all its submissions and `misuses` the wrong ones. `nature` and `consequences` count by name.
    `after_warning` are the misuses submitted after `warned_at`, the time of the first warning. It is None, not zero,
    where there was no warning.
    """

    kind: SubjectKind
    subject: str
    items: int
    misuses: int
    nature: Counter[str]
    consequences: Counter[str]
    warned_at: datetime | None
    after_warning: int | None

    @property
    def share(self) -> float:
        """The share of misuses among the items."""
        return self.misuses / self.items


def misuse_entry(
    kind: SubjectKind, subject: str, *, items: int, misuses: Iterable[Misuse], warned_at: datetime | None
) -> MisuseEntry | None:
    """The entry of one subject; None where it has no misuse."""
    found = list(misuses)
    if not found:
        return None
    return MisuseEntry(
        kind,
        subject,
        items,
        len(found),
        Counter(one.nature for one in found),
        Counter(one.consequence for one in found if one.consequence is not None),
        warned_at,
        None if warned_at is None else sum(one.at > warned_at for one in found),
    )

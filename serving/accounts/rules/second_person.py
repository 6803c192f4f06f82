"""Which accounts count as two people: each account belongs to the roots that made it.

Second factors: who needs one, and what a proof of one is good for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission

Roots = Mapping[str, frozenset[str]]  # The roots of each account.


class OriginKind(StrEnum):
    """The way in which an account came into somebody's hands."""

    ADDED = "added"  # By the owner of the data directory: the set-up link, or a command.
    INVITED = "invited"
    RESET = "reset"  # Somebody made a password reset link, and it was used.


@dataclass(frozen=True, slots=True)
class Origin:
    """One event in the history of an account; `made_by` is None where the owner of the data directory acted."""

    making: OriginKind
    made_by: str | None
    at: datetime


def roots_of(history: Mapping[str, Sequence[Origin]]) -> dict[str, frozenset[str]]:
    """The roots of every account: the accounts added by the operator in whose hands it may be.

    An added account is a root. The person who makes a link can use it, so an invited or reset account also belongs to
    the roots of that person, through any number of accounts. Adding an account again gives it a new password in the
    hands of the owner, which ends what others knew of it. What it made before stays with its earlier makers too.
    """
    return {account: _roots_of_account(account, history) for account in history}


def _roots_of_account(account: str, history: Mapping[str, Sequence[Origin]]) -> frozenset[str]:
    added = [origin.at for origin in history[account] if origin.making is OriginKind.ADDED]
    # Events of the same moment count as later ones.
    since = max(added, default=datetime.min.replace(tzinfo=history[account][0].at.tzinfo))
    waiting = _makers(origin for origin in history[account] if origin.at >= since)
    roots = {account} if added else set()
    seen: set[str] = set()
    while waiting:
        maker = waiting.pop()
        if maker not in seen:
            seen.add(maker)
            events = history.get(maker, ())
            roots |= {maker} if any(event.making is OriginKind.ADDED for event in events) else set()
            waiting += _makers(events)
    return frozenset(roots)


def _makers(events: Iterable[Origin]) -> list[str]:
    return [event.made_by for event in events if event.made_by is not None]


def handed_over_at(history: Sequence[Origin], granted_at: datetime | None) -> datetime | None:
    """When a person last made an account, got at its password or gave it its role; None if only the owner of the data
    directory did.

    `granted_at` is when the account got the role. The owner gives it as they add the account.
    """
    added = max((origin.at for origin in history if origin.making is OriginKind.ADDED), default=None)
    times = [origin.at for origin in history if origin.made_by is not None]
    if granted_at is not None and (added is None or granted_at > added):
        times.append(granted_at)
    return max((at for at in times if added is None or at >= added), default=None)


def are_independent(roots: Roots, account: str, other: str) -> bool:
    """Whether two accounts count as two people: they have no root in common. An account without a root never does."""
    ours, theirs = roots.get(account, frozenset()), roots.get(other, frozenset())
    return bool(ours) and bool(theirs) and ours.isdisjoint(theirs)


def is_independent_of_all(roots: Roots, account: str, others: Iterable[str]) -> bool:
    """Whether an account counts as another person than each of these."""
    return all(are_independent(roots, account, other) for other in others)


def accounts_of_same_person(roots: Roots, people: Collection[str]) -> frozenset[str]:
    """These accounts, and all that do not count as another person than each of them."""
    return frozenset(people).union(root for root in roots if not is_independent_of_all(roots, root, people))


def largest_independent_set(roots: Roots, people: Iterable[str]) -> tuple[str, ...]:
    """The most of these accounts that count as as many people, in their order; of equally many, the earliest."""
    first: dict[frozenset[str], str] = {}
    for account in people:
        first.setdefault(roots.get(account, frozenset()), account)
    # An account whose roots include all of another's never counts where the other cannot.
    least = [account for mine, account in first.items() if not any(other and other < mine for other in first)]
    order = list(first.values())
    return tuple(sorted(_largest_subset(roots, least), key=order.index))


def _largest_subset(roots: Roots, accounts: Sequence[str]) -> tuple[str, ...]:
    if not accounts:
        return ()
    head, *tail = accounts
    with_it = (head, *_largest_subset(roots, [account for account in tail if are_independent(roots, head, account)]))
    if len(with_it) == len(accounts):
        return with_it
    without = _largest_subset(roots, tail)
    return without if len(without) > len(with_it) else with_it


class FactorKind(StrEnum):
    TOTP = "totp"  # Codes of an app (RFC 6238).
    PASSKEY = "passkey"


# Who can remove a listing or approve a removal, change what decides, or give others these permissions.
NEEDS_FACTOR: Final = frozenset(
    {
        Permission.REVIEW_CASES, Permission.ANSWER_QUESTIONS, Permission.LEAD_BRAND, Permission.MANAGE_BRANDS,
        Permission.TRAIN_MODELS, Permission.PROMOTE_MODELS, Permission.FREEZE_GOLDEN_SETS, Permission.ADMINISTER,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Factor:
    factor_id: str
    kind: FactorKind
    name: str
    enrolled_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of a second factor in a session; without a factor it was a recovery code."""

    factor_id: str | None
    at: datetime


def must_enrol(granted: Collection[Permission], *, has_factor: bool, production: bool) -> bool:
    """Whether a person must enrol a factor first; `granted` are the permissions of theirs that admit them to a page."""
    return production and not has_factor and bool(granted) and NEEDS_FACTOR.issuperset(granted)


def effective_from(factor: Factor, policy: SecondFactorPolicy) -> datetime:
    """From when a factor counts before a bulk act."""
    return factor.enrolled_at + timedelta(hours=policy.counts_after_hours)


def is_fresh(proof: Proof | None, now: datetime, policy: SecondFactorPolicy) -> bool:
    """Whether a proof still holds; none is none."""
    return proof is not None and proof.at <= now < proof.at + timedelta(minutes=policy.fresh_minutes)


def may_remove(factor_id: str, proof: Proof | None, now: datetime, policy: SecondFactorPolicy) -> bool:
    """Whether a session can remove a factor: it has just proved this one."""
    return is_fresh(proof, now, policy) and proof is not None and proof.factor_id == factor_id

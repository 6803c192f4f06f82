"""Second factors: who needs one, and what a proof of one is good for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission


class FactorKind(StrEnum):
    TOTP = "totp"  # Codes of an app (RFC 6238).
    PASSKEY = "passkey"


# Who can remove a listing or approve a removal, change what decides, or give others these permissions.
NEEDS_FACTOR: Final = frozenset(
    {
        Permission.REVIEW_CASES,
        Permission.ANSWER_QUESTIONS,
        Permission.LEAD_BRAND,
        Permission.LOOK_AFTER_BRANDS,
        Permission.TRAIN_MODELS,
        Permission.PROMOTE_MODELS,
        Permission.FREEZE_GOLDEN_SETS,
        Permission.ADMINISTER,
    }
)


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


def leads_to_enrolment(granted: Collection[Permission], *, has_factor: bool, production: bool) -> bool:
    """Whether a person must enrol a factor first; `granted` are the permissions of theirs that admit them to a page."""
    return production and not has_factor and bool(granted) and NEEDS_FACTOR.issuperset(granted)


def counts_from(factor: Factor, policy: SecondFactorPolicy) -> datetime:
    """From when a factor counts before a bulk act."""
    return factor.enrolled_at + timedelta(hours=policy.counts_after_hours)


def is_fresh(proof: Proof | None, now: datetime, policy: SecondFactorPolicy) -> bool:
    """Whether a proof still holds; none is none."""
    return proof is not None and proof.at <= now < proof.at + timedelta(minutes=policy.fresh_minutes)


def may_remove(factor_id: str, proof: Proof | None, now: datetime, policy: SecondFactorPolicy) -> bool:
    """Whether a session can remove a factor: it has just proved this one."""
    return is_fresh(proof, now, policy) and proof is not None and proof.factor_id == factor_id

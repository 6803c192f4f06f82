"""Certification records: every attempt at the questions, and each certification that an operator vouched for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from serving.accounts.tables import role_grant
from serving.brands.rules.certification import CertificationMethod, CertificationPass
from serving.brands.tables import certification_attempt
from serving.platform.database.scope import Pair, in_pairs
from serving.platform.database.series import read_once
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class Attempt:
    """A person's answers, by the key of the question; empty where an operator vouched."""

    how: CertificationMethod
    answers: Mapping[str, int]
    passed: bool
    known_at: datetime


def add_attempt(connection: Connection, row: Mapping[str, Any]) -> None:
    """Append an attempt; attempts are never changed."""
    add(connection, certification_attempt, [row])


@read_once(certification_attempt)
def last_pass(connection: Connection, user_id: str) -> CertificationPass | None:
    """When a person passed last; None where they never did."""
    query = (
        select(certification_attempt.c.known_at, certification_attempt.c.how)
        .where(certification_attempt.c.user_id == user_id, certification_attempt.c.passed)
        .order_by(certification_attempt.c.known_at.desc())
        .limit(1)
    )
    attempt = connection.execute(query).one_or_none()
    return None if attempt is None else CertificationPass(attempt.known_at, CertificationMethod(attempt.how))


def last_attempt(connection: Connection, user_id: str) -> Attempt | None:
    """A person's latest attempt."""
    query = (
        select(certification_attempt)
        .where(certification_attempt.c.user_id == user_id)
        .order_by(certification_attempt.c.known_at.desc(), certification_attempt.c.attempt_id.desc())
        .limit(1)
    )
    attempt = connection.execute(query).one_or_none()
    return (
        None
        if attempt is None
        else Attempt(CertificationMethod(attempt.how), attempt.answers, attempt.passed, attempt.known_at)
    )


def certified_brands(connection: Connection, pairs: Collection[Pair]) -> frozenset[Pair]:
    """These brands, by (marketplace, brand), without those that no user has passed for."""
    passed = select(certification_attempt.c.user_id).where(
        certification_attempt.c.user_id == role_grant.c.user_id, certification_attempt.c.passed
    )
    query = select(role_grant.c.marketplace_id, role_grant.c.brand_id).distinct()
    rows = connection.execute(query.where(in_pairs(role_grant, pairs), passed.exists()))
    return frozenset((row.marketplace_id, row.brand_id) for row in rows)

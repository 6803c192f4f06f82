"""Certification records: every attempt at the questions, and each certification that an operator vouched for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from serving.accounts.tables import role_grant
from serving.brands.rules.certification import CertificationMethod, CertificationPass
from serving.brands.tables import certification_attempt
from serving.platform.database.scope import inside
from serving.platform.database.series import kept
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


@kept(certification_attempt)
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


def first_pass_of_brand(connection: Connection, marketplace_id: str, brand_id: str) -> datetime | None:
    """When the first user of a brand in a marketplace passed; None where none has."""
    query = (
        select(func.min(certification_attempt.c.known_at))
        .join(role_grant, role_grant.c.user_id == certification_attempt.c.user_id)
        .where(inside(role_grant, marketplace_id, brand_id=brand_id), certification_attempt.c.passed)
    )
    first_passed_at: datetime | None = connection.execute(query).scalar_one()
    return first_passed_at

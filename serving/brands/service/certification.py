"""The certification of a brand's users: answered here, checked at each confirmation."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Forbidden
from models.messages.english import reasons_of
from serving.accounts.rules.access import Person
from serving.accounts.store import people
from serving.audit.store import audit
from serving.brands.policy import EnrolmentPolicy
from serving.brands.rules.certification import (
    CertificationMethod,
    CertificationResult,
    Gate,
    NotCertified,
    evaluate,
    gate_for,
    new_invitee_objection,
    questions,
    questions_version,
)
from serving.brands.store import certifications
from serving.platform.runtime import Runtime


class AttemptTooSoon(Conflict):
    """The last attempt failed too recently; `again_at` is when the next one is possible."""

    def __init__(self, again_at: datetime, time_left: timedelta) -> None:
        minutes = max(1, math.ceil(time_left / timedelta(minutes=1)))
        wait = Phrase("{n} minute" if minutes == 1 else "{n} minutes", n=minutes)
        super().__init__("Read why your answers were wrong; you can try again in {wait}.", wait=wait)
        self.again_at = again_at


def submit_answers(runtime: Runtime, person: Person, answers: Mapping[str, int]) -> CertificationResult:
    """Judge a person's answers and store the attempt, passed or not.

    Raises Invalid (a question has no answer, or an answer is none of its options) or TooSoon (the last attempt failed
    too recently).
    """
    certification_result, now = evaluate(answers), runtime.clock.now()
    with runtime.store.write() as connection:
        last = certifications.last_attempt(connection, person.user_id)
        wait = timedelta(minutes=runtime.policies[EnrolmentPolicy].certification_retry_minutes)
        if last is not None and not last.passed and now < last.known_at + wait:
            raise AttemptTooSoon(last.known_at + wait, last.known_at + wait - now)
        record_attempt(
            runtime,
            connection,
            person.user_id,
            CertificationMethod.ANSWERED,
            answers,
            certification_result,
            by=person.actor,
        )
    return certification_result


def vouch(runtime: Runtime, connection: Connection, user_id: str, *, by: str) -> None:
    """Record that an operator vouches for a person's certification."""
    record_attempt(
        runtime, connection, user_id, CertificationMethod.VOUCHED, {}, CertificationResult(len(questions()), ()), by=by
    )


def record_attempt(
    runtime: Runtime,
    connection: Connection,
    user_id: str,
    how: CertificationMethod,
    answers: Mapping[str, int],
    certification_result: CertificationResult,
    *,
    by: str,
) -> None:
    """Append an attempt, with its entry in the audit log."""
    now, attempt_id = runtime.clock.now(), runtime.ids.new("brf")
    row = {
        "attempt_id": attempt_id,
        "user_id": user_id,
        "how": how.value,
        "questions": questions_version(),
        "answers": {question.key: answers[question.key] for question in questions() if question.key in answers},
        "right_answers": certification_result.right,
        "passed": certification_result.passed,
        "known_at": now,
    }
    certifications.add_attempt(connection, row)
    payload = {name: row[name] for name in ("user_id", "how", "questions", "right_answers", "passed")}
    act = "certification.passed" if certification_result.passed else "certification.failed"
    audit.record(connection, now, "", by, act, attempt_id, **payload)


def gate_of(runtime: Runtime, connection: Connection, person: Person, at: datetime) -> Gate:
    """Whether a brand's person may confirm now."""
    return gate_for(certifications.last_pass(connection, person.user_id), at, runtime.policies[EnrolmentPolicy])


def require_certification(
    runtime: Runtime, connection: Connection, person: Person, pair: tuple[str, str], at: datetime
) -> None:
    """Refuse a confirmation by a person who may not confirm for the brand yet; `pair` is (marketplace, brand).

    Raises NotBriefed (the person has not passed the certification, or too long ago) or Forbidden (the brand's lead
    invited the person too recently).
    """
    gate = gate_of(runtime, connection, person, at)
    if not gate.open:
        raise NotCertified("Nothing was recorded. {why}", why=reasons_of(gate.reason))
    wait = new_invitee_objection(people.confirms_from(connection, person.user_id, pair), at)
    if wait is not None:
        raise Forbidden("Nothing was recorded. {why}", why=reasons_of(wait))

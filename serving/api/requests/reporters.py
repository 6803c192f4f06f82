"""Who may report listings by API: a signed-in person of a brand, or a program with a brand's key."""

import time
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, Request

from serving.accounts.rules.access import Permission, Person, Scope
from serving.accounts.rules.second_person import Proof
from serving.accounts.store.accounts import Session
from serving.api.cookies import sign_in_source
from serving.guards import CALLED_BY, Guard, may, runtime_of
from serving.marketplaces.service.keys import reporter_of
from serving.platform.database.pools import KEYS
from serving.platform.pace import Pace

_COUNTED: Final = "touchstone.counted"
# Ours. A report names up to 300 listings, so one a second is far above what a brand's program needs.
_REPORTS: Final = Pace(most=60, seconds=60.0)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports listings: a signed-in person, or a brand's key, which acts for the person who made it.

    `proof` is the last one of a session, None for a key.
    """

    person: Person
    key_id: str | None
    proof: Proof | None = None

    @property
    def actor(self) -> str:
        """The person or the key as logs name it."""
        return self.person.actor if self.key_id is None else f"key:{self.key_id}"


def reporter() -> Any:
    """Admit a signed-in user who answers for a brand, and a brand's key; the handler gets a `Reporter`."""
    answers = may(Permission.ANSWER_QUESTIONS).dependency

    async def check(request: Request) -> Reporter:
        if "authorization" in request.headers:
            runtime = runtime_of(request)
            header, address = request.headers["authorization"], sign_in_source(request).address
            person, key_id = await KEYS.run(reporter_of, runtime, header, address)
            reporter = Reporter(person, key_id)
            request.scope[CALLED_BY] = reporter.actor
        else:
            session: Session = await answers(request)
            reporter = Reporter(session.person, None, session.proof)
        # A request with an Idempotency-Key is checked twice, and counts once.
        if not request.scope.get(_COUNTED):
            request.scope[_COUNTED] = True
            _REPORTS.take(reporter.actor, time.monotonic())
        return reporter

    return Depends(Guard(f"{Permission.ANSWER_QUESTIONS.value} or key {Scope.REPORT.value}", check))

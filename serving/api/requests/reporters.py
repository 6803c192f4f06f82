"""Who reports listings by API: a signed-in person of a brand, or a program that signs as a service account."""

import time
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, Request

from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import Proof
from serving.accounts.rules.signing import SigningTool
from serving.accounts.service.signing import SignedRequest, admit
from serving.accounts.store.accounts import Session
from serving.api.cookies import sign_in_source
from serving.guards import CALLED_BY, Guard, may, runtime_of
from serving.platform.database.pools import KEYS
from serving.platform.pace import Pace

SIGNED: Final = "signature-input"
_ADMITTED: Final = "touchstone.reporter"
# Ours. A report names up to 300 listings, so one a second is far above what a brand's program needs.
_REPORTS: Final = Pace(most=60, seconds=60.0)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports listings: a signed-in person, or the tool of a service account, for which a person answers.

    `proof` is the last one of a session, None for a tool.
    """

    person: Person
    tool: SigningTool | None
    proof: Proof | None = None

    @property
    def actor(self) -> str:
        """The person or the service account as logs name it."""
        return self.person.actor if self.tool is None else f"service:{self.tool.account_id}"

    @property
    def key_id(self) -> str | None:
        """The key that signed the request; None in a session."""
        return None if self.tool is None else self.tool.key_id


def reporter() -> Any:
    """Admit a signed-in user who answers for a brand, and a signed request; the handler gets a `Reporter`.

    A signature is checked by the head of the request, before its body is read and compared with the signed digest.
    """
    answers = may(Permission.ANSWER_QUESTIONS).dependency

    async def check(request: Request) -> Reporter:
        if _ADMITTED in request.scope:  # The route has admitted it before the body was read.
            admitted: Reporter = request.scope[_ADMITTED]
            return admitted
        if SIGNED in request.headers:
            admission = await KEYS.run(admit, runtime_of(request), _head_of(request), sign_in_source(request).address)
            request.scope[CALLED_BY] = admission.actor
            _REPORTS.take(admission.actor, time.monotonic())
            admission.check_body(await request.body())
            admitted = Reporter(admission.person, admission.tool)
        else:
            session: Session = await answers(request)
            admitted = Reporter(session.person, None, session.proof)
            _REPORTS.take(admitted.actor, time.monotonic())
        request.scope[_ADMITTED] = admitted
        return admitted

    return Depends(Guard(f"{Permission.ANSWER_QUESTIONS.value} or signed", check))


def _head_of(request: Request) -> SignedRequest:
    """The request as its caller addressed it: the path as it was sent, not as it is decoded."""
    path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    address = f"{request.url.scheme}://{request.headers.get('host', '')}{path.partition('?')[0]}"
    return SignedRequest(request.method, f"{address}?{query}" if query else address, request.headers)

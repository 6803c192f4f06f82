"""A browser without script: it keeps cookies, sends forms with their hidden fields, and asks for pages."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from html import unescape
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from models.case import CaseLane
from models.routing import Lane
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.accounts.service import auth
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.cases.store.cases import Case
from serving.guards import cookie_name
from serving.listings.tables import facts, listing, listing_version, score
from serving.platform.database.store import add
from tests.fixtures.clients import a_client
from tests.fixtures.receivers import deliver
from tests.fixtures.runtimes import PASSWORD, Site, a_case, invite, judge, open_cases

PAGE = {"accept": "text/html,application/xhtml+xml"}
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_INLINE = re.compile(r"</?(?:b|i|bdi|span|small|kbd|a|svg|use|path|rect|time)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_ASKED_FOR = re.compile(r'<span class="pop tip".*?</span></span>', re.DOTALL)  # What a word means, once it is pressed.


@dataclass(slots=True)
class Visitor:
    """One person's browser; `csrf_token` is that of their session."""

    client: TestClient
    csrf_token: str = ""
    headers: dict[str, str] = field(default_factory=lambda: dict(PAGE))

    def get(self, path: str, **headers: str) -> Response:
        """Load a page."""
        return self.client.get(path, headers={**self.headers, **headers})

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Response:
        """Send a form with the session's token."""
        form = {"csrf_token": self.csrf_token, **(fields or {})}
        return self.client.post(path, data=form, headers={**self.headers, **headers})

    def answer(self, case_id: str, version_id: str, judgement: str, **fields: str) -> Response:
        """Send the form of a verdict."""
        return self.post(f"/cases/{case_id}/verdict", {"version_id": version_id, "judgement": judgement, **fields})


def a_visitor(site: Site) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(a_client(site.runtime, follow_redirects=False))


def visit_as(site: Site, person: Person) -> Visitor:
    """Somebody who has signed in; the form itself has its own tests, and is left out here for speed."""
    visitor, begun = a_visitor(site), auth.sign_in(site.runtime, person.email, PASSWORD)
    visitor.client.cookies.set(cookie_name(site.runtime), begun.token)
    visitor.csrf_token = begun.csrf_token
    return visitor


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms; the last of a name counts."""
    return {name: unescape(field_value) for name, field_value in _FIELD.findall(page)}


def words(page: str) -> str:
    """What a person reads: the page without tags, white space as single blanks."""
    return " ".join(unescape(_TAG.sub(" ", _INLINE.sub("", _ASKED_FOR.sub("", page)))).split())


# An administrator, and listings scored into any lane at any time without an intake.


def an_administrator(site: Site) -> Person:
    """An administrator of the marketplace."""
    return invite(site.runtime, "ada@touchstone.example", "Ada Roth", Role.ADMIN)


def add_scored_listings(site: Site, lane: Lane, at: datetime, number: int = 1) -> None:
    """So many new listings, scored into a lane at a moment."""
    with site.runtime.store.write() as connection:
        for _ in range(number):
            listing_id, version_id = site.runtime.ids.new("lst"), site.runtime.ids.new("ver")
            ids = {"marketplace_id": site.marketplace_id, "listing_id": listing_id, "version_id": version_id}
            named = {"content_hash": "0" * 64, "observed_hash": "0" * 64, "external_id": listing_id, "version": 1}
            add(connection, listing, [{**ids, **named, "first_known_at": at, "occurred_at": at}])
            version_fields = {"content_hash": "0" * 64, "content": {}, "draw": 0.5, "brand_key": "", "category_key": ""}
            version = {**ids, **version_fields, "number": 1, "occurred_at": at, "known_at": at, "earlier_prices": []}
            add(connection, listing_version, [version])
            digest = sha256(version_id.encode()).hexdigest()
            add(
                connection,
                facts,
                [{"marketplace_id": site.marketplace_id, "digest": digest, "schema": 1, "body": b"{}"}],
            )
            score_row: dict[str, Any] = {
                **{name: ids[name] for name in ("marketplace_id", "listing_id", "version_id")},
                "score_id": site.runtime.ids.new("sco"),
                "facts_digest": digest,
                "kind": "scorecard",
                "value": 1.0,
                "scorer": "test",
                "fingerprint": "0" * 64,
                "reasons": [],
                "evidence": [],
                "lane": lane.value,
                "route_reasons": [],
                "policy_version": "1",
                "inclusion_probability": 1.0,
                "scored_at": at,
            }
            add(connection, score, [score_row])


# Short ways to an appeal, and to the case on which it is decided.

STATEMENT = "I bought it in the shop in Paris.\n<b>Please</b> look again."


def an_appeal(site: Site, *, decided_by_analyst: bool = False) -> Case:
    """An open appeal's case; the removal was confirmed by the brand, or by an analyst where no brand takes part."""
    if decided_by_analyst:
        case = a_case(site, title="So1enne tote 1:1 mirror quality")
        recorded = judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    else:
        case = a_case(site, CaseLane.ASK_BRAND)
        recorded = judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    assert recorded.action is not None
    site.clock.forward(seconds=timedelta(minutes=4).total_seconds())
    deliver(site.runtime, site.marketplace_id, recorded.action.action_id)
    file_appeal(site.runtime, site.marketplace, Complaint("A-1", recorded.action.external_id, STATEMENT))
    [appeal_case] = open_cases(site, CaseLane.APPEAL)
    return appeal_case

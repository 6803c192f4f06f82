"""A browser without script: it keeps cookies, sends forms with their hidden fields, and asks for pages."""

import re
from dataclasses import dataclass, field
from html import unescape

from fastapi.testclient import TestClient
from httpx2 import Response

from serving.accounts.rules.access import Person
from serving.accounts.service import auth
from serving.guards import cookie_name
from tests.fixtures.clients import a_client
from tests.fixtures.runtimes import PASSWORD, Site

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
        data = {"csrf_token": self.csrf_token, **(fields or {})}
        return self.client.post(path, data=data, headers={**self.headers, **headers})

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
    return {name: unescape(value) for name, value in _FIELD.findall(page)}


def words(page: str) -> str:
    """What a person reads: the page without tags, white space as single blanks."""
    return " ".join(unescape(_TAG.sub(" ", _INLINE.sub("", _ASKED_FOR.sub("", page)))).split())

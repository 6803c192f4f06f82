"""Each refusal of access is one log line with the route, and without what the request held."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.fixtures.clients import a_client, sign_in
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack

CASES = [
    ("GET", "/api/v1/figures", {"authorization": "Bearer tsk.key_x.guessed"}, "not_signed_in", "a guessed key"),
    ("POST", "/api/v1/cases/cas_x/undo", {}, "cross_site", "a call without the session's token"),
    ("GET", "/models/{name}", {}, None, "nothing at this address"),
    ("GET", "/operations/audit", {}, "forbidden", "a page of another role"),
]


@pytest.mark.parametrize(("method", "path", "headers", "why", "_why"), CASES)
def test_a_denial_is_one_line(
    site: Site, method: str, path: str, headers: dict[str, str], why: str | None, _why: str
) -> None:
    client = a_client(site.runtime)
    sign_in(client, site.analyst)
    with capture_logs() as lines:
        client.request(method, f"{path}?q=typed-by-somebody", headers=headers)
    denials: list[Any] = [line for line in lines if line["event"] == "security.denied"]
    assert [line["why"] for line in denials] == ([] if why is None else [why])
    assert "typed-by-somebody" not in str(lines)
    assert "guessed" not in str(lines)


def test_a_visitor_without_a_session_is_no_denial(site: Site) -> None:
    with capture_logs() as lines:
        a_client(site.runtime).get("/queue", headers={"accept": "text/html"})
    assert [line for line in lines if line["event"] == "security.denied"] == []

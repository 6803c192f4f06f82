"""Every list of the API goes on behind its last row, whatever comes in or changes in between."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from serving.accounts.service import provisioning
from serving.api import learning, sellers
from serving.cases.service import removal_approvals
from serving.learning.service.learn import add_job
from serving.learning.store.learning import update_job
from serving.notices.service import notice_list
from serving.platform.database.store import add
from serving.sellers.rules.seller_risk import Ranking, RiskState, SellerRisk
from serving.sellers.service import sanctioning
from serving.sellers.store import sanctions, seller_risks
from serving.sellers.store.seller_risks import RankingHeader
from serving.takedowns.tables import action, removal_approval
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.contract import contract
from tests.fixtures.notifying import notify
from tests.fixtures.reporting import confirm, questions
from tests.fixtures.runtimes import Site

NUMBER = 3


def some_actions(site: Site) -> list[str]:
    removals = [confirm(site, site.brand_person, case).action for case in questions(site, NUMBER)]
    return [removal.action_id for removal in removals if removal is not None]


def add_pending_removals(site: Site) -> None:
    rows: list[dict[str, Any]] = [
        {
            "marketplace_id": site.marketplace_id, "action_id": action_id, "causes": [], "policy_version": "1",
            "pending_since": site.clock.now(), "settled_at": None, "settled_as": None,
        }
        for action_id in some_actions(site)
    ]  # fmt: skip
    with site.runtime.store.write() as connection:
        connection.execute(update(action).values(state="pending_approval"))
        add(connection, removal_approval, rows)


def add_sanctions(site: Site) -> None:
    row: dict[str, Any] = {
        "marketplace_id": site.marketplace_id, "measure": "close", "cause": "strikes", "parent_id": None, "path": None,
        "total": 1.0, "reasons": [], "linked": [], "policy_version": "1", "proposed_at": site.clock.now(),
        "due_at": None, "decided_at": None, "ended_because": None,
    }  # fmt: skip
    with site.runtime.store.write() as connection:
        for n, state in enumerate(["proposed", "carried_out"] * NUMBER):
            sanctions.add_sanction(
                connection, {**row, "sanction_id": f"san_{n}", "seller_external_id": f"s-{n}", "state": state}
            )


def add_ranking(site: Site) -> None:
    risks = {f"s-{n}": SellerRisk(RiskState.RANKED, 9, 0, 0, 2.0 + n % 2, 0, 0, 0.1, 50.0) for n in range(NUMBER)}
    with site.runtime.store.write() as connection:
        ranking_basis = RankingHeader(site.clock.now(), 90, NUMBER, 0.1, "1")
        assert seller_risks.save_ranking(connection, site.marketplace_id, Ranking(NUMBER, 0.1, risks), ranking_basis)


def add_trainings(site: Site) -> None:
    with site.runtime.store.write() as connection:
        for _ in range(NUMBER):
            job_id = add_job(site.runtime, connection, site.marketplace_id, by="test")
            update_job(connection, site.marketplace_id, job_id, {"state": "failed"})


def add_notices(site: Site) -> None:
    for n in range(NUMBER):
        notify(site, f"MP-{n}", email=f"n{n}@example.org")


class ListRoute(NamedTuple):
    """A list, its key in the answer, how its rows are made, and where a page's size is set; none has `most`."""

    path: str
    name: str
    make: Callable[[Site], object]
    limits: tuple[tuple[Any, str], ...] = ()
    query: str = ""


LISTS = [
    ListRoute("actions", "actions", some_actions),
    ListRoute("cases", "cases", lambda site: questions(site, NUMBER)),
    ListRoute("pending-removals", "pending", add_pending_removals, ((removal_approvals, "_MOST"),)),
    ListRoute("sanctions", "undecided", add_sanctions, ((sanctioning, "PAGE"), (sellers, "PAGE"))),
    ListRoute("sanctions", "in_force", add_sanctions, ((sanctioning, "PAGE"), (sellers, "PAGE"))),
    ListRoute("seller-risks", "riskiest", add_ranking),
    ListRoute("trainings", "trainings", add_trainings, ((learning, "_PAGE"),)),
    ListRoute("notices", "notices", add_notices, ((notice_list, "_MOST"),), "since=2020-01-01T00:00:00Z"),
]
QUICK = {"actions", "cases", "seller-risks"}
READERS = {"cases": "brand_person", "trainings": "data_scientist"}


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(
            paged_list,
            marks=[] if paged_list.path in QUICK else pytest.mark.soak,
            id=f"{paged_list.path} {paged_list.name}",
        )
        for paged_list in LISTS
    ],
)
def test_a_list_read_by_pages_is_the_whole_list(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch, of: ListRoute
) -> None:
    of.make(site)
    person = getattr(site, READERS.get(of.path, "analyst"))
    headers = key_headers(site) if of.path in {"actions", "notices"} else sign_in(client, person)
    split = of.path == "sanctions"
    parameter, following = (f"{of.name}_after", f"next_{of.name}") if split else ("after", "next")

    def page(query: str) -> dict[str, Any]:
        response = client.get(f"/api/v1/{of.path}?{of.query}&{query}", headers=headers)
        assert response.status_code == 200, response.text
        return dict(response.json())

    whole = page("")
    assert (len(whole[of.name]), whole[following]) == (NUMBER, None)
    for limit in of.limits:
        monkeypatch.setattr(*limit, 1)
    read, query = [], ""
    for _ in range(NUMBER + split):  # The last page of sanctions may be empty.
        page_body = page(query if of.limits else f"most=1{query}")
        assert len(page_body[of.name]) <= 1
        read += page_body[of.name]
        query = f"&{parameter}={page_body[following]}"
    assert (read, page_body[following]) == (whole[of.name], None)


def test_every_list_with_a_limit_has_its_next_page() -> None:
    """The word is that of their descriptions."""
    gets = {path: operations["get"] for path, operations in contract()["paths"].items() if "get" in operations}
    limited = {path for path, get in gets.items() if "page has at most" in get["description"].replace("\n", " ")}
    paged = {path for path, get in gets.items() if any("after" in p["name"] for p in get.get("parameters", ()))}
    assert limited == paged
    assert len(paged) == 8


def test_a_place_that_is_none_is_refused(client: TestClient, site: Site) -> None:
    sign_in(client, site.data_scientist)
    souk = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test").marketplace_id
    with site.runtime.store.write() as connection:
        of_another = add_job(site.runtime, connection, souk, by="test")
    for after in (of_another, "job_none", "%00", "x" * 201):
        assert client.get(f"/api/v1/trainings?after={after}").status_code == 422, after

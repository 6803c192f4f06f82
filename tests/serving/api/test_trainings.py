"""A program starts a training with a key of its own scope, follows it, and promotes nothing."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.audit.tables import audit_entry
from serving.learning.store import learning
from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as, words

PATH = "/api/v1/trainings"


def a_program(site: Site, scope: Scope) -> tuple[str, dict[str, str]]:
    """The id of a key with one scope, and its header."""
    key = provisioning.add_key(site.runtime, name="nightly", scopes=[scope], marketplace=None, by="test")
    return key.split(".")[1], {"authorization": f"Bearer {key}"}


def test_a_program_starts_a_training_and_follows_it(client: TestClient, site: Site) -> None:
    key_id, headers = a_program(site, Scope.TRAIN)
    started = client.post(PATH, headers=headers)
    assert started.status_code == 202
    job_id = started.json()["job_id"]
    followed = client.get(f"{PATH}/{job_id}", headers=headers).json()
    assert (followed["state"], followed["cause"]) == ("waiting", None)
    assert [training["job_id"] for training in client.get(PATH, headers=headers).json()["trainings"]] == [job_id]
    again = client.post(PATH, headers=headers)
    assert (again.status_code, again.headers["retry-after"]) == (409, "60"), "never two at once"
    with site.runtime.store.read() as connection:
        query = select(audit_entry.c.actor, audit_entry.c.subject).where(audit_entry.c.act == "training.requested")
        assert tuple(connection.execute(query).one()) == (f"key:{key_id}", job_id)
    page = words(visit_as(site, site.data_scientist).get("/models").text)
    assert f"Requested by API key {key_id}, 09:00." in page


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.TRAIN])
def test_a_key_without_the_scope_starts_nothing(client: TestClient, site: Site, scope: Scope) -> None:
    _, headers = a_program(site, scope)
    refused = client.post(PATH, headers=headers)
    assert (refused.status_code, refused.json()["error"]["sentence"]) == (403, "This key lacks the scope train.")
    assert client.get(PATH, headers=headers).status_code == 403
    assert site.read(learning.jobs, site.marketplace_id, 5) == []


@pytest.mark.parametrize("path", ["/api/v1/promotions", "/api/v1/golden-sets", "/api/v1/listings"])
def test_a_key_that_trains_does_nothing_else(client: TestClient, site: Site, path: str) -> None:
    _, headers = a_program(site, Scope.TRAIN)
    assert client.post(path, json={}, headers=headers).status_code in {401, 403}


def test_the_cause_of_a_training_that_nobody_requested_is_in_the_answer(client: TestClient, site: Site) -> None:
    cause = {"cause": "drift", "new_labels": 12, "moved": ["score"]}
    row = {
        "marketplace_id": site.marketplace_id,
        "job_id": "job_1",
        "state": "done",
        "progress": {},
        "requested_by": "worker",
    }
    site.write(learning.add_job, {**row, "cause": cause, "created_at": site.clock.now()})
    sign_in(client, site.data_scientist)
    assert client.get(f"{PATH}/job_1").json()["cause"] == cause

from fastapi.testclient import TestClient

from tests.fixtures.clients import with_key
from tests.fixtures.listings import a_suspect_row
from tests.fixtures.runtimes import Site


def test_the_answer_has_evidence_and_parts_that_add_up_to_the_value(client: TestClient, site: Site) -> None:
    answer = client.post("/api/v1/score", json=a_suspect_row(), headers=with_key(site)).json()
    assert [one["code"] for one in answer["evidence"]][:2] == ["text_replica_grade", "brand_disguised"]
    assert answer["evidence"][0]["sentence"] == "Replica-grade wording: “1:1 mirror”, “mirror quality”, “1:1”."
    assert sum(one["weight"] for one in answer["reasons"]) == answer["value"]

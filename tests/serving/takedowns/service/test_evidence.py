"""The listing is stored with its removal, or there is no removal; later alterations are reported."""

import json
import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from models.case import CaseLane
from models.errors import NotFound
from models.verdict import Judgement
from serving.audit.tables import audit_entry, audit_payload
from serving.cases.service.undoing import undo_verdict
from serving.cases.tables import verdict
from serving.listings.service.intake import receive_rows
from serving.takedowns.rules.evidence import Part
from serving.takedowns.service import takedown
from serving.takedowns.service.evidence import as_file, page_of, verify
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import StoredSnapshot
from serving.takedowns.tables import action, evidence_part
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, having, judge
from tests.fixtures.tampering import drop_guards

HOSTILE = "</bdi></style><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }} \"'&\u202egnp.exe\u200b"


def a_removal(site: Site, **changes: object) -> StoredSnapshot:
    return having(site, make_snapshot, **changes)


def make_snapshot(site: Site, **changes: object) -> StoredSnapshot:
    case = a_case(site, CaseLane.ASK_BRAND, **changes)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    [snapshot] = snapshots_of(site, case.listing_id)
    return snapshot


def snapshots_of(site: Site, listing_id: str) -> list[StoredSnapshot]:
    return site.read(evidence.of_listing, site.marketplace_id, listing_id)


def page(taken: StoredSnapshot) -> str:
    return (page_of(taken) or b"").decode()


def body(taken: StoredSnapshot, part: Part) -> dict[str, object]:
    [body_text] = [snapshot_part.body for snapshot_part in taken.snapshot.parts if snapshot_part.part is part]
    parsed: dict[str, object] = json.loads(body_text or b"null")
    return parsed


def test_a_removal_stores_the_listing_as_shown(any_site: Site) -> None:
    taken = a_removal(any_site, image_link=["https://cdn.bazaar.example/1.jpg"])
    assert body(taken, Part.TEXT)["title"] == a_suspect_row()["title"]
    assert body(taken, Part.PRICE) == {"price": "89.00", "list_price": None, "currency": "EUR"}
    seller = body(taken, Part.SELLER)
    assert (seller["external_id"], seller["age_days"], seller["rating"]) == ("lumo-trade-88", 9, None)
    [picture] = body(taken, Part.MEDIA)
    assert picture["address"] == "https://cdn.bazaar.example/1.jpg"  # type: ignore[index]  # a list of objects
    assert taken.snapshot.header["captured_at"] == any_site.clock.now().isoformat()
    assert verify(any_site.runtime, any_site.marketplace) == {"snapshots": 1, "erased": 0, "differing": []}


def test_the_judged_version_is_stored(any_site: Site) -> None:
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="150.00")], source="test")
    any_site.clock.forward(minutes=1)
    taken = a_removal(any_site, price="89.00")
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="20.00")], source="test")
    assert taken.snapshot.header["version"] == 2
    assert body(taken, Part.PRICE)["price"] == "89.00"


def test_the_log_holds_the_digest_in_the_entry_of_the_action(any_site: Site) -> None:
    taken = a_removal(any_site)
    query = (
        select(audit_payload.c.payload)
        .join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
        .where(audit_entry.c.act == "remove.scheduled")
    )
    named = json.loads(any_site.scalar(query))["evidence"]
    assert named == {"evidence_id": taken.evidence_id, "digest": taken.snapshot.digest}


def test_without_evidence_there_is_no_removal_and_no_verdict(any_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)

    def no_room(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(takedown, "store_snapshot", no_room)
    with pytest.raises(OSError, match="no room"):
        judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    with any_site.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(action)).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(verdict)).scalar_one() == 1  # The analyst's.
    assert snapshots_of(any_site, case.listing_id) == []


def test_evidence_stays_when_the_removal_is_undone(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert len(snapshots_of(any_site, case.listing_id)) == 1


def test_a_verdict_without_a_removal_stores_no_evidence(any_site: Site) -> None:
    case = a_case(any_site, brand="Solenne", title="Solenne serum 1:1 mirror quality replica")
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert snapshots_of(any_site, case.listing_id) == []


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_of_a_hostile_listing_contains_no_injected_element(site: Site) -> None:
    hostile = {"external_id": "lumo-trade-88" + HOSTILE, "country": HOSTILE}
    changes = {"description": HOSTILE * 3, "product_type": HOSTILE, "ship_from": HOSTILE[:60], "seller": hostile}
    taken = a_removal(site, title=f"Aure11e Colline 1:1 mirror quality {HOSTILE}", **changes)
    shown = page(taken)
    elements, expected = Elements(), Elements()
    elements.feed(shown)
    expected.feed(page(a_removal(site, external_id="MP-10", seller={"external_id": "s2", "country": "CN"})))
    assert (elements.names, elements.attributes) == (expected.names, expected.attributes)
    assert "\u202e" not in shown
    assert "⟨U+202E⟩" in shown
    assert "{{ 7*7 }}" in shown
    assert json.dumps(HOSTILE * 3)[1:-1] in json.dumps(body(taken, Part.TEXT)["description"])


def test_the_page_loads_no_resources(site: Site) -> None:
    shown = page(a_removal(site, link="https://bazaar.example/o/9", image_link=["https://cdn.example/1.jpg"]))
    assert not re.search(r"(?:src|href|url)\s*[=(]", shown)
    assert "default-src 'none'" in shown


TAMPERINGS = [
    ("UPDATE evidence_part SET digest = (SELECT digest FROM evidence) WHERE part = 'price'", "The part “price”"),
    ("UPDATE evidence_part SET salt = NULL WHERE part = 'page'", "The part “page”"),
    ("DELETE FROM evidence_part WHERE part = 'media'", "The part “media” is missing."),
    ("""UPDATE evidence SET header = '{}'""", "The header"),
    ("UPDATE evidence SET subject = 'act_other'", "The snapshot is stored under another listing or case."),
    ("UPDATE evidence SET subject = 'act_other'", "The audit log has no entry for this snapshot."),
]


@pytest.mark.both_engines
@pytest.mark.parametrize(("statement", "sentence"), TAMPERINGS)
def test_an_alteration_in_the_database_is_reported(any_site: Site, statement: str, sentence: str) -> None:
    taken = a_removal(any_site)
    with any_site.runtime.store.write() as connection:
        drop_guards(connection)
        connection.exec_driver_sql(statement)
    [difference] = verify(any_site.runtime, any_site.marketplace, taken.case_id)["differing"]
    assert difference["evidence_id"] == taken.evidence_id
    assert any(text.startswith(sentence) for text in difference["differs"])


REFUSED = [
    "UPDATE evidence SET digest = ''",
    "DELETE FROM evidence",
    "UPDATE evidence_part SET body = NULL, salt = NULL, digest = ''",
    "UPDATE evidence_part SET body = NULL",
    "UPDATE evidence_part SET part = 'page' WHERE part = 'text'",
    "DELETE FROM evidence_part",
]


@pytest.mark.both_engines
@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_evidence(any_site: Site, statement: str) -> None:
    a_removal(any_site)
    with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
        connection.exec_driver_sql(statement)


def test_a_part_can_be_erased_whole_and_the_rest_is_still_proved(any_site: Site) -> None:
    taken = a_removal(any_site)
    any_site.execute(evidence_part.update().where(evidence_part.c.part == "seller").values(body=None, salt=None))
    assert verify(any_site.runtime, any_site.marketplace) == {"snapshots": 1, "erased": 1, "differing": []}
    [snapshot] = snapshots_of(any_site, taken.listing_id)
    assert json.loads(as_file(snapshot))["parts"]["seller"]["body"] is None


def test_a_file_contains_everything_to_recompute_its_digests(site: Site) -> None:
    taken = a_removal(site)
    read = json.loads(as_file(taken))
    assert read["header"] == taken.snapshot.header
    assert set(read["parts"]) == {part.value for part in Part}
    assert all(set(part) == {"digest", "salt", "body"} for part in read["parts"].values())


def test_an_unknown_case_is_refused(site: Site) -> None:
    with pytest.raises(NotFound):
        verify(site.runtime, site.marketplace, "cas_none")

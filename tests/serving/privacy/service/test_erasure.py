"""A seller's data is erased once, as far as the law allows, and log and evidence stay verifiable."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from models.errors import Conflict, Invalid, NotFound
from serving.appeals.service.counter_notices import open_counter_notices
from serving.appeals.service.seller_links import new_link
from serving.appeals.tables import appeal, counter_notice_step
from serving.audit.rules.chain import ERASURE
from serving.audit.service import verification as audit_heads
from serving.audit.tables import audit_entry, audit_payload, erased_payload
from serving.cases.rules.test_buy import CustodyEvent
from serving.cases.service.seller_evidence import upload_document
from serving.cases.service.test_buys import Step, read, take_step
from serving.cases.tables import custody_entry
from serving.jobs.worker import sweep
from serving.listings.service.intake import receive_rows
from serving.listings.tables import quarantine
from serving.platform.database.schema import metadata
from serving.platform.database.types import ERASED
from serving.privacy.service.erasure import erase_seller, finish_erasures, lift_hold, set_hold
from serving.privacy.store import legal_holds
from serving.sellers.service.contacts import erase_contacts, receive_contacts
from serving.sellers.tables import seller_contact
from serving.takedowns.rules.evidence import Part
from serving.takedowns.service.evidence import verify
from serving.takedowns.store import evidence
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import evidence_part
from tests.fixtures.keeping import with_retention
from tests.fixtures.links import token_of
from tests.fixtures.reporting import a_marketplace_that_listens, dismiss_appeal, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, having
from tests.fixtures.tampering import drop_guards
from tests.serving.cases.service.test_seller_evidence import INVOICE, PICTURE
from tests.serving.cases.service.test_test_buys import ordered_test_buy

SELLER, OTHER = "lumo-trade-88", "shop-of-another"
SHOPS = (("MP-1", SELLER), ("MP-2", OTHER))
STATEMENT = "I am Li Wei of Lumo Trade, and these goods are genuine."


@contextmanager
def a_seller_with_a_history(site: Site) -> Iterator[StoredAction]:
    """Contacts, a refused row, two removals, a dismissed appeal, and the same of another seller."""
    removal = having(site, history_of_a_seller)
    with a_marketplace_that_listens(site):
        yield removal


def history_of_a_seller(site: Site) -> StoredAction:
    with a_marketplace_that_listens(site):
        for seller in (SELLER, OTHER):
            contacts = [{"seller": seller, "kind": "phone", "value": "+49 30 7654321"}]
            receive_contacts(site.runtime, site.marketplace, {"contacts": contacts}, backfill=False)
            refused = a_suspect_row(price="many", seller={"external_id": seller})
            receive_rows(site.runtime, site.marketplace, [refused], source="test")
        receive_contacts(
            site.runtime,
            site.marketplace,
            {"contacts": [{"seller": SELLER, "kind": "email", "value": "li@lumo.example"}]},
            backfill=False,
        )
        removal = removal_by_brand(site, "MP-1")
        removal_by_brand(site, "MP-2", seller={"external_id": OTHER})
        dismiss_appeal(site, removal)
        site.execute(appeal.update().values(statement=STATEMENT))
        sweep(site.runtime)
        return removal


def seller_token(site: Site, removal: StoredAction) -> str:
    """The token of the link to a removal; the matter is open, so that the seller may submit documents."""
    open_counter_notices(site.runtime)
    return token_of(new_link(site.runtime, site.marketplace_id, removal.action_id))


def erase(site: Site, *, carry_out: bool = True) -> dict[str, int]:
    erasure = erase_seller(site.runtime, site.marketplace, SELLER, carry_out=carry_out, by="test")
    assert erasure["carried_out"] is carry_out
    return {name: many for name, many in erasure["erased"].items() if many}


def everything(site: Site) -> dict[str, list[str]]:
    """Every row of the database, as text."""
    with site.runtime.store.read() as connection:
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for name, table in metadata.tables.items()
        }


def erased_counts(site: Site) -> tuple[int, int]:
    """The numbers of erased payloads and of erased evidence parts; everything else must be intact."""
    log, evidence_check = audit_heads.verify(site.runtime), verify(site.runtime, site.marketplace)
    assert (log["broken"], log["heads_problem"], evidence_check["differing"]) == (None, None, [])
    return log["erased"], evidence_check["erased"]


def after_all_deadlines(site: Site) -> None:
    """Advance more than half a year, with the service's periodic sweeps."""
    for _ in range(8):
        site.clock.forward(days=30)
        sweep(site.runtime)


def test_it_is_shown_first_and_nothing_is_changed(any_site: Site) -> None:
    with a_seller_with_a_history(any_site):
        before = everything(any_site)
        erasure = erase_seller(any_site.runtime, any_site.marketplace, SELLER, carry_out=False, by="test")
        assert everything(any_site) == before
    assert erasure["erased"]["hashes of contacts"] == 2
    assert erasure["erased"]["refused rows that name the seller"] == 1
    assert erasure["erased"]["parts of evidence that show the seller"] == 0
    assert sum(erasure["kept_for_now"].values()) == 1
    assert len(erasure["kept"]) == 5


def test_what_can_be_appealed_against_is_kept_and_erased_later_by_the_sweep(any_site: Site) -> None:
    with a_seller_with_a_history(any_site) as removal:
        erase(any_site)
        assert erased_counts(any_site)[1] == 0
        assert finish_erasures(any_site.runtime) == 0, "looked at once a day"
        after_all_deadlines(any_site)
        assert erased_counts(any_site)[1] == 1
        with any_site.runtime.store.read() as connection:
            [stored_evidence] = evidence.of_listing(connection, any_site.marketplace_id, removal.listing_id)
            statements = connection.execute(select(appeal.c.statement)).scalars().all()
            parts = connection.execute(
                select(func.count()).select_from(evidence_part).where(evidence_part.c.body.is_(None))
            ).scalar_one()
        assert {part.part for part in stored_evidence.snapshot.parts if part.body is None} == {Part.SELLER, Part.PAGE}
        assert (statements, parts) == (["(erased)"], 2)
        assert finish_erasures(any_site.runtime) == 0, "nothing is left to look at"


def test_what_was_kept_of_the_seller_is_gone_and_that_of_others_stays(any_site: Site) -> None:
    any_site = with_retention(any_site)
    with a_seller_with_a_history(any_site):
        erase_contacts(any_site.runtime, any_site.marketplace, SELLER, by="test")
        after_all_deadlines(any_site)
        assert erase(any_site)["payloads of the audit log that name the seller"] >= 1
        rows = everything(any_site)
    for table in (seller_contact, quarantine, audit_payload, counter_notice_step, appeal):
        assert not [row for row in rows[table.name] if SELLER in row or STATEMENT in row], table.name
    for table in (seller_contact, quarantine):
        assert [row for row in rows[table.name] if OTHER in row], table.name


def test_documents_links_and_custody_records_go_with_the_removal_and_not_before(any_site: Site) -> None:
    site, hers = any_site, "Parcel of Li Wei, Kantstrasse 7"
    with a_marketplace_that_listens(site):
        mine, others = (removal_by_brand(site, external_id, seller={"external_id": who}) for external_id, who in SHOPS)
        for removal in (mine, others):
            upload_document(site.runtime, seller_token(site, removal), "Li Wei.pdf", INVOICE)
        upload_document(site.runtime, seller_token(site, mine), "passport of Li Wei.png", PICTURE)
        test_buy_id = ordered_test_buy(site, a_case(site, external_id="MP-3", seller={"external_id": SELLER}))
        take_step(site.runtime, site.analyst, test_buy_id, Step(CustodyEvent.RECEIVE, "Ines Moreau", hers))
        assert not {"documents of the seller, and of brands' reports about it", "texts of test buys"} & set(erase(site))
        take_step(site.runtime, site.analyst, test_buy_id, Step(CustodyEvent.CANCEL, "", "Came broken."))
        after_all_deadlines(site)
        erase(site)
        rows = everything(site)
    assert not [(name, row) for name, texts in rows.items() for row in texts if hers in row or "BZ-991" in row]
    assert not [row for row in rows["seller_upload"] if "passport" in row]
    assert [row for row in rows["seller_upload"] if "Li Wei.pdf" in row and OTHER in row]
    assert sum("None" in row for row in rows["seller_document"]) == 1, "the other seller handed in the same invoice"
    _, log = read(site.runtime, site.analyst, test_buy_id)
    assert [(line.holder, line.text) for line in log] == [
        (None, ERASED),
        ("Ines Moreau", ERASED),
        ("Ines Moreau", ERASED),
    ]
    assert erased_counts(site)[0] >= 3


KEPT = [{"holder": "x"}, {"description": "x"}, {"recorded_by": "x", "description": ERASED}]


@pytest.mark.parametrize("change", KEPT, ids=["who held the goods", "other words", "who wrote it down"])
def test_a_custody_log_lets_its_words_go_and_nothing_else(any_site: Site, change: dict[str, str]) -> None:
    ordered_test_buy(any_site, a_case(any_site))
    with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
        connection.execute(custody_entry.update().values(**change))


def test_asked_again_it_erases_nothing_and_says_nothing_new_in_the_log(any_site: Site) -> None:
    with a_seller_with_a_history(any_site):
        after_all_deadlines(any_site)
        assert erase(any_site)
        entries = audit_heads.verify(any_site.runtime)["entries"]
        assert erase(any_site) == {}
        assert audit_heads.verify(any_site.runtime)["entries"] == entries


def test_the_entry_of_an_erasure_names_what_is_gone_and_not_the_seller(any_site: Site) -> None:
    with a_seller_with_a_history(any_site):
        erase_contacts(any_site.runtime, any_site.marketplace, SELLER, by="test")
        erase(any_site)
    with any_site.runtime.store.read() as connection:
        query = (
            select(audit_payload.c.payload)
            .join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
            .where(audit_entry.c.act == ERASURE)
        )
        text = connection.execute(query).scalar_one()
        named = connection.execute(select(erased_payload.c.sequence)).scalars().all()
    assert SELLER not in text
    assert json.loads(text)["entries"] == list(named) != []
    assert erased_counts(any_site) == (len(named), 0)


@pytest.mark.both_engines
def test_a_payload_that_somebody_takes_out_past_the_guard_is_found(any_site: Site) -> None:
    with any_site.runtime.store.write() as connection:
        connection.execute(insert(erased_payload).values(sequence=2, erasure_id="era_x"))
        connection.execute(audit_payload.delete().where(audit_payload.c.sequence == 2))
    broken = audit_heads.verify(any_site.runtime)["broken"]
    assert broken == {"sequence": 2, "problem": "its payload is gone, and no erasure names it"}


REFUSED = [
    "DELETE FROM audit_payload WHERE sequence = 3",
    "UPDATE audit_payload SET salt = NULL WHERE sequence = 2",
    "UPDATE erased_payload SET sequence = 3",
    "DELETE FROM erased_payload",
]


@pytest.mark.both_engines
@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_lets_only_named_payloads_go(any_site: Site, statement: str) -> None:
    any_site.execute(insert(erased_payload).values(sequence=2, erasure_id="era_x"))
    with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
        connection.exec_driver_sql(statement)


def test_under_a_legal_hold_nothing_is_erased_until_it_is_lifted(any_site: Site) -> None:
    site = any_site
    with a_seller_with_a_history(site):
        set_hold(site.runtime, site.marketplace, SELLER, reason="Lawsuit 7 O 12/26", by="test")
        before = everything(site)
        for carry_out in (False, True):
            with pytest.raises(Conflict, match=r"under legal hold since .*Lawsuit 7 O 12/26"):
                erase_seller(site.runtime, site.marketplace, SELLER, carry_out=carry_out, by="test")
        assert everything(site) == before
        lift_hold(site.runtime, site.marketplace, SELLER, reason="Settled", by="test")
        assert erase(site)


def test_a_hold_that_is_set_after_an_erasure_was_asked_for_stops_the_rest(any_site: Site) -> None:
    site = any_site
    with a_seller_with_a_history(site):
        erase(site)
        set_hold(site.runtime, site.marketplace, SELLER, reason="Lawsuit", by="test")
        after_all_deadlines(site)
        assert erased_counts(site)[1] == 0
        lift_hold(site.runtime, site.marketplace, SELLER, reason="Settled", by="test")
        site.clock.forward(days=1)
        sweep(site.runtime)
        assert erased_counts(site)[1] == 1


def test_a_hold_needs_a_reason_is_set_once_and_is_in_the_log_without_the_seller(any_site: Site) -> None:
    site = any_site
    with pytest.raises(Invalid):
        set_hold(site.runtime, site.marketplace, SELLER, reason="  ", by="test")
    set_hold(site.runtime, site.marketplace, SELLER, reason="Lawsuit", by="test")
    with pytest.raises(Conflict, match="already"):
        set_hold(site.runtime, site.marketplace, SELLER, reason="Lawsuit", by="test")
    assert [hold.seller for hold in site.read(legal_holds.holds_in_force, site.marketplace_id)] == [SELLER]
    with pytest.raises(Invalid):
        lift_hold(site.runtime, site.marketplace, SELLER, reason="", by="test")
    lift_hold(site.runtime, site.marketplace, SELLER, reason="Settled", by="test")
    with pytest.raises(Conflict, match="not under"):
        lift_hold(site.runtime, site.marketplace, SELLER, reason="Settled", by="test")
    with site.runtime.store.read() as connection:
        acts = connection.execute(select(audit_entry.c.act, audit_entry.c.subject)).all()
        assert legal_holds.holds_in_force(connection, site.marketplace_id) == []
    assert [act for act, _ in acts][-2:] == ["legal_hold.set", "legal_hold.lifted"]
    assert all(SELLER not in subject for _, subject in acts)


def test_of_somebody_who_was_never_here_nothing_is_erased(any_site: Site) -> None:
    with pytest.raises(NotFound):
        erase_seller(any_site.runtime, any_site.marketplace, "nobody", carry_out=True, by="test")


def test_an_altered_snapshot_is_still_found_after_an_erasure(site: Site) -> None:
    with a_seller_with_a_history(site):
        after_all_deadlines(site)
        erase(site)
        with site.runtime.store.write() as connection:
            drop_guards(connection)
            connection.exec_driver_sql("UPDATE evidence_part SET digest = '' WHERE part = 'seller'")
        assert len(verify(site.runtime, site.marketplace)["differing"]) == 2

import csv
import io

import pytest

from features.message import message
from models.verdict import Judgement
from serving.accounts.service.provisioning import add_brand
from serving.audit.service.signing import last_head, sign_head
from serving.audit.store import audit, audit_lines
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.visits import Visitor, an_administrator, visit_as, words

PATH = "/operations/audit"
ATTACK = "<script>alert(1)</script>"


def write(
    site: Site, number: int = 1, *, act: str = "test.noted", subject: str = "sub_1", actor: str = "sweep"
) -> None:
    """Entries of the marketplace."""
    with site.runtime.store.write() as connection:
        for i in range(number):
            audit.record(connection, site.clock.now(), site.marketplace_id, actor, act, subject, number=i, text=ATTACK)


@pytest.fixture
def admin(site: Site) -> Visitor:
    return visit_as(site, an_administrator(site))


def test_entries_are_found_by_who_what_about_what_and_when(site: Site, admin: Visitor) -> None:
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(hours=48)
    write(site, act="right.claimed", subject="rgt_1", actor="api")
    by_person = words(admin.get(f"{PATH}?actor=ines@touchstone.example").text)
    assert "verdict.recorded" in by_person
    assert "right.claimed" not in by_person
    assert "right.claimed" in words(admin.get(f"{PATH}?act=right").text)
    assert "verdict.recorded" not in words(admin.get(f"{PATH}?act=right").text)
    assert "rgt_1" in words(admin.get(f"{PATH}?subject=rgt_1").text)
    today = site.clock.now().date().isoformat()
    dated = words(admin.get(f"{PATH}?since={today}&until={today}").text)
    assert "right.claimed" in dated
    assert "verdict.recorded" not in dated
    assert "No matching entries." in words(admin.get(f"{PATH}?actor=nobody@example.com").text)
    assert admin.get(f"{PATH}?since=2026-99-99&before=x&actor=%00%ff").status_code == 200


def test_what_an_entry_says_is_text_and_its_digest_stands_beside_it(site: Site, admin: Visitor) -> None:
    write(site, subject=ATTACK)
    page = admin.get(PATH).text
    assert ATTACK not in page
    assert "&lt;script&gt;" in page
    assert site.read(audit.head)[1][:8] in page


def test_another_marketplaces_entries_are_not_shown(site: Site, admin: Visitor) -> None:
    site.write(audit.record, site.clock.now(), "mkt_other", "sweep", "secret.act", "x")
    assert "secret.act" not in admin.get(PATH).text
    assert "secret.act" not in admin.get(f"{PATH}.csv").text


def test_entries_are_shown_fifty_at_a_time_and_exported_without_formulas(site: Site, admin: Visitor) -> None:
    write(site, 60, actor="=cmd()")
    page = admin.get(f"{PATH}?act=test").text
    assert page.count("test.noted</bdi>") == 50
    older = page.partition('href="/operations/audit?act=test&amp;before=')[2].partition('"')[0]
    assert admin.get(f"{PATH}?act=test&before={older}").text.count("test.noted</bdi>") == 10
    rows = list(csv.reader(io.StringIO(admin.get(f"{PATH}.csv?act=test").content.decode("utf-8-sig"))))
    assert len(rows) == 61
    assert rows[1][2] == "'=cmd()"
    assert admin.get(f"{PATH}.exe").status_code == 422


def test_the_newest_entries_are_verified_one_part_at_a_time(
    site: Site, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.web.operations.audit_page._AT_ONCE", 20)
    write(site, 45)
    page = admin.get(f"{PATH}?newest=45").text
    assert "20 checked" in words(page)
    for done in ("40 checked", "Chain intact."):
        address = page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
        assert address.startswith("/operations/audit/followed?")
        assert done in words(admin.get(address.replace("/followed", "")).text)
        page = admin.get(address).text
        assert done in words(page)
    assert "hx-get" not in page


def test_an_altered_entry_is_found_in_its_part(site: Site) -> None:
    sign_head(site.runtime)
    write(site, 5)
    with site.runtime.store.read() as connection:
        last, _ = audit.head(connection)
        assert audit_lines.check_range(connection, 3, last) is None
        assert audit_lines.check_range(connection, 0, last) is None
    with site.runtime.store.write() as connection:
        for name in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_entry_refuses_{name}")
        connection.exec_driver_sql("UPDATE audit_entry SET actor = 'nobody' WHERE sequence = ?", (last - 2,))
    with site.runtime.store.read() as connection:
        fault = audit_lines.check_range(connection, 3, last)
        assert fault is not None
        assert (fault.sequence, fault.problem) == (last - 2, message("audit.altered"))
        assert audit_lines.check_range(connection, last - 2, last) is None
    assert "The chain is broken." in words(visit_as(site, an_administrator(site)).get(f"{PATH}?newest=2000").text)


def test_a_log_that_is_not_the_one_that_was_signed_is_found(site: Site, admin: Visitor) -> None:
    sign_head(site.runtime)
    add_brand(site.runtime, name="Other", aliases=[], gtin_prefixes=[], by="test")
    with site.runtime.store.write() as connection:
        head = last_head(site.runtime)
        assert head is not None
        connection.exec_driver_sql("DROP TRIGGER audit_entry_refuses_update")
        forged = ("0" * 64, head.sequence)
        connection.exec_driver_sql("UPDATE audit_entry SET entry_hash = ? WHERE sequence = ?", forged)
    assert site.read(audit_lines.changed_since_signing, head) is not None
    assert "The chain is broken." in words(admin.get(f"{PATH}?newest=2000").text)

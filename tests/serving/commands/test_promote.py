"""`touchstone promote` and `rollback` in a data directory with two data scientists."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serving.listings.service.intake import receive_rows
from serving.scoring.store import breakers
from tests.fixtures.labelled import write_ndjson
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_row, copy_on_sqlite
from tests.serving.commands.commands import REFUSED, touchstone_in
from tests.serving.learning.service.test_golden import FAKES, LISTINGS, ensure_judged_twice
from tests.serving.web.reports import admit_model

WEI, MARA = ("--by", "wei@touchstone.example"), ("--by", "mara@touchstone.example")


@pytest.fixture
def place(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> tuple[Path, str]:
    """A closed data directory, and the digest of the model that waits for approvals."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        return site.runtime.home.root, admit_model(site)


def test_two_people_promote(place: tuple[Path, str]) -> None:
    home, digest = place
    assert touchstone_in(home, "promote", *WEI).out == f"Approved {digest}; approvals still missing: 1\n"
    assert touchstone_in(home, "promote", digest[:8], *MARA).out == f"Champion {digest}\n"


def test_one_person_does_not_however_often(place: tuple[Path, str]) -> None:
    home, _ = place
    touchstone_in(home, "promote", *WEI)
    again = touchstone_in(home, "promote", *WEI)
    assert (again.code, again.text) == (REFUSED, "You have approved this model already; somebody else must.")


def test_an_approval_is_withdrawn(place: tuple[Path, str]) -> None:
    home, digest = place
    touchstone_in(home, "promote", *WEI)
    assert touchstone_in(home, "promote", "--withdraw", *WEI).out == f"Approval withdrawn: {digest}\n"
    assert touchstone_in(home, "promote", *MARA).out == f"Approved {digest}; approvals still missing: 1\n"


def test_a_marketplace_of_one_sets_one_approval(place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_APPROVALS_NEEDED", "1")
    home, digest = place
    assert touchstone_in(home, "promote").out == f"Champion {digest}\n"
    assert touchstone_in(home, "rollback").text == "There is no earlier champion to go back to."


def test_without_a_set_it_says_so_and_freezes_none_of_too_few(home: Path) -> None:
    assert touchstone_in(home, "model", "golden").out == "No golden set is frozen.\n"
    done = touchstone_in(home, "model", "golden", "--freeze")
    assert done.code == REFUSED
    assert done.text.startswith("0 listings were judged alike by two analysts")


@pytest.fixture
def judged_home(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> Path:
    """A closed data directory, in which two analysts judged enough listings alike."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        ensure_judged_twice(site)
        return site.runtime.home.root


def test_what_was_judged_alike_is_frozen_and_shown(judged_home: Path) -> None:
    frozen = touchstone_in(judged_home, "model", "golden", "--freeze").out
    digest, counts, by = frozen.splitlines()
    assert len(digest.removeprefix("Golden set ")) == 64
    assert counts == f"{LISTINGS} listings, {FAKES} counterfeit"
    assert by.endswith("by local")
    assert touchstone_in(judged_home, "model", "golden").out == frozen


def test_who_retrains_does_not_freeze(judged_home: Path) -> None:
    done = touchstone_in(judged_home, "model", "golden", "--freeze", "--by", "wei@touchstone.example")
    assert (done.code, done.text) == (REFUSED, "The role of wei@touchstone.example does not include this.")


def import_rows(home: Path, many: int, days_ago: int, price: str) -> None:
    """Rows that have been known for so many days."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    rows = [a_row(external_id=f"MP-{days_ago}-{i}", price=price, occurred_at=at.isoformat()) for i in range(many)]
    path = home.parent / f"rows-{days_ago}.ndjson"
    write_ndjson(path, rows)
    assert touchstone_in(home, "import", str(path), "--format", "native", "--backfill").code == 0


def test_drift_names_what_moved_first_and_writes_every_figure(home: Path, tmp_path: Path) -> None:
    import_rows(home, 60, 45, "400.00")
    import_rows(home, 60, 5, "800.00")
    out = tmp_path / "drift.json"
    done = touchstone_in(home, "drift", "--json", str(out))
    report = json.loads(out.read_text(encoding="utf-8"))
    assert done.code == 0
    assert "60 scores of the last 30 days against 60 of as many days before." in done.out
    assert report["shifts"][0]["level"] == "moved"
    assert report["shifts"][0]["name"] in done.out
    assert "Prevalence by the random audit sample: unknown" in done.out
    assert "First answers now: none for " in done.out


def test_drift_says_when_there_is_too_little_to_tell(home: Path) -> None:
    done = touchstone_in(home, "drift", "--days", "7")
    assert (done.code, "too few to tell a shift from chance" in done.out) == (0, True)


def test_drift_refuses_a_length_that_is_none(home: Path) -> None:
    assert touchstone_in(home, "drift", "--days", "0").code == REFUSED


def test_rescore_compares_then_and_now_and_writes_every_version(site: Site, tmp_path: Path) -> None:
    receive_rows(site.runtime, site.marketplace, [a_row(external_id=f"MP-{i}") for i in range(5)], source="test")
    digest = admit_model(site)
    site.runtime.close()
    out = tmp_path / "rows.parquet"
    done = touchstone_in(
        tmp_path / "home", "model", "rescore", "--since", "2020-01-01", "--bundle", digest[:10], "--out", str(out)
    )
    rows = pq.read_table(out).to_pylist()
    assert done.code == 0
    assert f"5 versions scored again with {digest[:12]}; nothing was changed." in done.out
    assert len(rows) == 5
    assert {row["probability_before"] for row in rows} == {None}
    assert all(0 < row["probability"] < 1 for row in rows)


def test_rescore_refuses_a_model_that_is_not_there(home: Path) -> None:
    done = touchstone_in(home, "model", "rescore", "--since", "2020-01-01")
    assert (done.code, done.text) == (REFUSED, "There is no challenger; retrain first.")


def test_the_breaker_is_closed_once_with_a_reason(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with site.runtime.store.write() as connection:
        breakers.record_check(connection, site.marketplace_id, site.clock.now())
        breakers.open_breaker(connection, site.marketplace_id, "500 of 1,000 listings were flagged.", site.clock.now())
    site.runtime.close()
    closed = touchstone_in(home, "breaker", "close", "--reason", "A new season.", "--by", site.data_scientist.email)
    assert closed.out == "Circuit breaker closed. Brands receive questions again.\n"
    assert "already closed" in touchstone_in(home, "breaker", "close", "--reason", "Again.").text


def test_an_analyst_does_not_close_the_breaker(home: Path) -> None:
    done = touchstone_in(home, "breaker", "close", "--reason", "x", "--by", "ines@touchstone.example")
    assert (done.code, "does not include this" in done.text) == (REFUSED, True)


def test_a_card_is_written_for_the_model_that_is_named(site: Site, tmp_path: Path) -> None:
    digest = admit_model(site)
    site.runtime.close()
    out = tmp_path / "card.html"
    done = touchstone_in(tmp_path / "home", "model", "card", digest[:8], "--out", str(out))
    assert done.out == f"Model card of {digest[:12]} in {out}\n"
    assert digest in out.read_text(encoding="utf-8")
    assert "no champion yet" in touchstone_in(tmp_path / "home", "model", "card", "--out", str(out)).text

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from serving.intake.service.intake import receive
from serving.scoring.store import breakers
from tests.fixtures.labelled import write_ndjson
from tests.fixtures.runtimes import Site, a_row
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.serving.web.reports import admit_model


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
    receive(site.runtime, site.marketplace, [a_row(external_id=f"MP-{i}") for i in range(5)], source="test")
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
        breakers.checked(connection, site.here, site.clock.now())
        breakers.open_it(connection, site.here, "500 of 1,000 listings were flagged.", site.clock.now())
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
    done = touchstone_in(tmp_path / "home", "report", digest[:8], "--out", str(out))
    assert done.out == f"Model card of {digest[:12]} in {out}\n"
    assert digest in out.read_text(encoding="utf-8")
    assert "no champion yet" in touchstone_in(tmp_path / "home", "report", "--out", str(out)).text

import json
from pathlib import Path
from typing import Any

import pytest

from models.case import CaseLane
from models.verdict import Judgement, ReasonCode
from serving.accounts.rules.access import Role
from tests.fixtures.dsa_validator import errors_of_all
from tests.fixtures.reporting import (
    a_marketplace_that_listens,
    carry_out_action,
    reinstate_on_appeal,
    removal_by_analyst,
    removal_by_brand,
)
from tests.fixtures.runtimes import Site, a_case, invite, judge, open_cases
from tests.serving.commands.commands import REFUSED, CommandResult, touchstone_in

REASONS = list(ReasonCode)


@pytest.fixture(autouse=True)
def reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the marketplace's platform name and territories."""
    payload = {"Bazaar": {"platform": "Bazaar", "territories": ["EEA"]}}
    monkeypatch.setenv("TOUCHSTONE_TRANSPARENCY", json.dumps(payload))


def export_lines(site: Site, home: Path, *options: str) -> tuple[list[dict[str, Any]], CommandResult]:
    """The lines that the command writes, after the service has closed the data directory."""
    site.runtime.close()
    out = home.parent / "statements.jsonl"
    out.unlink(missing_ok=True)
    done = touchstone_in(home, "export", "statements", "--out", str(out), *options)
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    return [json.loads(line) for line in lines], done


def removals(site: Site, number: int) -> None:
    """Removals of every kind: each reason, by brand and by analyst, flagged and sampled, every tenth reinstated."""
    for i in range(number):
        if i % 5 == 4:
            removal = removal_by_analyst(site, f"MP-{i}")
        else:
            changes: dict[str, object] = {"seller": {"external_id": f"lumo-{i}", "age_days": 9, "country": "CN"}}
            if i % 2:
                changes |= {"gtin": "3760123456789", "language": "fr", "occurred_at": "2026-02-27T10:00:00Z"}
            removal = removal_by_brand(site, f"MP-{i}", REASONS[i // 2 % len(REASONS)], **changes)
        if i % 10 == 4:  # By analysts: a brand with so many wrong removals could no longer remove.
            reinstate_on_appeal(site, removal)


@pytest.mark.parametrize("number", [20, pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(1_800)])])
def test_every_exported_statement_passes_the_validator(site: Site, tmp_path: Path, number: int) -> None:
    with a_marketplace_that_listens(site):
        removals(site, number)
    statements, done = export_lines(site, tmp_path / "home")
    assert done.out == f"{number:,} statements in {tmp_path / 'statements.jsonl'}.\n"
    assert len(statements) == number
    assert errors_of_all(statements) == []
    ended = [statement for statement in statements if statement["end_date_visibility_restriction"] is not None]
    assert len(ended) == number // 10
    assert {statement["automated_detection"] for statement in statements} == {"Yes", "No"}
    assert len({statement["illegal_content_explanation"] for statement in statements}) == len(REASONS)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (None, "Bazaar has no transparency profile"),
        ('{"Market": {"platform": "Market", "territories": ["DE"]}}', "Bazaar has no transparency profile"),
        ('{"Bazaar": {"platform": "Bazaar", "territories": []}}', "Name the EEA countries"),
        ('{"Bazaar": {"platform": "Bazaar", "territories": ["US"]}}', "US is not the code of an EEA country"),
    ],
)
def test_an_incomplete_transparency_setting_is_refused_with_advice(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None, sentence: str
) -> None:
    monkeypatch.delenv("TOUCHSTONE_TRANSPARENCY")
    if setting is not None:
        monkeypatch.setenv("TOUCHSTONE_TRANSPARENCY", setting)
    out = tmp_path / "statements.jsonl"
    done = touchstone_in(home, "export", "statements", "--out", str(out))
    assert (done.code, out.exists()) == (REFUSED, False)
    assert sentence in done.text


def test_an_export_of_nothing_is_an_empty_file(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "statements.jsonl"
    done = touchstone_in(home, "export", "statements", "--out", str(out))
    assert (done.code, done.out, out.read_bytes()) == (0, f"0 statements in {out}.\n", b"")


def test_no_word_of_a_listing_a_seller_or_a_person_is_in_a_statement(site: Site, tmp_path: Path) -> None:
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
    (statement,), _ = export_lines(site, tmp_path / "home")
    text = json.dumps(statement).lower()
    for word in ("aur", "lumo", "whatsapp", "138", "camille", "ines", "mp-1"):
        assert word not in text, word


def test_what_has_not_been_carried_out_has_no_statement_and_is_counted(site: Site, tmp_path: Path) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    statements, done = export_lines(site, tmp_path / "home")
    assert statements == []
    assert "1 removals have no statement yet: the marketplace has not acknowledged them." in done.out


def test_a_span_of_time_takes_what_was_carried_out_in_it(site: Site, tmp_path: Path) -> None:
    with a_marketplace_that_listens(site):
        first = removal_by_brand(site, "MP-1")
        site.clock.forward(seconds=86_400)
        second = removal_by_brand(site, "MP-2")
    moment = str(second.acknowledged_at)
    early, _ = export_lines(site, tmp_path / "home", "--until", moment)
    late, _ = export_lines(site, tmp_path / "home", "--since", moment)
    assert [statement["puid"] for statement in early] == [first.action_id]
    assert [statement["puid"] for statement in late] == [second.action_id]
    _, done = export_lines(site, tmp_path / "home", "--since", moment, "--until", moment)
    assert (done.code, done.text) == (REFUSED, "The period ends before it begins.")
    _, done = export_lines(site, tmp_path / "home", "--since", "yesterday")
    assert (done.code, "yesterday is no moment" in done.text) == (REFUSED, True)


def test_what_was_told_and_then_reversed_is_told_again_under_the_same_number(site: Site, tmp_path: Path) -> None:
    with a_marketplace_that_listens(site):
        removal = removal_by_brand(site, "MP-1")
        removal_by_brand(site, "MP-2")
        site.clock.forward(seconds=86_400)
        told_until = site.clock.now()
        back = reinstate_on_appeal(site, removal)
    (amended,), _ = export_lines(site, tmp_path / "home", "--amended", "--since", told_until.isoformat())
    assert amended["puid"] == removal.action_id
    assert back.acknowledged_at is not None
    assert amended["end_date_visibility_restriction"] == back.acknowledged_at.date().isoformat()
    assert "reversed" in amended["decision_facts"]
    assert errors_of_all([amended]) == []
    later = str(back.acknowledged_at.date().replace(year=2027))
    assert export_lines(site, tmp_path / "home", "--amended", "--since", later, "--until", "2028-01-01")[0] == []
    _, done = export_lines(site, tmp_path / "home", "--amended")
    assert (done.code, "needs --since, the begin of the period" in done.text) == (REFUSED, True)


def test_a_listing_that_is_removed_again_after_it_was_given_back_has_two_statements(site: Site, tmp_path: Path) -> None:
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal_by_brand(site, "MP-1"))
        case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1", price="79.00")
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
        (doubtful,) = open_cases(site, CaseLane.ANALYST)
        third = invite(site.runtime, "third@touchstone.example", "Third Analyst", Role.ANALYST)
        carry_out_action(site, judge(site, third, doubtful, Judgement.COUNTERFEIT).action)
    statements, _ = export_lines(site, tmp_path / "home")
    assert [statement["end_date_visibility_restriction"] is None for statement in statements] == [False, True]
    assert errors_of_all(statements) == []


def test_batches_are_bodies_of_at_most_a_hundred(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_marketplace_that_listens(site):
        for i in range(5):
            removal_by_brand(site, f"MP-{i}")
    monkeypatch.setattr("serving.takedowns.rules.public_statement.BATCH", 2)
    monkeypatch.setattr("serving.commands.exports._AT_ONCE", 3)
    bodies, done = export_lines(site, tmp_path / "home", "--batches")
    assert [len(body["statements"]) for body in bodies] == [2, 1, 2]
    assert done.out.startswith("5 statements in ")
    assert errors_of_all(statement for body in bodies for statement in body["statements"]) == []


def test_a_listing_from_before_the_databases_time_is_named_and_the_others_are_written(
    site: Site, tmp_path: Path
) -> None:
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1", occurred_at="1999-12-31T00:00:00Z")
        removal_by_brand(site, "MP-2")
    statements, done = export_lines(site, tmp_path / "home")
    assert (len(statements), done.code) == (1, 1)
    assert "the listing is dated 1999-12-31" in done.text


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_brands_record_is_written_by_the_files_ending(site: Site, tmp_path: Path, ending: str) -> None:
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal_by_brand(site, "MP-1"))
        removal_by_brand(site, "MP-2")
    site.runtime.close()
    out = tmp_path / f"aurelle.{ending}"
    assert touchstone_in(tmp_path / "home", "export", "brand", "--brand", "Aurelle", "--out", str(out)).out == (
        f"2 answers of Aurelle in {out}: 1 accepted, 1 rejected.\n1 counter-notices, 1 upheld.\n"
        "Median 0.05 h from the answer to the removal.\n"
    )
    assert out.read_bytes().startswith(b"PAR1" if ending == "parquet" else b"\xef\xbb\xbfmarketplace,brand,listing,")


def test_a_record_needs_a_brand_and_a_format(home: Path, tmp_path: Path) -> None:
    done = touchstone_in(home, "export", "brand", "--brand", "Aurelle", "--out", str(tmp_path / "aurelle.xlsx"))
    assert (done.code, "ends in .csv or .parquet" in done.text) == (REFUSED, True)
    done = touchstone_in(home, "export", "brand", "--brand", "Nobody", "--out", str(tmp_path / "nobody.csv"))
    assert (done.code, (tmp_path / "nobody.csv").exists()) == (REFUSED, False)
    done = touchstone_in(home, "export", "brand", "--brand", "Aurelle", "--out", str(tmp_path / "aurelle.csv"))
    assert done.out.startswith("0 answers of Aurelle in ")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["nothing"], "nothing is none of statements, brand, standing, article-16"),
        (["brand"], "the table brand needs a brand"),
        (["standing", "--brand", "Aurelle", "--since", "2026-01-01"], "the table standing does not take it"),
        (["article-16", "--brand", "Aurelle"], "the table article-16 does not take it"),
        (["aggregates", "--batches"], "the table aggregates does not take it"),
    ],
)
def test_a_table_takes_its_own_options_alone(home: Path, tmp_path: Path, options: list[str], sentence: str) -> None:
    done = touchstone_in(home, "export", *options, "--out", str(tmp_path / "out.csv"))
    assert (done.code, sentence in done.text, (tmp_path / "out.csv").exists()) == (REFUSED, True, False)


@pytest.mark.parametrize(
    ("name", "first"),
    [("article-20", "complaint"), ("article-23", "subject"), ("article-24", "figure"), ("aggregates", "figure")],
)
def test_a_table_is_written_by_the_files_ending(home: Path, tmp_path: Path, name: str, first: str) -> None:
    out = tmp_path / f"{name}.jsonl"
    done = touchstone_in(home, "export", name, "--out", str(out))
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert done.out == f"{len(lines)} {first}s in {out}.\n"
    assert bool(lines) == (first == "figure")
    done = touchstone_in(home, "export", name, "--out", str(tmp_path / f"{name}.xlsx"))
    assert (done.code, "ends in .csv, .jsonl or .parquet" in done.text) == (REFUSED, True)

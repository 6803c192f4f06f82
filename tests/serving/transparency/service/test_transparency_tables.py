"""The tables of a month that was counted by hand (`tests/fixtures/complaining.py`), on both engines."""

import csv
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from models.verdict import Judgement
from serving.brands.service.brand_records import figures_of, record_file, standing_rows
from serving.brands.store import brand_answers
from serving.notices.rules.notices import ReporterKind
from serving.notices.service.notice_complaints import complain
from serving.notices.service.notice_links import PLACE
from serving.notices.service.notices import Receipt
from serving.platform.tabular import Format
from serving.transparency.service.transparency_tables import Span, TableName, table
from tests.fixtures.complaining import a_month_of_complaints
from tests.fixtures.notifying import EMAIL, a_listing, a_reporter, notify
from tests.fixtures.reporting import UNDO_SECONDS, a_marketplace_that_listens, carry_out_action
from tests.fixtures.runtimes import Site, having, judge, open_cases

GOODS, SCAMS = "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
SELLER = "lumo-trade-88"


def read(site: Site, name: TableName, since: datetime, until: datetime | None = None) -> list[dict[str, Any]]:
    columns, rows = site.read(
        table, name, Span(site.marketplace_id, since, until or site.clock.now() + timedelta(seconds=1))
    )
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_the_tables_match_the_count_by_hand(any_site: Site) -> None:
    begins = any_site.clock.now()
    removals = having(any_site, a_month_of_complaints)
    _, second, _, fourth, *_ = removals

    complaints = read(any_site, TableName.ARTICLE_20, begins)
    named = {removal.action_id: removal.external_id for removal in removals}
    assert [
        (named[row["about"]], row["route"], row["outcome"], row["ended_by"], row["automated"], row["hours"])
        for row in complaints
    ] == [
        ("MP-1", "appeal", "reversed", "person", "No", 2),
        ("MP-2", "appeal", "confirmed", "person", "No", 6),
        ("MP-5", "counter_notice", "reversed", "rights_holder", "No", 4),
        ("MP-6", "counter_notice", "without_decision", "seller", "No", 0),
        ("MP-7", "counter_notice", "open", None, None, None),
    ]

    log = read(any_site, TableName.ARTICLE_23, begins)
    columns = ("subject_kind", "subject", "items", "misuses", "nature", "consequences", "after_warning")
    assert [tuple(row[name] for name in columns) for row in log] == [
        ("complainant", SELLER, 3, 1, "1 trademark_counterfeit", None, None),
        # Four of the brand's removals ended, one of them by an appeal that was dismissed, and two were overturned. The
        # first overturn caused the warning; the second confirmation, which the brand conceded, came after it.
        ("notifier", "Aurelle", 4, 2, "2 trademark_counterfeit", "2 removed and given back", 1),
        ("seller", SELLER, 6, 4, "1 not_as_described, 3 trademark_counterfeit", None, 4),
        ("seller", "closet-MP-4", 1, 1, "1 trademark_counterfeit", None, 0),
    ]
    assert log[2]["share"] == 4 / 6
    assert log[2]["warned_at"] == removals[0].acknowledged_at
    assert log[3]["warned_at"] == fourth.acknowledged_at

    figures = {
        (figure["part"], figure["indicator"], figure["category"]): figure["value"]
        for figure in read(any_site, TableName.AGGREGATES, begins)
    }
    expected = {
        ("own_initiative", "removals", None): 7,
        ("own_initiative", "removals", GOODS): 6,
        ("own_initiative", "removals", SCAMS): 1,
        ("own_initiative", "removals_found_by_automated_means", None): 6,
        ("own_initiative", "removals_found_by_automated_means", GOODS): 5,
        ("own_initiative", "removals_reversed", None): 1,
        ("own_initiative", "removals_reversed", SCAMS): 0,
        ("automated_means", "decided_by_automated_means_alone", None): 0,
        ("automated_means", "decided_by_a_person_who_saw_them", None): 7,
        ("automated_means", "decided_by_a_person_who_did_not", None): 0,
        ("complaints", "filed", None): 5,
        ("complaints", "confirmed", None): 1,
        ("complaints", "reversed", None): 2,
        ("complaints", "without_decision", None): 1,
        ("complaints", "open", None): 1,
        ("complaints", "ended_by_person", None): 2,
        ("complaints", "ended_by_rights_holder", None): 1,
        ("complaints", "ended_by_seller", None): 1,
        ("complaints", "ended_by_deadline", None): 0,
        ("complaints", "median_hours_to_decision", None): 4,
    }
    assert {key: figures[key] for key in expected} == expected

    # As of before the second decision, its complaint is open, and later events are absent.
    assert second.acknowledged_at is not None
    then = second.acknowledged_at + timedelta(hours=1)
    early = read(any_site, TableName.ARTICLE_20, begins, then)
    assert [(complaint["outcome"], complaint["hours"]) for complaint in early] == [("reversed", 2), ("open", None)]
    (seller,) = [row for row in read(any_site, TableName.ARTICLE_23, begins, then) if row["subject_kind"] == "seller"]
    assert (seller["items"], seller["misuses"]) == (2, 1)


@pytest.mark.parametrize("name", [TableName.ARTICLE_24, TableName.AGGREGATES])
def test_an_unrecorded_figure_has_no_value_and_a_note(site: Site, name: TableName) -> None:
    missing = [figure for figure in read(site, name, site.clock.now()) if figure["value"] is None]
    assert {"disputes", "suspensions"} <= {figure["part"] for figure in missing}
    assert all(figure["note"] for figure in missing)


# The figures that the templates of Implementing Regulation (EU) 2024/2835 require, by part of the report.
LISTED = {
    "notices": {
        "offers_notified",
        "offers_notified_by_trusted_flaggers",
        "removed_on_the_basis_of_the_law",
        "removed_on_the_basis_of_terms",
        "processed_by_automated_means_alone",
        "median_hours_to_decision",
    },
    "own_initiative": {
        "visibility_removal_found_by_automated_means",
        "visibility_removal_found_otherwise",
        "account_suspension",
        "account_termination",
        "monetary",
        "provision_of_service",
    },
    "complaints": {
        "filed",
        "filed_by_appeal",
        "filed_by_counter_notice",
        "filed_by_notifier",
        "confirmed",
        "reversed",
        "median_hours_to_decision",
    },
    "suspensions": {"manifestly_illegal_content", "manifestly_unfounded_notices", "manifestly_unfounded_complaints"},
    "automated_means": {
        "error_rate_of_what_was_flagged",
        "error_rate_of_what_was_flagged_low",
        "error_rate_of_what_was_flagged_high",
        "error_rate_of_what_was_passed_over",
        "band_0.00_0.02_counterfeit_share",
        "band_0.80_1.00_counterfeit_share_high",
    },
}


def test_the_aggregates_have_every_figure_that_the_templates_require(any_site: Site) -> None:
    begins = any_site.clock.now()
    having(any_site, a_month_of_complaints)
    rows = read(any_site, TableName.AGGREGATES, begins)
    indicators: dict[str, set[str]] = {}
    for row in rows:
        indicators.setdefault(row["part"], set()).add(row["indicator"])
    assert {part: names - indicators[part] for part, names in LISTED.items()} == {part: set() for part in LISTED}
    figures = {(row["part"], row["indicator"], row["category"]): row["value"] for row in rows}
    assert len(figures) == len(rows)  # No figure twice.
    by_hand = {
        ("own_initiative", "visibility_removal_found_by_automated_means", GOODS): 5,
        ("own_initiative", "visibility_removal_found_otherwise", None): 1,
        ("own_initiative", "account_suspension", None): 0,
        ("complaints", "filed_by_appeal", None): 2,
        ("complaints", "filed_by_counter_notice", None): 3,
        ("complaints", "filed", GOODS): 5,
        ("complaints", "reversed", GOODS): 2,
        ("suspensions", "manifestly_illegal_content", None): 0,
        ("automated_means", "error_rate_of_what_was_flagged", None): None,  # The scorecard is not a model.
    }
    assert {key: figures[key] for key in by_hand} == by_hand


def test_without_misuse_the_log_is_empty(site: Site) -> None:
    assert read(site, TableName.ARTICLE_23, site.clock.now()) == []
    assert read(site, TableName.ARTICLE_20, site.clock.now()) == []


@pytest.mark.parametrize(
    "name", [TableName.ARTICLE_16, TableName.ARTICLE_20, TableName.ARTICLE_24, TableName.AGGREGATES]
)
def test_no_seller_brand_or_person_is_in_a_table_for_the_public(site: Site, name: TableName) -> None:
    begins = site.clock.now()
    having(site, a_month_of_complaints)
    text = str(read(site, name, begins)).lower()
    for word in ("lumo", "closet", "aurelle", "camille", "ines", "mp-", "genuine", "they are"):
        assert word not in text, word


def test_a_brands_record_has_its_counter_notices_and_the_history_of_its_standing(any_site: Site) -> None:
    having(any_site, a_month_of_complaints)
    with any_site.runtime.store.read() as connection:
        answers = brand_answers.answers_of(connection, {(any_site.marketplace_id, any_site.brand_id)})
        standing = standing_rows(connection, any_site.marketplace_id, any_site.brand_id)
    rows = list(csv.DictReader(StringIO(record_file(Format.CSV, answers).decode("utf-8-sig"))))
    cells = [(row["listing"], row["outcome"], row["counter_notice"]) for row in rows if row["answer"] == "counterfeit"]
    assert cells == [
        ("MP-1", "rejected", "upheld"),
        ("MP-2", "accepted", "dismissed"),
        ("MP-3", "accepted", ""),
        ("MP-5", "rejected", "upheld"),
        ("MP-6", "accepted", "withdrawn"),
        ("MP-7", "contested", "with_rights_holder"),
    ]
    figures = figures_of(answers)
    assert (figures.objections, figures.objections_upheld) == (5, 2)
    # One overturn of one removal is a warning.
    assert standing[0][1:8] == ("provisional", "Yes", 0, 0, 0, 1, 0)


def a_month_of_notices(site: Site) -> None:
    """Notify four listings: one is removed, one stays, one is removed after a complaint, and one is unknown here."""
    brand = {"brand": "Solenne"}
    for number, title in enumerate(("red satchel", "green clutch", "blue weekender"), start=1):
        a_listing(site, f"MP-{number}", **brand, title=f"Solenne {title}", seller={"external_id": f"closet-{number}"})
    flagger = a_reporter(site, ReporterKind.TRUSTED_FLAGGER)

    def decided(receipt: Receipt, judgement: Judgement, hours: int) -> Receipt:
        (case,) = open_cases(site)
        site.clock.forward(hours=hours)
        removed = judge(site, site.analyst, case, judgement).action
        if removed is not None:
            carry_out_action(site, removed)
        else:
            site.clock.forward(seconds=UNDO_SECONDS)
        return receipt

    with a_marketplace_that_listens(site):
        decided(notify(site, "MP-1", by=flagger), Judgement.COUNTERFEIT, 2)
        decided(notify(site, "MP-2", reason_code="not_as_described"), Judgement.GENUINE, 6)
        third = decided(notify(site, "MP-3", reason_code="design"), Judgement.GENUINE, 10)
        notify(site, "MP-777", reason_code="design")
        complain(site.runtime, third.link.rpartition(PLACE)[2], 1, "Look at the hinge again, please.")
        (case,) = open_cases(site)
        site.clock.forward(hours=20)
        carry_out_action(site, judge(site, site.second_analyst, case, Judgement.COUNTERFEIT).action)


def test_statistics_are_kept_for_each_reason_code(any_site: Site) -> None:
    begins = any_site.clock.now()
    a_month_of_notices(any_site)
    rows = {row.pop("reason_code"): row for row in read(any_site, TableName.ARTICLE_16, begins)}
    assert {code: row["offers_notified"] for code, row in rows.items()} == {
        "trademark_counterfeit": 1,
        "mark_misuse": 0,
        "design": 2,
        "copyright": 0,
        "not_as_described": 1,
    }
    assert rows["design"] == {
        "category": GOODS,
        "offers_notified": 2,
        "by_trusted_flaggers": 0,
        "removed": 1,
        "no_action": 0,
        "invalid": 0,
        "waiting": 0,
        "by_automated_means_alone": 1,
        "complaints": 1,
        "complaints_upheld": 1,
        "removed_share": 1.0,
        "median_hours": 10,
    }
    assert (rows["not_as_described"]["no_action"], rows["not_as_described"]["median_hours"]) == (1, 6)
    assert rows["trademark_counterfeit"]["by_trusted_flaggers"] == 1


def test_notices_are_in_the_figures_the_complaints_and_the_log_of_misuse(any_site: Site) -> None:
    begins = any_site.clock.now()
    a_month_of_notices(any_site)
    figures = {
        (figure["part"], figure["indicator"], figure["category"]): figure["value"]
        for figure in read(any_site, TableName.AGGREGATES, begins)
    }
    expected = {
        ("notices", "offers_notified", None): 4,
        ("notices", "offers_notified", GOODS): 3,
        ("notices", "offers_notified", SCAMS): 1,
        ("notices", "offers_notified_by_trusted_flaggers", None): 1,
        ("notices", "removed_on_the_basis_of_the_law", None): 2,
        ("notices", "no_action", None): 1,
        ("notices", "processed_by_automated_means_alone", None): 1,
        ("notices", "median_hours_to_decision", None): 6,
        ("own_initiative", "removals", None): 0,
        ("automated_means", "decided_by_a_person_who_did_not", None): 1,
        ("complaints", "filed", None): 1,
        ("complaints", "reversed", None): 1,
        ("suspensions", "manifestly_unfounded_notices", None): 0,
    }
    assert {key: figures[key] for key in expected} == expected
    (complaint,) = read(any_site, TableName.ARTICLE_20, begins)
    assert (complaint["route"], complaint["outcome"], complaint["ended_by"], complaint["hours"]) == (
        "notifier",
        "reversed",
        "person",
        20,
    )
    (notifier,) = [row for row in read(any_site, TableName.ARTICLE_23, begins) if row["subject_kind"] == "notifier"]
    assert notifier["subject"].startswith("rep_")
    assert (notifier["items"], notifier["misuses"], notifier["nature"]) == (2, 1, "1 not_as_described")


def test_no_notifier_is_named_in_any_table(site: Site) -> None:
    begins = site.clock.now()
    a_month_of_notices(site)
    text = "".join(str(read(site, name, begins)) for name in TableName)
    for hidden in (EMAIL, "Anna", "Customs Watch", "MP-777", "hinge"):
        assert hidden not in text, hidden

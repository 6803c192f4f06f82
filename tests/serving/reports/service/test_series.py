"""What a report decides in one transaction is what it would decide listing by listing, at a fraction of the cost."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table, event

from serving.platform.database import series
from serving.reports.rules.outcomes import ListingResult
from serving.takedowns.policy import DEFAULT_BURSTS, BudgetPolicy, StepUpPolicy
from serving.takedowns.service import budgets, pending_approval
from serving.takedowns.store import approvals
from serving.takedowns.store import budgets as stored_budgets
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site
from tests.fixtures.stepping_up import confirmed_report, in_full_standing

# Statements that each listing needs, and those of a transaction: 94 in all for a listing before they were shared.
_OF_LISTING = 33
_OF_TRANSACTION = 90


def statements_of(site: Site, work: Callable[[], object]) -> Counter[str]:
    texts: Counter[str] = Counter()

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        texts[statement] += 1

    event.listen(site.runtime.store.writes, "before_cursor_execute", note)
    work()
    event.remove(site.runtime.store.writes, "before_cursor_execute", note)
    return texts


@pytest.mark.both_engines
def test_more_listings_of_a_transaction_cost_no_more_than_their_own_statements(any_site: Site) -> None:
    site = in_full_standing(any_site)
    few, many = on_sale(site, 2), on_sale(site, 12, 100)
    of_few, of_many = (statements_of(site, partial(report, site, names, names[0])) for names in (few, many))
    assert (of_many.total() - of_few.total()) / 10 <= _OF_LISTING
    assert of_few.total() <= 2 * _OF_LISTING + _OF_TRANSACTION
    logs = [
        text for text in of_many if re.search("INSERT INTO (audit_entry|evidence|case_event|report_outcome) ", text)
    ]
    assert all(of_many[text] <= 2 for text in logs), "one for the report, one for its listings"


@pytest.mark.both_engines
@pytest.mark.parametrize("stepped_up", [False, True])
def test_budgets_in_a_series_are_those_that_the_database_counts(
    any_site: Site, monkeypatch: pytest.MonkeyPatch, stepped_up: bool
) -> None:
    hour = replace(DEFAULT_BURSTS, per_user=3 if stepped_up else 20)
    figures = BudgetPolicy(person_day=7, step_up_day=7), StepUpPolicy(per_seller=5), hour
    site, usages, paces = in_full_standing(any_site), list[tuple[int, ...]](), list[int]()
    site = replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(*figures)))
    usage, pace = budgets._removal_usage, budgets.seller_pace

    def checked_usage(connection: Connection, spender: budgets.Spender, person: Any, at: Any) -> tuple[int, ...]:
        counted = usage(connection, spender, person, at)
        place, accounts = spender.place, spender.accounts
        stored = stored_budgets.removal_usage(
            connection, place[0], person, accounts, place[1], at, stepped_up=spender.stepped_up
        )
        usages.append(counted)
        assert counted == stored
        return counted

    def checked_pace(connection: Connection, place: str, seller: str, since: Any, ahead: int) -> Any:
        counted = pace(connection, place, seller, since, ahead)
        paces.append(counted.last_hour)
        assert counted.last_hour == approvals.sent_by_seller(connection, place, since)[seller]
        return counted

    monkeypatch.setattr(budgets, "_removal_usage", checked_usage)
    monkeypatch.setattr(pending_approval, "seller_pace", checked_pace)
    if stepped_up:
        confirmed_report(site, 9, seller="shop")
        assert paces == [0, 1, 2, 3, 4, 5, 5, 5, 5]
        assert [of_brand for *_, of_brand, _ in usages] == paces
    else:
        outcomes = report(site, on_sale(site, 9)).counts
        assert (outcomes[ListingResult.SCHEDULED], outcomes[ListingResult.PENDING_APPROVAL]) == (7, 2)
        assert [of_person for of_person, *_ in usages] == [0, 1, 2, 3, 4, 5, 6, 7, 7]


def test_a_read_that_is_kept_names_every_table_that_it_is_from(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is asked again after a change."""
    begun: list[tuple[str, set[str]]] = []
    unnamed: set[tuple[str, str]] = set()
    answers = series._Series.answer_of

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        for name in re.findall(r"(?:FROM|JOIN) (\w+)", statement):
            unnamed.update((read, name) for read, named in begun[-1:] if named and name not in named)

    def noted(own: Any, key: Any, tables: tuple[Table, ...], ask: Callable[[], Any]) -> Any:
        begun.append((key[0].__qualname__, {table.name for table in tables}))
        try:
            return answers(own, key, tables, ask)
        finally:
            begun.pop()

    monkeypatch.setattr(series._Series, "answer_of", noted)
    event.listen(site.runtime.store.writes, "before_cursor_execute", note)
    report(site, on_sale(site, 3))
    assert not unnamed

"""A reference context is kept as long as nothing of it changed, by whatever process."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, text, update

from serving.brands.tables import brand
from serving.marketplaces.store import exchange_rates
from serving.scoring.service.scoring import ReferenceContext, ReferenceContextCache
from serving.scoring.store import reference_changes, references
from serving.scoring.tables import reference_change
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site
from tests.serving.api.test_score import another_process, open_breaker, withdraw_brand


def context(site: Site) -> ReferenceContext:
    with site.runtime.store.read() as connection:
        return site.runtime.services[ReferenceContextCache].of(connection, site.marketplace, site.clock.now())


def test_nothing_is_read_again_while_nothing_changes(any_site: Site) -> None:
    assert context(any_site) is context(any_site)


def rename_brand(connection: Connection, site: Site) -> None:
    connection.execute(update(brand).where(brand.c.brand_id == site.brand_id).values(name="Aurélie"))


def add_rate(connection: Connection, _site: Site) -> None:
    rate = {"day": "2026-01-01", "currency": "SEK", "euros": 0.09, "source": "test"}
    exchange_rates.add_rates(connection, [rate])


CHANGES: Final[list[tuple[Callable[[Connection, Site], None], Callable[[ReferenceContext], Any]]]] = [
    (open_breaker, lambda context: context.questions_paused),
    (withdraw_brand, lambda context: context.taking_part),
    (rename_brand, lambda context: context.references.brands),
    (add_rate, lambda context: context.references.rates),
]


@pytest.mark.parametrize(("change", "seen"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_the_next_request_sees_what_another_process_changed(
    any_site: Site, change: Callable[[Connection, Site], None], seen: Callable[[ReferenceContext], Any]
) -> None:
    before = seen(context(any_site))
    with another_process(any_site) as connection:
        change(connection, any_site)
    assert seen(context(any_site)) != before


def test_a_change_that_is_not_committed_is_not_seen(any_site: Site) -> None:
    before = context(any_site)
    with another_process(any_site) as connection:
        withdraw_brand(connection, any_site)
        connection.rollback()
    assert context(any_site) is before
    with another_process(any_site) as connection:
        rename_brand(connection, any_site)
    assert context(any_site).taking_part == before.taking_part


# Names and addresses of people are no part of a context, and a marketplace's currency never changes.
UNWATCHED: Final = {"account", "marketplace", "reference_change"}


def test_each_table_that_a_context_is_read_from_marks_its_changes(any_site: Site) -> None:
    """A table without a trigger would leave every process with what it read before."""
    tables: set[str] = set()

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        tables.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    event.listen(any_site.runtime.store.reads, "before_cursor_execute", note)
    any_site.runtime.forget()
    context(any_site)
    event.remove(any_site.runtime.store.reads, "before_cursor_execute", note)
    read = tables - UNWATCHED - {"sqlite_master"}
    with any_site.runtime.store.read() as connection:
        trigger_names = connection.execute(text(_TRIGGERS[connection.dialect.name])).scalars()
        watched = {name.partition("_changes_references")[0] for name in trigger_names if "_changes_references" in name}
    assert {"brand", "exchange_rate", "circuit_breaker"} <= read
    assert read <= watched


_TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger",
}


def test_the_marks_of_many_changes_are_deleted_and_still_differ(any_site: Site) -> None:
    marks = set()
    for number in range(3):
        with any_site.runtime.store.write() as connection:
            add_rate(connection, any_site)
            references.refresh(connection, any_site.marketplace, NOW)
            reference_changes.delete_old(connection)
        with any_site.runtime.store.read() as connection:
            marks.add(reference_changes.reference_marks(connection))
            assert len(connection.execute(reference_change.select()).all()) == 1, number
    assert len(marks) == 3

"""Facets of the open cases of marketplaces: the brands and languages that a queue can be filtered by."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from serving.brands.tables import brand
from serving.cases.store.ordered_scan import IS_OPEN
from serving.cases.tables import review_case


@dataclass(frozen=True, slots=True)
class Facet:
    """A value with the number of open cases that have it; `value` is None for the cases without one."""

    value: str | None
    name: str | None
    number: int


def brands(connection: Connection, marketplaces: Collection[str]) -> list[Facet]:
    """The brands of open cases, by name; the cases without one come last."""
    counted = (
        select(review_case.c.brand_id, func.count().label("n"))
        .where(review_case.c.marketplace_id.in_(sorted(marketplaces)), IS_OPEN)
        .group_by(review_case.c.brand_id)
        .subquery()
    )
    query = select(counted.c.brand_id, brand.c.name, counted.c.n).outerjoin(
        brand, brand.c.brand_id == counted.c.brand_id
    )
    found = [Facet(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.name is None, (one.name or "").casefold()))


def languages(connection: Connection, marketplaces: Collection[str]) -> list[Facet]:
    """The languages of open cases, the most frequent first; the cases without one come last."""
    query = (
        select(review_case.c.language, func.count().label("n"))
        .where(review_case.c.marketplace_id.in_(sorted(marketplaces)), IS_OPEN)
        .group_by(review_case.c.language)
    )
    found = [Facet(row.language, row.language, row.n) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.value is None, -one.number, one.value or ""))

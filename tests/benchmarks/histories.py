"""Seller events before many moments: our fold beside the as-of joins of pandas, polars and DuckDB.

polars and DuckDB are in requirements/bench.txt; a side that is not installed is left out.
"""

import importlib
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.event_windows import EventColumns, SellerMoments, window_counts
from models.seller_history import DAYS, KINDS

_DAY: Final = 86_400_000_000
_SPAN: Final = 365 * _DAY
_EVENTS_OF_A_SELLER: Final = 50
_MOMENTS_OF_A_SELLER: Final = 5
# What each side counts: events of each kind, and the worth of the sales.
_COUNTED: Final = (*KINDS, "worth")
_BOUNDS: Final = (0, *DAYS)

INTRODUCTION: Final = """\
{events:,} events of {sellers:,} sellers over a year, {moments:,} moments: counts of sales, returns and fake returns and
the worth of the sales in the {days} days before each moment. Each side has the events in its own form in memory, in the
order of time. Processor time of all threads, medians over {rounds} rounds in turns after one to warm up; load {before}
before and {after} after. The checksums of all sides are equal.

    pip install --require-hashes -r requirements/bench.txt
    make bench ARGS="histories --rounds {rounds} --events {events:d}"

| side | processor seconds | its time over ours | wanted |
| --- | ---: | ---: | ---: |
"""
WANTED: Final = {"pandas": 2.5, "polars": 1.5, "duckdb": 3.5}

Side = Callable[[], NDArray[np.int64]]


def random_events(events: int) -> tuple[EventColumns, SellerMoments]:
    """Random events in the order of time, each known when it occurred, and moments in any order."""
    random = np.random.default_rng(1)
    sellers = events // _EVENTS_OF_A_SELLER
    number = sellers * _MOMENTS_OF_A_SELLER
    occurred = np.sort(random.integers(0, _SPAN, events))
    event_columns = EventColumns(
        seller=random.integers(0, sellers, events),
        occurred=occurred,
        known=occurred,
        kind=random.choice(len(KINDS), events, p=(0.8, 0.15, 0.05)),
        amount=random.integers(100, 100_000, events),
        currency=np.zeros(events, np.int64),
    )
    instants = SellerMoments(
        seller=random.integers(0, sellers, number),
        at=random.integers(_SPAN // 4, _SPAN, number),
        currency=np.zeros(number, np.int64),
    )
    return event_columns, instants


def ours(events: EventColumns, instants: SellerMoments) -> Side:
    """One fold."""

    def run() -> NDArray[np.int64]:
        counts = window_counts(events, instants)
        return np.concatenate([counts.events, counts.worth[:, None]], axis=1)

    return run


def _columns(events: EventColumns) -> dict[str, NDArray[np.int64]]:
    return {"seller": events.seller, "moment": events.occurred, "kind": events.kind, "amount": events.amount}


def _from_totals(totals: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Counts from the totals before each bound, shape (n, columns) each."""
    return np.stack([totals[0] - before for before in totals[1:]], axis=2)


def with_pandas(events: EventColumns, instants: SellerMoments) -> Side:
    """Running totals, and an as-of join for each bound of the windows."""
    table = pd.DataFrame(_columns(events))
    moments = pd.DataFrame({"seller": instants.seller, "moment": instants.at, "row": np.arange(len(instants.at))})

    def run() -> NDArray[np.int64]:
        kinds = {name: (table["kind"] == number).astype(np.int64) for number, name in enumerate(KINDS)}
        columns = table.assign(**kinds, worth=table["amount"].where(table["kind"] == 0, 0))
        running = table[["seller", "moment"]].join(columns.groupby("seller", sort=False)[list(_COUNTED)].cumsum())
        ordered, totals = moments.sort_values("moment"), []
        for days in _BOUNDS:
            bound_moments = ordered.assign(moment=ordered["moment"] - days * _DAY)
            matches = pd.merge_asof(bound_moments, running, on="moment", by="seller", allow_exact_matches=False)
            numbers = np.zeros((len(matches), len(_COUNTED)), np.int64)
            numbers[matches["row"].to_numpy()] = matches[list(_COUNTED)].fillna(0).to_numpy(np.int64)
            totals.append(numbers)
        return _from_totals(totals)

    return run


def with_polars(events: EventColumns, instants: SellerMoments) -> Side:
    """As pandas, by polars' own operators."""
    pl: Any = importlib.import_module("polars")
    table = pl.DataFrame(_columns(events)).set_sorted("moment")
    moments = pl.DataFrame({"seller": instants.seller, "moment": instants.at, "row": np.arange(len(instants.at))})

    def run() -> NDArray[np.int64]:
        kinds = {name: (pl.col("kind") == number).cast(pl.Int64) for number, name in enumerate(KINDS)}
        columns = table.with_columns(**kinds, worth=pl.when(pl.col("kind") == 0).then("amount").otherwise(0))
        running = columns.with_columns(pl.col(name).cum_sum().over("seller") for name in _COUNTED).set_sorted("moment")
        ordered, totals = moments.sort("moment"), []
        for days in _BOUNDS:
            bound_moments = ordered.with_columns(moment=pl.col("moment") - days * _DAY).set_sorted("moment")
            strictly: dict[str, Any] = {"allow_exact_matches": False, "check_sortedness": False}
            matches = bound_moments.join_asof(running, on="moment", by="seller", strategy="backward", **strictly)
            matches = matches.sort("row").select(pl.col(name).fill_null(0) for name in _COUNTED)
            totals.append(matches.to_numpy().astype(np.int64))
        return _from_totals(totals)

    return run


def with_duckdb(events: EventColumns, instants: SellerMoments) -> Side:
    """A window function and an ASOF join for each bound."""
    connection: Any = importlib.import_module("duckdb").connect(config={"threads": os.cpu_count() or 1})
    frames = {
        "event": pd.DataFrame(_columns(events)),
        "asked": pd.DataFrame({"seller": instants.seller, "moment": instants.at, "row": np.arange(len(instants.at))}),
    }
    for name, frame in frames.items():
        connection.register("given", frame)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")  # noqa: S608  # names of this module
    of_kinds = {name: f"(kind = {number})::BIGINT" for number, name in enumerate(KINDS)}
    summed = {**of_kinds, "worth": "CASE WHEN kind = 0 THEN amount ELSE 0 END"}
    running = ", ".join(f'sum({what}) OVER w AS "{name}"' for name, what in summed.items())
    totals = ", ".join(f'coalesce(t."{name}", 0)::BIGINT AS "{name}"' for name in _COUNTED)

    def run() -> NDArray[np.int64]:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE running AS SELECT seller, moment, {running} FROM event "  # noqa: S608  # as above
            "WINDOW w AS (PARTITION BY seller ORDER BY moment, rowid ROWS UNBOUNDED PRECEDING)"
        )
        counts = []
        for days in _BOUNDS:
            query = (
                f"SELECT {totals} FROM asked m ASOF LEFT JOIN running t "  # noqa: S608  # as above
                f"ON m.seller = t.seller AND m.moment - {days * _DAY} > t.moment ORDER BY m.row"
            )
            columns = connection.execute(query).fetchnumpy()
            counts.append(np.stack([np.asarray(columns[name], np.int64) for name in _COUNTED], axis=1))
        return _from_totals(counts)

    return run


def checksum(counts: NDArray[np.int64]) -> int:
    """A number that depends on every count and its place."""
    weights = np.arange(1, counts.size + 1, dtype=np.int64) % 9_973
    return int((counts.reshape(-1) * weights).sum())


def section(rounds: int, events: int) -> str:
    """The part of the page.

    Raises
    ------
    ValueError
        Two sides count differently.
    """
    event_columns, instants = random_events(events)
    makers = {"pandas": with_pandas, "polars": with_polars, "duckdb": with_duckdb}
    sides = {"ours": ours(event_columns, instants)}
    sides |= {name: make(event_columns, instants) for name, make in makers.items() if find_spec(name) is not None}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    sums: dict[str, int] = {}
    before = os.getloadavg()[0]
    for number in range(rounds + 1):
        for name, side in sides.items():
            begun = time.process_time()
            counts = side()
            if number:
                seconds[name].append(time.process_time() - begun)
            sums[name] = checksum(counts)
    if len(set(sums.values())) != 1:
        raise ValueError(f"the sides count differently: {sums}")
    medians = {name: float(np.median(values)) for name, values in seconds.items()}
    lines = [
        f"| {name} | {median:.2f} | {median / medians['ours']:.1f}x | {f'{WANTED[name]}x' if name in WANTED else ''} |"
        for name, median in medians.items()
    ]
    introduction = INTRODUCTION.format(
        events=events,
        sellers=events // _EVENTS_OF_A_SELLER,
        moments=len(instants.at),
        days=", ".join(map(str, DAYS)),
        rounds=rounds,
        before=f"{before:.1f}",
        after=f"{os.getloadavg()[0]:.1f}",
    )
    return introduction + "\n".join(lines)

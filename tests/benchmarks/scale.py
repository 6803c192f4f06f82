"""Machines, money and the first bottleneck at many listings a day: `python -m tests.benchmarks.scale`.

The two first tables of docs/scale.md are the input: measured unit costs, and assumptions. The third is computed from
them. `--measure` measures the unit costs again on this machine.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from serving.platform.database.engine import database_bytes
from tests.benchmarks.growth import EngineName, case_decider, filled_site, fit_model, receive_some, send_events
from tests.benchmarks.server_time import Processors
from tests.serving.web.visits import visit_as

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "scale.md"
VOLUMES: Final = (1_000_000, 10_000_000, 1_000_000_000)
_DAY_SECONDS: Final = 86_400
_MONTH_DAYS: Final = 30
_MONTH_HOURS: Final = 24 * _MONTH_DAYS
_SIZE: Final = 10_000
_BATCH: Final = 50
_TIMES: Final = 20
_ROW: Final = re.compile(r"^\| `(\w+)` \| ([\d.,]+) \|", re.MULTILINE)
_COMPUTED: Final = re.compile(r"(?<=<!-- computed -->\n).*(?=<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Needs:
    """What one volume needs. Cores are busy at the peak; a database server is one that takes writes."""

    listings_a_day: int
    listings_a_second: float
    service_cores: int
    database_cores: int
    database_servers: int
    log_megabytes_a_second: float
    terabytes: float
    training_core_hours: float
    reviewers: int
    money_a_month: float
    bottleneck: str


def needs(volume: int, costs: Mapping[str, float]) -> Needs:
    """What so many listings a day need, from unit costs and assumptions."""
    peak = volume / _DAY_SECONDS * costs["peak_over_mean"]
    decisions = volume * costs["share_to_people"]
    decisions_a_second = decisions / _DAY_SECONDS * costs["peak_over_mean"]

    def busy(place: str) -> float:
        spent = costs[f"intake_{place}_ms"] + costs["events_a_listing"] * costs[f"event_{place}_ms"]
        return (peak * spent + decisions_a_second * costs[f"decision_{place}_ms"]) / 1_000 / costs["usable_share"]

    service, database = math.ceil(busy("service")), math.ceil(busy("database"))
    each = costs["listing_bytes"] + costs["events_a_listing"] * costs["event_bytes"]
    terabytes = volume * costs["kept_days"] * each / 1e12
    labels = decisions * costs["kept_days"]
    training = labels * costs["label_training_ms"] / 1_000 / 3_600
    log = peak * costs["listing_log_bytes"] / 1e6
    servers = max(
        1,
        math.ceil(database / costs["largest_database_cores"]),
        math.ceil(log / costs["largest_log_megabytes"]),
        math.ceil(terabytes / costs["largest_database_terabytes"]),
    )
    cores = (service + database * costs["copies"]) * _MONTH_HOURS + training * _MONTH_DAYS
    money = cores * costs["core_hour_price"] + terabytes * 1_000 * costs["copies"] * costs["gb_month_price"]
    return Needs(
        listings_a_day=volume,
        listings_a_second=peak,
        service_cores=service,
        database_cores=database,
        database_servers=servers,
        log_megabytes_a_second=log,
        terabytes=terabytes,
        training_core_hours=training,
        reviewers=math.ceil(decisions * costs["decision_seconds"] / 3_600 / costs["reviewer_hours"]),
        money_a_month=money,
        bottleneck=_bottleneck(database, log, terabytes, costs),
    )


def _bottleneck(database: int, log: float, terabytes: float, costs: Mapping[str, float]) -> str:
    """The part of one database server that is used up first; nothing else grows beyond one machine by itself."""
    shares = {
        "database cores": database / costs["largest_database_cores"],
        "database log": log / costs["largest_log_megabytes"],
        "database size": terabytes / costs["largest_database_terabytes"],
    }
    name, share = max(shares.items(), key=lambda named_share: named_share[1])
    return f"{name}, {share:,.2f} of one server"


def costs_of_page(page: str) -> dict[str, float]:
    """The unit costs and the assumptions of a page."""
    return {name: float(figure.replace(",", "")) for name, figure in _ROW.findall(page)}


def with_computed_table(page: str) -> str:
    """The page with its computed table."""
    volume_needs = [needs(volume, costs_of_page(page)) for volume in VOLUMES]
    rows: dict[str, Callable[[Needs], str]] = {
        "listings a second at the peak": lambda need: f"{need.listings_a_second:,.0f}",
        "cores of services and workers": lambda need: f"{need.service_cores:,}",
        "cores of databases that take writes": lambda need: f"{need.database_cores:,}",
        "databases that take writes": lambda need: f"{need.database_servers:,}",
        "log of the databases, MB a second": lambda need: f"{need.log_megabytes_a_second:,.0f}",
        "stored, TB, one copy": lambda need: f"{need.terabytes:,.1f}",
        "one training, core hours": lambda need: f"{need.training_core_hours:,.1f}",
        "reviewers": lambda need: f"{need.reviewers:,}",
        "money a month": lambda need: f"{need.money_a_month:,.0f}",
        "first bottleneck": lambda need: need.bottleneck,
    }
    heads = " | ".join(f"{volume:,} a day" for volume in VOLUMES)
    lines = [f"| | {heads} |", f"| --- |{' ---: |' * len(VOLUMES)}"]
    lines += [f"| {name} | {' | '.join(say(need) for need in volume_needs)} |" for name, say in rows.items()]
    return _COMPUTED.sub(lambda _: "\n".join(lines) + "\n", page)


def measure_costs() -> dict[str, float]:
    """The unit costs on this machine, with PostgreSQL."""
    costs: dict[str, float] = {}
    with filled_site(EngineName.POSTGRESQL, _SIZE) as site:
        store, numbers = site.runtime.store, count()
        processors, visitor = Processors(store.writes), visit_as(site, site.analyst)
        for name, work, items in (
            ("intake", partial(receive_some, site, numbers), _BATCH),
            ("event", partial(send_events, site, numbers), _BATCH),
            ("decision", case_decider(site, visitor), 1),
        ):
            work()
            with store.read() as connection:
                log = _log_position(connection)
            service, database = processors.apart(partial(_repeat, work))
            costs[f"{name}_service_ms"] = 1_000 * service / _TIMES / items
            costs[f"{name}_database_ms"] = 1_000 * database / _TIMES / items
            with store.read() as connection:
                costs[f"{name}_log_bytes"] = (_log_position(connection) - log) / _TIMES / items
        with store.read() as connection:
            events, everything = _table_bytes(connection, "seller_event"), database_bytes(connection)
        costs |= {"listing_bytes": (everything - events) / _SIZE, "event_bytes": events / (_SIZE * 10)}
        costs["label_training_ms"] = 1_000 * processors.of(partial(fit_model, _SIZE // 10)) / (_SIZE // 10)
    costs["listing_log_bytes"] = costs["intake_log_bytes"]
    return costs


def _repeat(work: Callable[[], object]) -> None:
    for _ in range(_TIMES):
        work()


def _log_position(connection: Connection) -> int:
    position = connection.exec_driver_sql("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
    return int(position.scalar_one())


def _table_bytes(connection: Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f"SELECT pg_total_relation_size('{table}')").scalar_one())


def with_costs(page: str, costs: Mapping[str, float]) -> str:
    """The page with these unit costs."""

    def new(row: re.Match[str]) -> str:
        cost = costs.get(row[1])
        return row[0] if cost is None else f"| `{row[1]}` | {_short(cost)} |"

    return _ROW.sub(new, page)


def _short(cost: float) -> str:
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"


def main(measure: Annotated[bool, typer.Option(help="Measure the unit costs again, with PostgreSQL.")] = False) -> None:
    """Compute the third table of docs/scale.md."""
    page = PAGE.read_text(encoding="utf-8")
    if measure:
        page = with_costs(page, measure_costs())
    PAGE.write_text(with_computed_table(page), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)

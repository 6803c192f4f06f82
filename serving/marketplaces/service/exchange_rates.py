"""Dated exchange rates, with which prices of several currencies are compared."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from features import money
from models.errors import Invalid
from serving.accounts.service.given_names import UNSTORABLE
from serving.audit.store import audit
from serving.marketplaces.store import exchange_rates
from serving.platform.runtime import Runtime


def load_rates(runtime: Runtime, rows: Sequence[Mapping[str, Any]], *, by: str) -> int:
    """Replace dated exchange rates: day, currency, euros for one unit, source. The last row of a day counts.

    Raises Invalid (a row is malformed).
    """
    checked = [_parse_rate(row) for row in rows]
    last = {(rate["day"], rate["currency"]): rate for rate in checked}
    with runtime.store.write() as connection:
        exchange_rates.add_rates(connection, list(last.values()))
        audit.record(connection, runtime.clock.now(), "", by, "rates.loaded", "rates", rows=len(checked))
    runtime.forget()
    return len(rows)


def _parse_rate(row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        day = date.fromisoformat(str(row["day"])).isoformat()
        currency, euros, source = str(row["currency"]), float(row["euros"]), str(row["source"])
    except (KeyError, TypeError, ValueError):
        raise Invalid("A rate has a day (2026-03-01), a currency, euros for one unit, and a source.") from None
    if re.search(f"[{UNSTORABLE}]", source):
        raise Invalid(
            "{day} {currency}: the source holds characters that cannot be stored.", day=day, currency=currency
        )
    if currency not in money.currency_codes() or not 0 < euros < 1e6:
        raise Invalid(
            "{day} {currency}: the code must be one of ISO 4217 and the rate above zero.", day=day, currency=currency
        )
    return {"day": day, "currency": currency, "euros": euros, "source": source[:200]}

"""Rows that come in, and those that were refused."""

from typing import Any

from features.listing import Rejection
from serving.api.intake import row_answer
from serving.intake.service import intake
from serving.listings.store import listings
from serving.local.commands.asking import place_named
from serving.local.commands.registry import command
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime


@command
def receive(
    runtime: Runtime, *, rows: list[dict[str, Any]], source: str, backfill: bool, marketplace: str | None = None
) -> dict[str, Any]:
    """Take in rows of a file. A row is {"listing": …}, or {"refused": …, "cells": …} where it could not be read."""
    found = place_named(runtime, marketplace)
    refused = {i: Rejection(**row["refused"]) for i, row in enumerate(rows) if "refused" in row}
    payloads = [row.get("listing", row.get("cells")) for row in rows]
    answers = intake.receive(runtime, found, payloads, source=source, backfill=backfill, rejections=refused)
    return {
        "rows": [
            {**row_answer(answer), "new_listing": answer.new_version and answer.version == 1} for answer in answers
        ]
    }


@command
def get_quarantine(runtime: Runtime, *, most: int = 20, marketplace: str | None = None) -> dict[str, Any]:
    """The latest refused rows."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
        rows = listings.quarantined(connection, found.marketplace_id, most)
    return {"rows": [{**row, "known_at": row["known_at"].isoformat()} for row in rows]}

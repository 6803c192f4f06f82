"""What is counted, published and proved."""

from base64 import b64encode
from dataclasses import asdict
from datetime import datetime
from typing import Any

from serving.audit import service as audit_heads
from serving.local.commands.asking import place_named, span_of
from serving.local.commands.registry import command
from serving.operations.service.figures import figures
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.takedowns.service import evidence
from serving.transparency.service import statements
from serving.transparency.service.transparency_tables import Span, TableName, table


@command
def get_figures(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """The figures that must add up."""
    found = place_named(runtime, marketplace)
    return figures(runtime, found)


@command
def list_statements(
    runtime: Runtime,
    *,
    most: int,
    since: str | None = None,
    until: str | None = None,
    after: list[str] | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Statements of reasons of what was carried out in a span of time, at most so many after a place in it."""
    place, begins, ends = span_of(runtime, since, until, marketplace)
    behind = None if after is None else (datetime.fromisoformat(after[0]), after[1])
    page = statements.statements(runtime, place, since=begins, until=ends, after=behind, most=most)
    following = None if page.after is None else [page.after[0].isoformat(), page.after[1]]
    return {**asdict(page), "after": following, "until": ends.isoformat()}


@command
def list_amendments(
    runtime: Runtime,
    *,
    most: int,  # noqa: ARG001  # Asked for like statements; what is reversed is little, and comes at once.
    since: str | None = None,
    until: str | None = None,
    after: list[str] | None = None,  # noqa: ARG001
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Statements of reasons that were told before a span of time and reversed in it, as they read now."""
    place, begins, ends = span_of(runtime, since, until, marketplace)
    page = statements.amendments(runtime, place, since=begins, until=ends)
    return {**asdict(page), "until": ends.isoformat()}


@command
def get_transparency_table(
    runtime: Runtime,
    *,
    name: str,
    form: str,
    since: str | None = None,
    until: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """A table of what the law asks to be kept or reported, as a file in base64."""
    place, begins, ends = span_of(runtime, since, until, marketplace)
    with runtime.store.read() as connection:
        columns, rows = table(connection, TableName(name), Span(place.marketplace_id, begins, ends))
    return {"rows": len(rows), "content": b64encode(as_file(Format(form), columns, rows)).decode()}


@command
def verify_audit(runtime: Runtime) -> dict[str, Any]:
    """Check the audit chain."""
    return audit_heads.verify(runtime)


@command
def verify_evidence(runtime: Runtime, *, case_id: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """Check evidence snapshots."""
    found = place_named(runtime, marketplace)
    return evidence.verify(runtime, found, case_id)

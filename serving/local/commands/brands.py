"""What a brand has on file: tell-tales, rights, agents, prices, and its record and standing."""

from base64 import b64decode, b64encode
from typing import Any

from features.tell_tales import Direction, Where
from models.errors import Invalid
from serving.account_management.service.brand_records import STANDING_COLUMNS, record_file, record_of, standing_rows
from serving.account_management.store import brand_answers
from serving.administration.service import founding
from serving.brands.service import price_lists, tell_tales
from serving.brands.service.tell_tales import NewTellTale
from serving.brands.store import brands
from serving.local.commands.asking import BY, moment_of
from serving.local.commands.registry import command
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.rights.rules.rights import RightKind, RightState, last_day
from serving.rights.service import rights
from serving.standing import service as standing


@command
def add_tell_tale(
    runtime: Runtime,
    *,
    brand: str,
    label: str,
    pattern: str,
    direction: str,
    where: str = Where.ANY.value,
    active_from: str | None = None,
    active_to: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Load a tell-tale of a brand."""
    begins, ends = (None if text is None else moment_of(text) for text in (active_from, active_to))
    wanted = NewTellTale(brand, label, pattern, Direction(direction), Where(where), begins, ends, marketplace)
    return {"tell_tale_id": tell_tales.add_tell_tale(runtime, wanted, by=BY).tell_tale_id}


@command
def list_tell_tales(runtime: Runtime, *, brand: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """The tell-tales that were not taken back."""
    found = tell_tales.listed(runtime, brand=brand, marketplace=marketplace)
    return {
        "tell_tales": [
            {
                "tell_tale_id": one.tell_tale_id,
                "brand": name,
                "label": one.label,
                "pattern": one.pattern,
                "where": one.where.value,
                "direction": one.direction.value,
                "active_from": one.active_from.isoformat(),
                "active_to": one.active_to.isoformat() if one.active_to else None,
            }
            for name, one in found
        ]
    }


@command
def remove_tell_tale(runtime: Runtime, *, tell_tale_id: str, marketplace: str | None = None) -> dict[str, Any]:
    """Take a tell-tale back."""
    tell_tales.remove_tell_tale(runtime, tell_tale_id, marketplace=marketplace, by=BY)
    return {}


@command
def keep_document(runtime: Runtime, *, brand: str, name: str, content: str) -> dict[str, Any]:
    """Keep a document of a brand, given in base64."""
    try:
        found = b64decode(content, validate=True)
    except ValueError:
        raise Invalid("The document is not base64.") from None
    return {"digest": rights.keep_document(runtime, brand, name, found, by=BY)}


@command
def add_right(
    runtime: Runtime,
    *,
    brand: str,
    kind: str,
    title: str,
    office: str,
    number: str,
    territories: list[str],
    classes: list[int] | None = None,
    first_day: str | None = None,
    last_day: str | None = None,
    document: str | None = None,
) -> dict[str, Any]:
    """Put a right of a brand on file."""
    begins, ends = (None if text is None else moment_of(text) for text in (first_day, last_day))
    places, of = tuple(territories), _right_kind(kind)
    wanted = rights.NewRight(brand, of, title, office, number, places, tuple(classes or ()), begins, ends, document)
    return {"right_id": rights.claim_right(runtime, wanted, by=BY)}


@command
def list_rights(runtime: Runtime, *, brand: str) -> dict[str, Any]:
    """A brand's rights."""
    return {
        "rights": [
            {
                "right_id": one.right.right_id,
                "kind": one.right.kind.value,
                "title": one.right.title,
                "office": one.right.office,
                "number": one.right.number,
                "classes": list(one.right.classes),
                "territories": sorted(one.right.territories),
                "state": one.right.state.value.replace("_", " "),
                "last_day": last_day(one.right.expires_at) if one.right.expires_at else None,
                "document": one.document,
                "note": one.note,
            }
            for one in rights.on_file(runtime, brand)
        ]
    }


@command
def settle_right(runtime: Runtime, *, right_id: str, state: str, note: str = "") -> dict[str, Any]:
    """Verify, refuse or withdraw a right."""
    if state not in set(RightState):
        raise Invalid(f"A right cannot become {state[:20]}.")
    rights.settle_right(runtime, right_id, RightState(state), note=note, by=BY)
    return {}


@command
def add_mandate(
    runtime: Runtime,
    *,
    brand: str,
    email: str,
    agent: str,
    territories: list[str],
    last_day: str,
    kinds: list[str] | None = None,
    document: str | None = None,
) -> dict[str, Any]:
    """Record a power of attorney."""
    of = tuple(map(_right_kind, kinds or [])) or tuple(RightKind)
    wanted = rights.NewMandate(brand, email, agent, tuple(territories), moment_of(last_day), of, document)
    return {"mandate_id": rights.grant_mandate(runtime, wanted, by=BY)}


@command
def revoke_mandate(runtime: Runtime, *, mandate_id: str) -> dict[str, Any]:
    """End a power of attorney."""
    rights.revoke_mandate(runtime, mandate_id, by=BY)
    return {}


@command
def sell_in(runtime: Runtime, *, territories: list[str], marketplace: str | None = None) -> dict[str, Any]:
    """Say where a marketplace sells."""
    rights.sell_in(runtime, territories, marketplace=marketplace, by=BY)
    return {}


def _right_kind(text: str) -> RightKind:
    if text not in set(RightKind):
        raise Invalid(f"{text[:20]} is none of {', '.join(RightKind)}.")
    return RightKind(text)


@command
def load_price_list(runtime: Runtime, *, brand: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Add a brand's list prices."""
    return {"entries": price_lists.load_price_list(runtime, brand, rows, by=BY)}


@command
def load_rates(runtime: Runtime, *, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Load dated exchange rates."""
    return {"rows": founding.load_rates(runtime, rows, by=BY)}


@command
def show_standing(runtime: Runtime, *, brand: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """The standing of one brand, or of every brand that is enrolled, by name."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        enrolled = brands.enrolments(connection, here)
        named = {one.name: brand_id for brand_id, one in enrolled.items()}
        if brand is not None:
            named = {brand: brands.enrolled_by_name(connection, here, brand)}
        return {name: standing.explanation(runtime, connection, here, brand_id) for name, brand_id in named.items()}


@command
def get_brand_record(
    runtime: Runtime, *, brand: str, form: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """What became of a brand's answers: the counts, and with a format the file in base64."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        answers = brand_answers.answers_of(connection, {(here, brands.by_name(connection, brand).brand_id)})
    content = None if form is None else b64encode(record_file(Format(form), answers)).decode()
    record = record_of(answers)
    return {
        "rows": len(answers),
        "outcomes": {outcome.value: number for outcome, number in record.outcomes.items()},
        "counter_notices": record.counter_notices,
        "counter_notices_upheld": record.counter_notices_upheld,
        "median_hours_to_removal": record.median_hours_to_removal,
        "content": content,
    }


@command
def get_standing_history(runtime: Runtime, *, brand: str, form: str, marketplace: str | None = None) -> dict[str, Any]:
    """Each change of a brand's standing as a file in base64."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        rows = standing_rows(connection, here, brands.by_name(connection, brand).brand_id)
    return {"rows": len(rows), "content": b64encode(as_file(Format(form), STANDING_COLUMNS, rows)).decode()}

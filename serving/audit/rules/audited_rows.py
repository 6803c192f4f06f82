"""Whether a row of the database is what the audit log says of it; the log's chain makes the log itself evident."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from features.message import Message, message


class Kind(StrEnum):
    """The kinds of rows that are compared."""

    VERDICT = "verdict"
    ACTION = "action"
    APPROVAL_VOTE = "approval_vote"
    PROMOTION = "promotion"
    PROMOTION_APPROVAL = "promotion_approval"
    ACCOUNT = "account"
    ERASED_PAYLOAD = "erased_payload"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the log about a subject; `payload` is empty where it was erased."""

    sequence: int
    at: datetime
    marketplace_id: str
    actor: str
    act: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the log says. `row_id` is its id; `sequence` the entry, None where the log has none."""

    kind: Kind
    row_id: str
    sequence: int | None
    problem: Message


Row = Mapping[str, Any]
_STATES: Final = {
    "pending_approval": {"pending_approval"},
    "scheduled": {"scheduled", "sending"},
    "approved": {"scheduled", "sending"},
    "withdrawn": {"withdrawn"},
    "acknowledged": {"acknowledged"},
    "given_up": {"dead"},
    "replayed": {"sending"},
    "overtaken": {"withdrawn"},
}
_NO_ROW: Final = "record.no_row"
_NO_ENTRY: Final = "record.no_entry"
_DIFFERS: Final = "record.differs"
_PROMOTIONS: Final = frozenset({"model.promote", "model.rollback"})
_GIVES: Final = frozenset({"person.added", "person.joined", "person.granted"})
_TAKES: Final = frozenset({"person.ungranted", "person.removed"})
_LEADS: Final = {"person.leads": True, "person.leads_no_more": False}
RETENTION: Final = "retention"


def missing_row(kind: Kind, row_id: str, sequence: int) -> Difference:
    """The log has an entry, and the row is gone."""
    return Difference(kind, row_id, sequence, message(_NO_ROW))


def verdict_differs(row: Row, steps: Sequence[Step]) -> Difference | None:
    """A verdict against its entry: every field that the entry states, the person, the time and the marketplace."""
    verdict_step = next((step for step in steps if step.act in {"verdict.recorded", "verdict.withdrawn"}), None)
    expected = {"actor": f"user:{row['user_id']}", "at": row["known_at"], "marketplace_id": row["marketplace_id"]}
    withdrawn = row["judgement"] == "withdrawn"
    if verdict_step is not None and (verdict_step.act == "verdict.withdrawn") is not withdrawn:
        return _fields_difference(Kind.VERDICT, row["verdict_id"], verdict_step, ["judgement"])
    return _entry_difference(Kind.VERDICT, row["verdict_id"], row, verdict_step, expected)


def action_differs(row: Row, steps: Sequence[Step]) -> Difference | None:
    """An action against the entry of its creation, and its state against its last step."""
    kind, row_id = row["kind"], row["action_id"]
    own = [step for step in steps if step.act.partition(".")[0] in {"remove", "reinstate"}]
    taken = [step for step in own if step.act.partition(".")[2] in _STATES]
    first = next((step for step in taken if step.act.partition(".")[2] in {"pending_approval", "scheduled"}), None)
    expected = {"at": row["created_at"], "marketplace_id": row["marketplace_id"]}
    stated = _entry_difference(Kind.ACTION, row_id, row, first, expected, only=("listing_id", "verdict_id"))
    if stated is not None or first is None:
        return stated
    if any(step.act.partition(".")[0] != kind for step in own):
        return _fields_difference(Kind.ACTION, row_id, first, ["kind"])
    last = taken[-1]
    if row["state"] not in _STATES[last.act.partition(".")[2]]:
        return _fields_difference(Kind.ACTION, row_id, last, ["state"])
    if last.act.endswith(".acknowledged") and row["acknowledged_at"] != last.at:
        return _fields_difference(Kind.ACTION, row_id, last, ["acknowledged_at"])
    return None


def vote_differs(row: Row, steps: Sequence[Step]) -> Difference | None:
    """A vote on a removal against the entry of that person at that time."""
    votes = [
        step
        for step in steps
        if step.act == f"approval_vote.{row['decision']}" and step.actor == f"user:{row['user_id']}"
    ]
    vote_step = next((step for step in votes if step.at == row["known_at"]), None)
    return _entry_difference(
        Kind.APPROVAL_VOTE, row["vote_id"], row, vote_step, {"marketplace_id": row["marketplace_id"]}
    )


def promotion_differs(row: Row, steps: Sequence[Step]) -> Difference | None:
    """A change of the champion against its entry."""
    promotion_step = next((step for step in steps if step.payload.get("promotion") == row["promotion_id"]), None)
    if promotion_step is not None and promotion_step.payload["reason"][:500] != row["note"]:
        return _fields_difference(Kind.PROMOTION, row["promotion_id"], promotion_step, ["note"])
    expected = {
        "act": f"model.{row['kind']}",
        "actor": row["promoted_by"],
        "at": row["promoted_at"],
        "marketplace_id": row["marketplace_id"],
    }
    return _entry_difference(Kind.PROMOTION, row["promotion_id"], row, promotion_step, expected, only=())


def approval_differs(row: Row, steps: Sequence[Step]) -> Difference | None:
    """An approval of a model against its entry, and its withdrawal against the entry of that."""
    row_id = row["approval_id"]
    approval_step = next((step for step in steps if step.payload.get("approval") == row_id), None)
    expected = {
        "act": "model.approve",
        "actor": row["approved_by"],
        "at": row["approved_at"],
        "marketplace_id": row["marketplace_id"],
    }
    stated = _entry_difference(Kind.PROMOTION_APPROVAL, row_id, row, approval_step, expected)
    if stated is not None or approval_step is None:
        return stated
    withdrawals = [
        step.at
        for step in steps
        if step.act == "model.withdraw" and step.actor == row["approved_by"] and step.sequence > approval_step.sequence
    ]
    if row["withdrawn_at"] is not None:
        fits = row["withdrawn_at"] in withdrawals
    else:
        fits = not withdrawals or row["promotion_id"] is not None
    if not fits:
        return _fields_difference(Kind.PROMOTION_APPROVAL, row_id, approval_step, ["withdrawn_at"])
    used = (step for step in steps if step.act in _PROMOTIONS and step.sequence > approval_step.sequence)
    promoted = {
        step.payload.get("promotion") for step in used if row["approved_by"] in step.payload.get("approved_by", ())
    }
    if row["promotion_id"] is not None and row["promotion_id"] not in promoted:
        return _fields_difference(Kind.PROMOTION_APPROVAL, row_id, approval_step, ["promotion_id"])
    return None


def roles_differ(row: Row, steps: Sequence[Step]) -> Difference | None:
    """A person's roles against those that the log gave and took, and whether the account is deactivated.

    `row` has `user_id`, `disabled_at`, and `grants`: lead rights by (marketplace, role, brand).
    """
    roles: dict[tuple[str, str, str | None], bool | None] = {}
    disabled, last = False, None
    for step in steps:
        key = (
            step.marketplace_id,
            step.payload.get("role", "brand"),
            step.payload.get("brand", step.payload.get("brand_id")),
        )
        if step.act in _GIVES:
            roles.setdefault(key, step.payload.get("leads"))
            for role in step.payload.get("also", ()):  # A first administrator holds further roles.
                roles.setdefault((step.marketplace_id, role, None), False)
        elif step.act in _TAKES:
            roles.pop(key, None)
        elif step.act in _LEADS:
            roles[key] = _LEADS[step.act]
        elif step.act == "person.deactivated":
            disabled = True
        elif step.act == "person.reactivated":
            disabled = False
        else:
            continue
        last = step
    row_id, grants = row["user_id"], row["grants"]
    if last is None:
        return Difference(Kind.ACCOUNT, row_id, None, message(_NO_ENTRY)) if grants else None
    if set(roles) != set(grants):
        return _fields_difference(Kind.ACCOUNT, row_id, last, ["role"])
    if any(leads is not None and grants[key] is not leads for key, leads in roles.items()):
        return _fields_difference(Kind.ACCOUNT, row_id, last, ["leads"])
    is_disabled = row["disabled_at"] is not None
    return None if is_disabled is disabled else _fields_difference(Kind.ACCOUNT, row_id, last, ["disabled_at"])


def erasure_differs(row: Row, steps: Sequence[Step]) -> Difference | None:
    """An erased payload against the entry of its erasure, and against the request for it.

    `row` has the entry's `sequence` and `act`, the `erasure_id`, and `asked`: whether such a request is on record.
    Retention needs no request, and blanks the custody of test buys alone.
    """
    naming = (step for step in steps if row["sequence"] in step.payload.get("entries", ()))
    erasure_step = next(naming, None)
    row_id = str(row["sequence"])
    if erasure_step is None:
        return Difference(Kind.ERASED_PAYLOAD, row_id, None, message(_NO_ENTRY))
    by_retention = erasure_step.actor == RETENTION and row["act"].startswith("test_buy.")
    if row["asked"] or by_retention:
        return None
    return Difference(Kind.ERASED_PAYLOAD, row_id, erasure_step.sequence, message("record.not_asked"))


COMPARE: Final[Mapping[Kind, Callable[[Row, Sequence[Step]], Difference | None]]] = {
    Kind.VERDICT: verdict_differs,
    Kind.ACTION: action_differs,
    Kind.APPROVAL_VOTE: vote_differs,
    Kind.PROMOTION: promotion_differs,
    Kind.PROMOTION_APPROVAL: approval_differs,
    Kind.ACCOUNT: roles_differ,
    Kind.ERASED_PAYLOAD: erasure_differs,
}


def _entry_difference(
    kind: Kind,
    row_id: str,
    row: Row,
    step: Step | None,
    expected: Mapping[str, Any],
    *,
    only: Sequence[str] | None = None,
) -> Difference | None:
    """Compare an entry's own fields with `expected`, and each field of its payload with the row's column."""
    if step is None:
        return Difference(kind, row_id, None, message(_NO_ENTRY))
    names = [name for name in step.payload if name in row and (only is None or name in only)]
    wrong = [name for name in names if step.payload[name] != row[name]]
    wrong += [name for name, expected_value in expected.items() if getattr(step, name) != expected_value]
    return _fields_difference(kind, row_id, step, wrong) if wrong else None


def _fields_difference(kind: Kind, row_id: str, step: Step, names: Sequence[str]) -> Difference:
    return Difference(kind, row_id, step.sequence, message(_DIFFERS, fields=tuple(names)))

"""Data about the seller of a removed listing is kept while a claim can be raised, and no longer."""

from datetime import datetime, timedelta

import pytest

from features.message import message
from models.messages.english import in_english
from serving.appeals.policy import DEFAULT_APPEALS
from serving.appeals.rules.appeals import appeal_period_end
from serving.privacy.rules.erasure import ALWAYS_KEPT, ErasableData, Removal, names_seller, why_keep_removal
from serving.webhooks.rules.action import ActionState
from tests.fixtures.clocks import NOW

SIX_MONTHS = timedelta(days=185)
OPEN, PENDING, APPEAL = "kept.disputed", "kept.not_carried_out", "kept.appeal"
# State, when the seller was told, whether it is disputed, why it is kept (None: it may be erased), and why the row.
TABLE: list[tuple[ActionState, datetime | None, bool, str | None, str]] = [
    (ActionState.ACKNOWLEDGED, NOW - SIX_MONTHS, False, None, "the time to complain has passed"),
    (ActionState.ACKNOWLEDGED, NOW - SIX_MONTHS, True, OPEN, "a dispute outlives that time"),
    (ActionState.ACKNOWLEDGED, NOW - timedelta(days=170), False, APPEAL, "it can still be appealed against"),
    (ActionState.ACKNOWLEDGED, NOW, False, APPEAL, "told just now"),
    (ActionState.ACKNOWLEDGED, None, False, PENDING, "nobody knows when the seller was told"),
    (ActionState.WITHDRAWN, None, False, None, "undone before anybody was told"),
    (ActionState.WITHDRAWN, None, True, OPEN, "undone and disputed"),
    (ActionState.PENDING_APPROVAL, None, False, PENDING, "people must still approve it"),
    (ActionState.SCHEDULED, None, False, PENDING, "in its undo window"),
    (ActionState.SENDING, None, False, PENDING, "on its way"),
    (ActionState.DEAD, None, False, PENDING, "the marketplace does not answer, and may be told yet"),
    (ActionState.DEAD, NOW - SIX_MONTHS, False, PENDING, "the same, whenever it was told first"),
]


@pytest.mark.parametrize(("state", "informed_at", "disputed", "expected", "_why"), TABLE)
def test_a_removal_keeps_its_seller_while_a_claim_can_be_raised(
    state: ActionState, informed_at: datetime | None, disputed: bool, expected: str | None, _why: str
) -> None:
    reason = why_keep_removal(Removal("act_1", state, informed_at, disputed), NOW, DEFAULT_APPEALS)
    assert (reason and reason.code) == expected


def test_the_time_to_appeal_ends_on_its_last_moment() -> None:
    informed_at = datetime.fromisoformat("2026-01-15T12:00:00+00:00")
    ends = appeal_period_end(informed_at, DEFAULT_APPEALS)
    removal = Removal("act_1", ActionState.ACKNOWLEDGED, informed_at, disputed=False)
    assert why_keep_removal(removal, ends, DEFAULT_APPEALS) is None
    assert why_keep_removal(removal, ends - timedelta(microseconds=1), DEFAULT_APPEALS) is not None


NAMED = [
    ({"seller": "s-1"}, True, "as a value"),
    ({"a": [{"b": ("x", "s-1")}]}, True, "deep inside"),
    ({"seller": "s-10"}, False, "the beginning of another id"),
    ({"note": "about s-1 and others"}, False, "within a sentence, which proves nothing"),
    ({"s-1": 1}, False, "as a key: no payload is keyed by sellers"),
    ({"n": 1, "none": None}, False, "no text at all"),
]


@pytest.mark.parametrize(("expected", "is_named", "_why"), NAMED)
def test_a_payload_that_names_the_seller_is_told_from_one_that_does_not(
    expected: object, is_named: bool, _why: str
) -> None:
    assert names_seller(expected, "s-1") is is_named


def test_every_class_has_a_name_and_every_kept_one_a_reason() -> None:
    assert all(in_english(message(f"erasable.{kind}")) for kind in ErasableData)
    assert all(":" in sentence or "," in sentence for sentence in map(in_english, ALWAYS_KEPT))

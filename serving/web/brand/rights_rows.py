"""A brand's rights and documents as table rows, for the brand and for its account manager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from features.message import message
from serving.brands.rules.rights import Mandate, RightKind, RightState, holds, last_day
from serving.brands.service.rights_sharing import Places
from serving.brands.store.mandates import StoredMandate
from serving.brands.store.rights import StoredRight
from serving.brands.store.rights_documents import StoredDocument
from serving.platform.tongues import N_, say, say_many
from serving.web import text_view
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.web.wording.messages import in_words
from serving.web.wording.vocabulary import StateWords

KINDS: Final = {RightKind.MARK: N_("Mark"), RightKind.DESIGN: N_("Design"), RightKind.COPYRIGHT: N_("Copyright")}
_STATES: Final = {
    RightState.CLAIMED: StateWords(N_("Pending verification"), "v-w"),
    RightState.VERIFIED: StateWords(N_("Verified"), "v-g"),
    RightState.REFUSED: StateWords(N_("Refused"), "v-c"),
    RightState.WITHDRAWN: StateWords(N_("Withdrawn"), "out"),
    RightState.CARRIED_OVER: StateWords(N_("Carried over"), "v-l"),
}
_OVER: Final = StateWords(N_("Expired"), "v-c")
_USER: Final = "user:"
NOT_SHARED: Final[Mapping[str, Places]] = {}


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A document behind a right: its name, and its download address."""

    name: Shown
    address: str


@dataclass(frozen=True, slots=True)
class RightRow:
    """A right. `warning` is set if its expiry is near or past; `waits` is whether its verification is pending.

    `share_with` are the marketplaces with which the reader can share it.
    """

    right_id: str
    kind: str
    title: Shown
    registered: Shown
    territories: str
    classes: str
    state: StateWords
    until: str
    warning: str | None
    document: DocumentLink | None
    supplied: str
    settled: str | None
    note: Shown | None
    waits: bool
    can_withdraw: bool
    share_with: Places


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A power of attorney: for whom, its scope, countries and expiry; `in_force` is whether it is valid now.

    `share_with` are the marketplaces with which the reader can share it.
    """

    mandate_id: str
    agent: Shown
    person: str
    kinds: str
    territories: str
    until: str
    in_force: bool
    state: StateWords
    share_with: Places


def right_rows(
    found: Sequence[StoredRight],
    documents: Mapping[str, StoredDocument],
    names: Mapping[str, str],
    now: datetime,
    *,
    told_days: int,
    place: str,
    targets: Mapping[str, Places] = NOT_SHARED,
) -> tuple[RightRow, ...]:
    """The rows, the most urgent first; documents are downloaded below the address `place`."""
    rows = [_row(one, documents, names, now, told_days, place) for one in found]
    rows = [replace(row, share_with=targets.get(row.right_id, ())) for row in rows]
    return tuple(sorted(rows, key=lambda row: (not row.waits, row.warning is None)))


def _row(
    one: StoredRight,
    documents: Mapping[str, StoredDocument],
    names: Mapping[str, str],
    now: datetime,
    told_days: int,
    place: str,
) -> RightRow:
    right, document = one.right, documents.get(one.document or "")
    warning = _warning(one, now, told_days)
    over = right.expires_at is not None and right.expires_at <= now and right.state is RightState.VERIFIED
    state = _OVER if over else _STATES[right.state]
    return RightRow(
        right_id=right.right_id,
        kind=say(KINDS[right.kind]),
        title=text_view.show(right.title),
        registered=text_view.show(f"{right.office} {right.number}"),
        territories=", ".join(sorted(right.territories)),
        classes=", ".join(map(str, right.classes)),
        state=replace(state, word=say(state.word)),
        until=say("no end date") if right.expires_at is None else f"{last_day(right.expires_at)}",
        warning=warning,
        document=None
        if document is None
        else DocumentLink(text_view.show(document.name), f"{place}/{document.digest}"),
        supplied=say("%(who)s, %(day)s", who=who(one.claimed_by, names), day=words.day(one.claimed_at, now)),
        settled=None
        if one.settled_by is None or one.settled_at is None
        else say("%(who)s, %(day)s", who=who(one.settled_by, names), day=words.day(one.settled_at, now)),
        note=text_view.show(one.note) if one.note else None,
        waits=right.state is RightState.CLAIMED,
        can_withdraw=right.state in {RightState.CLAIMED, RightState.VERIFIED, RightState.CARRIED_OVER},
        share_with=(),
    )


def _warning(one: StoredRight, now: datetime, told_days: int) -> str | None:
    """The warning about an expiry; only rights in force or in review have one."""
    ends = one.right.expires_at
    if ends is None or one.right.state not in {RightState.CLAIMED, RightState.VERIFIED}:
        return None
    if ends <= now:
        return say("The right has expired and cannot be used.")
    if ends <= now + timedelta(days=told_days):
        return say_many(
            "The right expires in %(n)s day. Supply the renewal before then.",
            "The right expires in %(n)s days. Supply the renewal before then.",
            max(1, (ends - now).days),
        )
    return None


def mandate_rows(
    found: Sequence[StoredMandate], people: Mapping[str, str], now: datetime, targets: Mapping[str, Places] = NOT_SHARED
) -> tuple[MandateRow, ...]:
    """The powers of attorney of a brand at a marketplace, current ones first; `people` are e-mails by mandate."""
    rows = [
        MandateRow(
            mandate_id=one.mandate_id,
            agent=text_view.show(one.agent),
            person=people.get(one.mandate_id, ""),
            kinds=say(", ").join(sorted(in_words(message(f"right_kind.{kind.value}")) for kind in one.kinds)),
            territories=", ".join(sorted(one.territories)),
            until=words.day(one.revoked_at, now) if one.revoked_at else f"{last_day(one.expires_at)}",
            in_force=holds(one, now),
            state=_mandate_state(one, now),
            share_with=targets.get(one.mandate_id, ()),
        )
        for one in (stored.mandate for stored in found)
    ]
    return tuple(sorted(rows, key=lambda row: not row.in_force))


def _mandate_state(one: Mandate, now: datetime) -> StateWords:
    if holds(one, now):
        return StateWords(say("In force"), "v-g")
    return StateWords(say("Revoked") if one.revoked_at is not None else say("Expired"), "out")


def people_in(found: Sequence[StoredRight]) -> list[str]:
    """The ids of the people who supplied or reviewed these rights."""
    lines = [by for one in found for by in (one.claimed_by, one.settled_by) if by is not None]
    return sorted({by.removeprefix(_USER) for by in lines if by.startswith(_USER)})


def who(by: str, names: Mapping[str, str]) -> str:
    """A user's name; events without a user are the operator's."""
    return names.get(by.removeprefix(_USER), say("unknown user")) if by.startswith(_USER) else say("the operator")

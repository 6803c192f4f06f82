"""Whether a right can carry a notice here and now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from features.message import Message, message
from models.errors import Invalid
from models.verdict import ReasonCode, reason_message
from serving.brands.policy import RightsPolicy

WORLD: Final = "WORLD"  # Copyright in the states of the Berne Convention, and rights carried over unverified.
UNION: Final = "EU"
UNREGISTERED: Final = "unregistered"  # The office of a copyright that no register lists.


class RightKind(StrEnum):
    """The protected subject: a sign, a shape, a work."""

    MARK = "mark"
    DESIGN = "design"
    COPYRIGHT = "copyright"


class RightState(StrEnum):
    """The verification of a right. `carried_over` rights were accepted before rights had to be verified."""

    CLAIMED = "claimed"
    VERIFIED = "verified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CARRIED_OVER = "carried_over"


_EU_REGISTER: Final = "https://euipo.europa.eu/eSearch/#details/"
# By the name of the office, letters only. The addresses are those at which the offices show one registration.
_REGISTERS: Final = {
    (RightKind.MARK, "EUIPO"): _EU_REGISTER + "trademarks/{number}",
    (RightKind.DESIGN, "EUIPO"): _EU_REGISTER + "designs/{number}",
    (RightKind.MARK, "WIPO"): "https://www3.wipo.int/madrid/monitor/en/showData.jsp?ID=ROM.{number}",
    (RightKind.MARK, "USPTO"): "https://tsdr.uspto.gov/#caseNumber={number}&caseType=US_REGISTRATION_NO"
    "&searchType=statusSearch",
    (RightKind.MARK, "DPMA"): "https://register.dpma.de/DPMAregister/marke/register/{number}/DE",
    (RightKind.MARK, "UKIPO"): "https://trademarks.ipo.gov.uk/ipo-tmcase/page/Results/1/{number}",
}


def register_of(kind: RightKind, office: str) -> str | None:
    """The address of a number in an office's register, with a place for the number; None where we know none."""
    return _REGISTERS.get((kind, "".join(filter(str.isalpha, office.upper()))))


@dataclass(frozen=True, slots=True)
class Right:
    """A right as registered. `territories` are ISO 3166 codes, EU or WORLD; it is in force before `expires_at`."""

    right_id: str
    kind: RightKind
    title: str
    office: str
    number: str
    classes: tuple[int, ...]
    territories: frozenset[str]
    state: RightState
    begins_at: datetime
    expires_at: datetime | None

    @property
    def named(self) -> Message:
        if self.state is RightState.CARRIED_OVER:
            return message(f"right.{self.kind.value}.carried_over")
        return message(f"right.{self.kind.value}", title=self.title, office=self.office, number=self.number)

    @property
    def register_address(self) -> str | None:
        """The page of the mark or design in its office's register; None where we know no address of that office."""
        place = register_of(self.kind, self.office)
        return None if place is None else place.format(number=quote("".join(self.number.split()), safe=""))


@dataclass(frozen=True, slots=True)
class Mandate:
    """A power of attorney: the agent of a brand, the kinds of rights, the territory, and the end."""

    mandate_id: str
    agent: str
    kinds: frozenset[RightKind]
    territories: frozenset[str]
    begins_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """The use of a right: the reason, the marketplace's declared sales territory (None without one), and the time."""

    reason_code: ReasonCode
    sold_in: frozenset[str] | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Basis:
    """The right that carries a notice with a message that names it, or None with the reasons why no right does."""

    right: Right | None
    reasons: tuple[Message, ...]


_KINDS: Final = {
    ReasonCode.TRADEMARK_COUNTERFEIT: frozenset({RightKind.MARK}),
    ReasonCode.MARK_MISUSE: frozenset({RightKind.MARK}),
    ReasonCode.DESIGN: frozenset({RightKind.DESIGN}),
    ReasonCode.COPYRIGHT: frozenset({RightKind.COPYRIGHT}),
    # Goods that do not match their description infringe no specific kind of right; the notifier must own any right
    # in force here.
    ReasonCode.NOT_AS_DESCRIBED: frozenset(RightKind),
}
_HOLDS: Final = frozenset({RightState.VERIFIED, RightState.CARRIED_OVER})


def kinds_for(reason_code: ReasonCode) -> frozenset[RightKind]:
    """The kinds of rights that can carry a notice with this reason; the notice needs one of them."""
    return _KINDS[reason_code]


def expand_territories(territories: Iterable[str], policy: RightsPolicy) -> frozenset[str]:
    """Territories with EU replaced by its members; WORLD stays as it is."""
    codes = frozenset(territories)
    return codes - {UNION} | (frozenset(policy.union) if UNION in codes else frozenset())


def overlap(ours: Iterable[str], theirs: Iterable[str], policy: RightsPolicy) -> frozenset[str]:
    """The territories that both have; WORLD includes all of the other's."""
    own_codes, other = expand_territories(ours, policy), expand_territories(theirs, policy)
    if WORLD in own_codes:
        return other
    return own_codes if WORLD in other else own_codes & other


def objection(right: Right, notice: Notice, policy: RightsPolicy, mandate: Mandate | None = None) -> Message | None:
    """Why a right cannot carry a notice; None where it can.

    It must be verified or carried over, of a kind that fits the reason, in force at the moment, and valid in a country
    where the marketplace sells. One shared country is enough, because a listing is shown in all of them. Without a
    declared sales territory only a WORLD right carries a notice, because unknown does not mean everywhere. An agent
    acts only in territories of both the mandate and the right.
    """
    if right.state not in _HOLDS:
        return message(f"right.{right.state.value}", right=right.named)
    if right.kind not in _KINDS[notice.reason_code]:
        return message("right.wrong_kind", right=right.named, code=reason_message(notice.reason_code))
    if notice.at < right.begins_at:
        return message("right.not_yet", right=right.named, date=right.begins_at.date())
    if right.expires_at is not None and notice.at >= right.expires_at:
        return message("right.ended", right=right.named, date=last_day(right.expires_at))
    return _territory_objection(right, notice, policy, mandate)


def _territory_objection(right: Right, notice: Notice, policy: RightsPolicy, mandate: Mandate | None) -> Message | None:
    reach = right.territories
    if mandate is not None:
        if right.kind not in mandate.kinds:
            return message("right.not_in_mandate", right=right.named, agent=mandate.agent)
        reach = overlap(right.territories, mandate.territories, policy)
        if not reach:
            return message("right.mandate_elsewhere", right=right.named, agent=mandate.agent)
    if WORLD in reach:
        return None
    if notice.sold_in is None:
        return message("right.place_unknown", right=right.named, countries=tuple(sorted(reach)))
    if not overlap(reach, notice.sold_in, policy):
        sold = tuple(sorted(notice.sold_in))
        return message("right.elsewhere", right=right.named, countries=tuple(sorted(reach)), sold=sold)
    return None


def mandate_objection(mandates: Sequence[Mandate], at: datetime) -> Message | None:
    """Why an agent may not act at a moment; None where a power of attorney is in force, or there are none.

    A person without a power of attorney is the brand's own.
    """
    if not mandates or any(is_in_force(mandate, at) for mandate in mandates):
        return None
    last = max(mandates, key=lambda mandate: min(mandate.expires_at, mandate.revoked_at or mandate.expires_at))
    if last.revoked_at is not None and last.revoked_at <= at:
        return message("mandate.revoked", agent=last.agent, date=last.revoked_at.date())
    if at < last.begins_at:
        return message("mandate.not_yet", agent=last.agent, date=last.begins_at.date())
    return message("mandate.ended", agent=last.agent, date=last_day(last.expires_at))


def is_in_force(mandate: Mandate, at: datetime) -> bool:
    """Whether a power of attorney is in force at a moment."""
    return mandate.begins_at <= at < mandate.expires_at and (mandate.revoked_at is None or at < mandate.revoked_at)


def basis_for(rights: Sequence[Right], mandates: Sequence[Mandate], notice: Notice, policy: RightsPolicy) -> Basis:
    """The right that carries a notice of somebody with these powers of attorney; verified rights come first.

    Among equals the right that ends last is chosen, because it is the least likely to expire while the matter is open.
    """
    agent = mandate_objection(mandates, notice.at)
    if agent is not None:
        return Basis(None, (agent,))
    acting: list[Mandate | None] = [mandate for mandate in mandates if is_in_force(mandate, notice.at)] or [None]
    of_kind = [right for right in rights if right.kind in _KINDS[notice.reason_code]]
    if not of_kind:
        kinds = _KINDS[notice.reason_code]
        what = "any" if len(kinds) > 1 else next(iter(kinds)).value
        return Basis(None, (message(f"right.none.{what}", code=reason_message(notice.reason_code)),))
    fit: list[Right] = []
    reasons: list[Message] = []
    for right in of_kind:
        against = [objection(right, notice, policy, mandate) for mandate in acting]
        first = against[0]
        if first is None or None in against:
            fit.append(right)
        else:
            reasons.append(first)
    if not fit:
        return Basis(None, tuple(reasons))
    best = max(fit, key=_preference_key)
    return Basis(best, (message("right.applies", right=best.named),))


def _preference_key(right: Right) -> tuple[bool, bool, float, str]:
    ends = right.expires_at
    return (
        right.state is RightState.VERIFIED,
        ends is None,
        ends.timestamp() if ends is not None else 0.0,
        right.right_id,
    )


def day_of(text: str) -> datetime:
    """The start of a day as a browser's date field sends it. Raises Invalid (the text is not a day)."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("Write the day in the form 2026-03-01.") from None


def end_of_day(day: datetime) -> datetime:
    """The moment at which something ends whose last day this is: the end of that day, UTC.

    >>> end_of_day(datetime(2026, 3, 1, 9, tzinfo=UTC))
    datetime.datetime(2026, 3, 2, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def last_day(ends: datetime) -> date:
    """The last day of something that ends at a moment."""
    return (ends - timedelta(microseconds=1)).date()

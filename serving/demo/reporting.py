"""Reports of the demo's brands: listings that a brand found itself, and a few that it should not have named.

Second factors of the demo's people: apps that they enrolled two days before the demo, as each counts after a day.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyotp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from models.errors import require
from serving.accounts.rules.access import Permission
from serving.accounts.service import auth, one_time_codes
from serving.accounts.service.second_factors import begin_app, confirm_app, confirm_by_link
from serving.accounts.service.service_accounts import make_account
from serving.accounts.store import accounts
from serving.demo.cast import Cast
from serving.demo.front import Front, SignedInPerson, SigningProgram
from serving.platform.clock import SystemClock
from serving.platform.runtime import Runtime
from training.simulation.synthetic import Truth, World

REPORTING_BRANDS: Final = 3
_EVERY: Final = timedelta(days=8)
# Longer than a step of the play: a listing that comes in so much later is unknown when the report is sent.
_NOT_SENT_YET: Final = timedelta(days=4)
# The share of the counterfeits, and of the other listings, of its own brand that a brand reports by itself.
_FOUND_SHARE: Final = 0.3
_MISTAKEN: Final = 0.01
_MOST_FOUND: Final = 10
REASON: Final = "trademark_counterfeit"
# One report in so many rests on a test buy, with the invoice as its document; it was ordered and received before.
_BOUGHT_EVERY: Final = 3
_ORDERED_BEFORE: Final = timedelta(days=7)
_RECEIVED_BEFORE: Final = timedelta(days=2)
_FINDING: Final = "The serial number is printed, and the stitching is not ours."
_REPORTERS: Final = 9  # The random stream of reports: the world has 0 to 6, 8 and 10, the staff 7.


@dataclass(frozen=True, slots=True)
class PlannedReport:
    """One report: its time, its brand (by the id in the synthetic world), and the listings in their order.

    `bought` is the listing of a test buy, None without one.
    """

    at: datetime
    brand_id: str
    listings: tuple[str, ...]
    bought: str | None = None


def planned_reports(world: World, taking_part: Collection[str], seed: int) -> tuple[PlannedReport, ...]:
    """All reports of the brands with the most counterfeits, by time; they depend on the world and the seed alone.

    A report names listings of the brand that came in since its last one, and one that the marketplace sends later.
    In turn it also names a listing of another brand, or one that it reported before.
    """
    random = np.random.default_rng([seed, _REPORTERS])
    arrivals = list(_arrivals(world))
    brands = {brand_id: _Planner(brand_id, arrivals) for brand_id in most_copied_brands(world, taking_part)}
    reports: list[PlannedReport] = []
    since, last = arrivals[0].at, arrivals[-1].at
    for number in range(1, (last - since) // _EVERY + 1):
        at = since + number * _EVERY
        for brand_id, planner in brands.items():
            names = planner.names(at, random)
            if names:
                own = [name for name in names if _is_bought(world, brand_id, name)]
                bought = own[0] if own and len(reports) % _BOUGHT_EVERY == 0 else None
                reports.append(PlannedReport(at, brand_id, names, bought))
    return tuple(reports)


def _is_bought(world: World, brand_id: str, name: str) -> bool:
    """Whether a brand could have bought a counterfeit of its own."""
    truth = world.truth[name]
    return truth.brand_id == brand_id and truth.counterfeit


@dataclass(frozen=True, slots=True)
class _Arrival:
    """The first row of a listing."""

    at: datetime
    name: str
    truth: Truth


@dataclass(slots=True)
class _Planner:
    """The reports of one brand, one after another."""

    brand_id: str
    arrivals: Sequence[_Arrival]
    _named: list[str] = field(default_factory=list)
    _number: int = 0

    def names(self, at: datetime, random: np.random.Generator) -> tuple[str, ...]:
        """The listings that the brand's next report names."""
        recent = [arrival for arrival in self.arrivals if at - _EVERY < arrival.at <= at]
        own = [arrival for arrival in recent if arrival.truth.brand_id == self.brand_id]
        drawn = random.random(len(own))
        shares = [_FOUND_SHARE if arrival.truth.counterfeit else _MISTAKEN for arrival in own]
        reported_names = [
            arrival.name
            for arrival, share, chance in zip(own, shares, drawn, strict=True)
            if chance < share and arrival.name not in self._named
        ][:_MOST_FOUND]
        self._number += 1
        extra = self._named[-1:] if self._number % 2 == 0 else self._of_another(recent)
        names = [*reported_names, *self._later(at)]
        self._named.extend(names)
        return (*names, *extra)

    def _later(self, at: datetime) -> list[str]:
        """The next counterfeit of the brand that comes in some days later, unless it was reported already."""
        return [
            arrival.name
            for arrival in self.arrivals
            if arrival.at > at + _NOT_SENT_YET
            and arrival.truth.brand_id == self.brand_id
            and arrival.truth.counterfeit
            and arrival.name not in self._named
        ][:1]

    def _of_another(self, recent: Sequence[_Arrival]) -> list[str]:
        return [arrival.name for arrival in recent if arrival.truth.brand_id not in {self.brand_id, ""}][:1]


def most_copied_brands(world: World, taking_part: Collection[str]) -> list[str]:
    """The brands that report by themselves: those with the most counterfeits."""
    return brands_by_copies(world, taking_part)[:REPORTING_BRANDS]


def brands_by_copies(world: World, taking_part: Collection[str]) -> list[str]:
    """The brands that take part, those with the most counterfeits first."""
    counterfeits = dict.fromkeys(taking_part, 0)
    for truth in world.truth.values():
        if truth.counterfeit and truth.brand_id in counterfeits:
            counterfeits[truth.brand_id] += 1
    return sorted(counterfeits, key=lambda brand_id: (-counterfeits[brand_id], brand_id))


def _arrivals(world: World) -> Iterator[_Arrival]:
    """The listings by their first rows, without the broken rows."""
    seen: set[str] = set()
    for sent in world.sent:
        name = str(sent.row.get("external_id"))
        if name in world.truth and name not in seen:
            seen.add(name)
            yield _Arrival(sent.at, name, world.truth[name])


@dataclass(slots=True)
class Reporters:
    """The people who send the planned reports, and retract what they reported by mistake."""

    cast: Cast
    world: World
    seed: int
    _planned: tuple[PlannedReport, ...] = field(init=False)
    _sent: int = 0
    _mistakes: list[tuple[SignedInPerson, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._planned = planned_reports(self.world, self.cast.brand_people, self.seed)

    def report(self, now: datetime) -> None:
        """Send the reports that are due, after the mistakes of earlier ones were retracted."""
        due = [planned_report for planned_report in self._planned[self._sent :] if planned_report.at <= now]
        if due:
            self._retract()
        for planned in due:
            self._send(planned)
            self._sent += 1

    def _send(self, planned: PlannedReport) -> None:
        person = self.cast.brand_people[planned.brand_id]
        body = {
            "right_id": self.cast.marks[planned.brand_id],
            "reason_code": REASON,
            "listings": list(planned.listings),
            "good_faith": True,
        }
        if planned.bought is not None:
            body["test_buy"] = _test_buy(planned, planned.bought)
        sent: dict[str, Any] = person.call("POST", "/api/v1/brand/reports", body, key=f"demo-{self._sent}")
        if planned.bought is not None:
            address = f"/api/v1/brand/reports/{sent['report_id']}/documents?name=invoice.pdf"
            document = f"%PDF-1.4\n% Simulated invoice of {planned.bought}\n%%EOF\n"
            person.call("POST", address, document.encode())
        for number, name in enumerate(planned.listings, start=1):
            truth = self.world.truth[name]
            if truth.brand_id == planned.brand_id and not truth.counterfeit:
                self._mistakes.append((person, sent["report_id"], number))

    def _retract(self) -> None:
        """Retract the mistakes; one that was refused or is already decided can no longer be retracted."""
        for person, report_id, number in self._mistakes:
            person.try_call("POST", f"/api/v1/brand/reports/{report_id}/retract", {"numbers": [number]})
        self._mistakes.clear()


def _test_buy(planned: PlannedReport, bought: str) -> dict[str, str]:
    return {
        "order_reference": f"ORDER-{bought}",
        "ordered_on": (planned.at - _ORDERED_BEFORE).date().isoformat(),
        "received_on": (planned.at - _RECEIVED_BEFORE).date().isoformat(),
        "finding": _FINDING,
        "listing": bought,
    }


@dataclass(slots=True)
class Phone:
    """A person's app, and the recovery codes that are left."""

    secret: str
    recovery_codes: list[str]

    def code(self) -> str:
        """What the app shows now; it counts once."""
        return pyotp.TOTP(self.secret).now()

    def recovery_code(self) -> str:
        return self.recovery_codes.pop()


@dataclass(frozen=True, slots=True)
class _BackdatedClock:
    simulated = False

    def now(self) -> datetime:
        return SystemClock().now() - timedelta(days=2)


def enrol_phones(runtime: Runtime, people: Iterable[tuple[str, str]]) -> dict[str, Phone]:
    """A phone by e-mail address for people with their passwords."""
    earlier = replace(runtime, wall=_BackdatedClock())
    return {email: _enrol_phone(earlier, email, password) for email, password in people}


def register_program(runtime: Runtime, front: Front, lead: tuple[str, str], other_email: str) -> SigningProgram:
    """A service account of a brand, whose key is two days old; `lead` is an e-mail address with its password.

    The lead has a phone.
    """
    earlier, private_key = replace(runtime, wall=_BackdatedClock()), Ed25519PrivateKey.generate()
    pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    session = replace(auth.session_of(earlier, auth.sign_in(earlier, *lead).token), has_factor=True)
    (pair,) = session.person.brands(Permission.LEAD_BRAND)
    with runtime.store.read() as connection:
        other = accounts.user_id_by_email(connection, other_email)
    _, key = make_account(earlier, session, pair, "Finder of copies", other, pem)
    return SigningProgram(front, key.key_id, private_key)


def _enrol_phone(runtime: Runtime, email: str, password: str) -> Phone:
    session = auth.session_of(runtime, auth.sign_in(runtime, email, password).token)
    secret = one_time_codes.secret_of(runtime, begin_app(runtime, session, password))
    link = confirm_app(runtime, session, pyotp.TOTP(secret).at(runtime.wall.now()), "Phone")
    codes = confirm_by_link(runtime, require(link, "The phone is not the person's first factor."))
    return Phone(secret, list(codes))

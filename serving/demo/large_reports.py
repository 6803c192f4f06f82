"""Two large reports of the demo, each confirmed with a second factor: one leaves whole, one is stopped in its hour.

Two brands meet a campaign of copies. Each reports twice as many as leave at once, which earns full standing unless many
of the brand's earlier answers were wrong, and then the rest in one report.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from serving.demo.front import CONFLICT, NOT_FOUND, Refused, SignedInPerson
from serving.demo.phones import Phone
from serving.demo.play import Play
from serving.demo.reporting import REASON, by_copies
from serving.takedowns.policy import DEFAULT_STEP_UP
from training.synthetic import SyntheticBrand, Truth, World

_AT_ONCE: Final = 20  # What one person removes within an hour (serving.takedowns.policy).
_TIMES: Final = 2
_APART: Final = timedelta(hours=2)  # The undo window has closed, and the limits of an hour are free again.
FULL_STANDING_COUNTS_AFTER: Final = timedelta(days=DEFAULT_STEP_UP.full_standing_days)
_LARGE: Final = 24
_AGE_DAYS: Final = 9


def campaign_brands(world: World) -> tuple[SyntheticBrand, SyntheticBrand]:
    """The two brands that take part and have the fewest counterfeits.

    They report nothing else, and few answers leave no removals pending after a burst, which would hold the campaign's.
    """
    taking_part = {one.brand.brand_id: one for one in world.brands if one.takes_part}
    one, two = sorted(by_copies(world, taking_part)[-2:])
    return taking_part[one], taking_part[two]


@dataclass(slots=True)
class LargeReports:
    """The two campaigns and their reports. `phones` are by e-mail address of the brand's person."""

    play: Play
    phones: dict[str, Phone]
    _sent: list[tuple[SignedInPerson, str]] = field(default_factory=list)

    def take_place(self) -> None:
        """Play everything on two days, on which nobody else decides about the copies, with two weeks between."""
        brands = campaign_brands(self.play.world)
        self.play.move_clock(self.play.now + _APART)  # An answer within the last hour would make a burst of the first.
        for start in range(0, _TIMES * _AT_ONCE, _AT_ONCE):
            for brand in brands:
                self._report(brand, range(start, start + _AT_ONCE))
            self.play.move_clock(self.play.now + _APART)
        self.play.move_clock(self.play.now + FULL_STANDING_COUNTS_AFTER)
        kept, stopped = (self._confirmed(brand) for brand in brands)
        self._sent += [one for one in (kept, stopped) if one is not None]
        if stopped is not None:
            self._stop(brands[1].brand.brand_id, stopped[1])
            stopped[0].signed_out()

    def states(self) -> dict[str, int]:
        """The listings of both large reports by their state now."""
        found = Counter[str]()
        for person, report_id in self._sent:
            found.update(one["state"] for one in person.call("GET", f"/api/v1/brand/reports/{report_id}")["items"])
        return dict(found)

    def _announce(self, brand: SyntheticBrand, numbers: Iterable[int]) -> None:
        """The marketplace sends copies, each of a seller of its own; nobody but the brand sees them in time."""
        rows = list(self._rows(brand, numbers))
        truth = {row["external_id"]: self._truth(brand, row["seller"]["external_id"]) for row in rows}
        self.play.world = replace(self.play.world, truth={**self.play.world.truth, **truth})
        self.play.cast.marketplace.call("POST", "/api/v1/listings", rows)

    def _rows(self, brand: SyntheticBrand, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
        for number in numbers:
            name = _name(brand, number)
            yield {
                "external_id": name,
                "title": f"{brand.brand.name}, as new, number {number}",
                "price": "89.00",
                "currency": "EUR",
                "language": "en",
                "occurred_at": self.play.now.isoformat(),
                "seller": {"external_id": f"shop-of-{name}", "age_days": _AGE_DAYS, "country": "DE"},
            }

    @staticmethod
    def _truth(brand: SyntheticBrand, seller: str) -> Truth:
        return Truth(counterfeit=True, brand_id=brand.brand.brand_id, kind="campaign", seller=seller)

    def _report(self, brand: SyntheticBrand, numbers: Sequence[int]) -> dict[str, Any]:
        self._announce(brand, numbers)
        cast, brand_id = self.play.cast, brand.brand.brand_id
        body = {
            "right_id": cast.marks[brand_id],
            "reason_code": REASON,
            "listings": [_name(brand, number) for number in numbers],
            "good_faith": True,
        }
        key = f"demo-campaign-{brand_id}-{numbers[0]}"
        found: dict[str, Any] = self._person(brand).call("POST", "/api/v1/brand/reports", body, key=key)
        return found

    def _confirmed(self, brand: SyntheticBrand) -> tuple[SignedInPerson, str] | None:
        """The brand's person with the report that they confirmed; None where the brand has no full standing."""
        person = self._person(brand)
        sent = self._report(brand, range(_TIMES * _AT_ONCE, _TIMES * _AT_ONCE + _LARGE))
        if {one["code"] for one in sent["items"]} != {"step_up"}:
            return None
        code = self.phones[person.email].code()
        try:
            person.submit(f"/brand/reports/{sent['report_id']}/step-up", {"code": code})
        except Refused as refused:
            if refused.status != CONFLICT:  # It is confirmed, and the answer was lost with the service.
                raise
        return person, sent["report_id"]

    def _stop(self, brand_id: str, report_id: str) -> None:
        """The account manager who was told stops the report; to the others it does not exist."""
        for manager in self.play.cast.managers:
            try:
                manager.submit(f"/brands/{brand_id}/reports/{report_id}/stop", {})
            except Refused as refused:
                if refused.status == CONFLICT:  # As above: it is stopped.
                    return
                if refused.status != NOT_FOUND:
                    raise
            else:
                return

    def _person(self, brand: SyntheticBrand) -> SignedInPerson:
        return self.play.cast.brand_people[brand.brand.brand_id]


def _name(brand: SyntheticBrand, number: int) -> str:
    return f"campaign-{brand.brand.brand_id}-{number:03d}"

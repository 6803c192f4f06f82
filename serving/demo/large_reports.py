"""Large reports of the demo: one confirmed with a second factor leaves whole, as one that a program signs does; a third
is stopped in its hour.

Two brands meet a campaign of copies. Each reports them in one report, and the first by its own program too; its account
manager releases that, as it is the first report by its key. The first brand, whose account a visitor has,
begins with a standing of an audited year; so does the other. That year is made up, and the page of standing says so.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final

from serving.demo.front import CONFLICT, NOT_FOUND, CallRefused, SignedInPerson, SigningProgram
from serving.demo.play import Play
from serving.demo.reporting import REASON, Phone, brands_by_copies
from training.simulation.synthetic import SyntheticBrand, Truth, World

# A campaign of eight new sellers, whose report leaves whole, and the one that is stopped.
_LARGE: Final = 120
_SIGNED: Final = 40
_STOPPED: Final = 24
_COPIES_OF_A_SELLER: Final = 15
# Copies that stay on sale, so that a visitor can report them.
_LATER_COPIES: Final = 30
_AGE_DAYS: Final = 9


def campaign_brands(world: World) -> tuple[SyntheticBrand, SyntheticBrand]:
    """The two brands that take part and have the fewest counterfeits.

    They report nothing else, and few answers leave no removals pending after a burst, which would hold the campaign's.
    """
    taking_part = {brand.brand.brand_id: brand for brand in world.brands if brand.takes_part}
    first, two = sorted(brands_by_copies(world, taking_part)[-2:])
    return taking_part[first], taking_part[two]


@dataclass(slots=True)
class LargeReports:
    """The campaigns and their reports. `phones` are by e-mail address of the brand's person."""

    play: Play
    phones: dict[str, Phone]
    program: SigningProgram
    brands: tuple[SyntheticBrand, SyntheticBrand]
    _announced: int = 0
    _sent: list[tuple[SignedInPerson, str]] = field(default_factory=list)

    def take_place(self) -> list[str]:
        """Play the large reports, on a day on which nobody else decides about the copies.

        Returns copies of the first brand that are left for a visitor.
        """
        kept_report, stopped = map(self._confirm_report, self.brands, (_LARGE, _STOPPED))
        self._sent += [report for report in (kept_report, stopped) if report is not None]
        if stopped is not None:
            self._by_manager("stop", self.brands[1].brand.brand_id, stopped[1])
            stopped[0].forget_session()
        self._sent.append(self._sign_report(self.brands[0]))
        return self._announce(self.brands[0], _LATER_COPIES)

    def states(self) -> dict[str, int]:
        """The listings of the large reports by their state now."""
        states = Counter[str]()
        for person, report_id in self._sent:
            states.update(
                listing["state"] for listing in person.call("GET", f"/api/v1/brand/reports/{report_id}")["items"]
            )
        return dict(states)

    def _announce(self, brand: SyntheticBrand, number: int) -> list[str]:
        """The marketplace sends copies of new sellers; nobody but the brand sees them in time."""
        rows = [self._row(brand, self._announced + i) for i in range(number)]
        self._announced += number
        truth = {row["external_id"]: self._truth(brand, row["seller"]["external_id"]) for row in rows}
        self.play.world = replace(self.play.world, truth={**self.play.world.truth, **truth})
        self.play.cast.marketplace.call("POST", "/api/v1/listings", rows)
        return list(truth)

    def _row(self, brand: SyntheticBrand, number: int) -> dict[str, Any]:
        campaign = f"campaign-{brand.brand.brand_id}"
        return {
            "external_id": f"{campaign}-{number:03d}",
            "title": f"{brand.brand.name}, as new, number {number}",
            "price": "89.00",
            "currency": "EUR",
            "language": "en",
            "occurred_at": self.play.now.isoformat(),
            "seller": {
                "external_id": f"shop-of-{campaign}-{number // _COPIES_OF_A_SELLER}",
                "age_days": _AGE_DAYS,
                "country": "DE",
            },
        }

    @staticmethod
    def _truth(brand: SyntheticBrand, seller: str) -> Truth:
        return Truth(counterfeit=True, brand_id=brand.brand.brand_id, kind="campaign", seller=seller)

    def _report(self, by: SignedInPerson | SigningProgram, brand: SyntheticBrand, number: int) -> dict[str, Any]:
        key, listings = f"demo-campaign-{self._announced}", self._announce(brand, number)
        cast, brand_id = self.play.cast, brand.brand.brand_id
        body = {"right_id": cast.marks[brand_id], "reason_code": REASON, "listings": listings, "good_faith": True}
        report: dict[str, Any] = by.call("POST", "/api/v1/brand/reports", body, key=key)
        return report

    def _sign_report(self, brand: SyntheticBrand) -> tuple[SignedInPerson, str]:
        """The report of the brand's program, released by the account manager."""
        sent = self._report(self.program, brand, _SIGNED)
        self._by_manager("release", brand.brand.brand_id, sent["report_id"])
        return self._person(brand), sent["report_id"]

    def _confirm_report(self, brand: SyntheticBrand, number: int) -> tuple[SignedInPerson, str] | None:
        """The brand's person with the report that they confirmed; None where the brand has lost its standing."""
        person = self._person(brand)
        sent = self._report(person, brand, number)
        if {listing["code"] for listing in sent["items"]} != {"step_up"}:
            return None
        code = self.phones[person.email].code()
        try:
            person.submit(f"/brand/reports/{sent['report_id']}/step-up", {"code": code})
        except CallRefused as refused:
            if refused.status != CONFLICT:  # It is confirmed, and the answer was lost with the service.
                raise
        return person, sent["report_id"]

    def _by_manager(self, act: str, brand_id: str, report_id: str) -> None:
        """The account manager who was told stops or releases the report; to the others it does not exist."""
        for manager in self.play.cast.managers:
            try:
                manager.submit(f"/brands/{brand_id}/reports/{report_id}/{act}", {})
            except CallRefused as refused:
                if refused.status == CONFLICT:  # As above: it is done.
                    return
                if refused.status != NOT_FOUND:
                    raise
            else:
                return

    def _person(self, brand: SyntheticBrand) -> SignedInPerson:
        return self.play.cast.brand_people[brand.brand.brand_id]

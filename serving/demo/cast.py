"""Who plays: founded through the service's own local commands, each with a fresh password."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from serving.accounts.rules.access import Role, Scope
from serving.demo.front import Front, Marketplace, SignedInPerson
from serving.rights.rules.rights import RightKind
from training.synthetic import PER_EURO, World

MARKETPLACE: Final = "Bazaar"
_ANALYSTS: Final = ("Ines Moreau", "Tomás Rey", "Aiko Tanaka")
_DATA_SCIENTISTS: Final = ("Wei Zhang", "Mara Lindqvist")
_ADMINISTRATOR: Final = "Nora Haddad"
_KEY_SCOPES: Final = [Scope.INTAKE, Scope.SCORE, Scope.CLOCK]

Call = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, ready to act. `brand_people` and `brand_ids` are by the brand's id in the synthetic world."""

    marketplace: Marketplace
    analysts: tuple[SignedInPerson, ...]
    brand_people: dict[str, SignedInPerson]
    managers: tuple[SignedInPerson, ...]
    data_scientists: tuple[SignedInPerson, ...]
    credentials: list[dict[str, str]]

    def busiest_first(self) -> list[dict[str, str]]:
        """The credentials, within each role those first who have most to decide."""
        waiting = {
            person.email: len(person.call("GET", "/api/v1/cases?most=500")["cases"])
            for person in (*self.analysts, *self.brand_people.values())
        }
        roles = [one["role"] for one in self.credentials]
        return sorted(self.credentials, key=lambda one: (roles.index(one["role"]), -waiting.get(one["user"], 0)))


def found(call: Call, front: Front, world: World, *, webhook_url: str, status_url: str, webhook_secret: str) -> Cast:
    """Found the marketplace, invite its people, enrol its brands, register its receiver."""
    call("add_marketplace", name=MARKETPLACE, base_currency="EUR")
    call("sell_in", territories=["EU"])
    credentials: list[dict[str, str]] = []

    def invite(name: str, role: Role, brand: str | None = None, host: str = "touchstone.example") -> SignedInPerson:
        email = f"{_address(name)}@{host}"
        of_brand = brand is not None
        invited = call(
            "add_person", email=email, name=name, role=role.value, brand=brand, briefed=of_brand, leads=of_brand
        )
        password = invited["password"]
        credentials.append({"role": role.value, "user": email, "password": password})
        return SignedInPerson(front, email, password)

    analysts = tuple(invite(name, Role.ANALYST) for name in _ANALYSTS)
    managers = {one.account_manager for one in world.brands}
    looking_after = {name: invite(name, Role.ACCOUNT_MANAGER) for name in sorted(managers)}
    data_scientists = tuple(invite(name, Role.DATA_SCIENTIST) for name in _DATA_SCIENTISTS)
    invite(_ADMINISTRATOR, Role.ADMIN)
    brand_people: dict[str, SignedInPerson] = {}
    for one in world.brands:
        brand = one.brand
        call("add_brand", name=brand.name, aliases=list(brand.aliases), gtin_prefixes=list(brand.gtin_prefixes))
        call(
            "enrol_brand",
            brand=brand.name,
            account_manager=looking_after[one.account_manager].email,
            takes_part=one.takes_part,
            first_phase=False,
            authorised_sellers=list(one.authorised),
        )
        for kind in RightKind:
            number = f"{brand.brand_id}-{kind}"
            right = {"kind": kind.value, "title": brand.name, "office": "invented", "number": number}
            right_id = call("add_right", brand=brand.name, territories=["EU"], **right)["right_id"]
            call("settle_right", right_id=right_id, state="verified")
        for tell in one.tells:
            call("add_tell_tale", brand=brand.name, label=tell.label, pattern=tell.pattern, direction="counterfeit")
        prices = [{"model": name, "price": str(price), "currency": "EUR"} for name, price in one.price_list.items()]
        call("load_price_list", brand=brand.name, rows=prices)
        if one.takes_part:
            host = f"{_address(brand.name)}.example"
            brand_people[brand.brand_id] = invite(f"{brand.name} brand protection", Role.BRAND, brand.name, host)
    rates = [
        {"day": f"{world.sent[0].at:%Y-%m-%d}", "currency": currency, "euros": 1 / per_euro, "source": "invented"}
        for currency, per_euro in PER_EURO.items()
        if currency != "EUR"
    ]
    call("load_rates", rows=rates)
    call("register_webhook", url=webhook_url, allow_loopback=True, secret=webhook_secret, status_url=status_url)
    key = call("add_key", name="demo marketplace", scopes=[scope.value for scope in _KEY_SCOPES])["key"]
    credentials.append({"role": "api_key", "user": MARKETPLACE, "password": key})
    return Cast(
        Marketplace(front, key), analysts, brand_people, tuple(looking_after.values()), data_scientists, credentials
    )


def _address(name: str) -> str:
    """A name as the local part of an address."""
    plain = name.lower().replace("á", "a").replace("&", "and")
    return "".join(c if c.isalnum() else "-" for c in plain).strip("-").replace("--", "-")

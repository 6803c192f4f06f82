"""The cast of the demo: provisioned as by the data directory's owner, each with a fresh password."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from features.indicators import Direction
from features.message import message
from serving.accounts.rules.access import LOCAL, Role, Scope
from serving.brands.rules.rights import RightKind, RightState
from serving.brands.service import indicators, rights_claims
from serving.brands.store import brands as registered_brands
from serving.commands import brands, kill_switches, people, webhooks
from serving.demo.front import Front, Marketplace, SignedInPerson
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.standing.rules.standing import Level
from serving.standing.service import give_level
from training.simulation.synthetic import PER_EURO, World

MARKETPLACE: Final = "Bazaar"
_ANALYSTS: Final = ("Ines Moreau", "Tomás Rey", "Aiko Tanaka")
_DATA_SCIENTISTS: Final = ("Wei Zhang", "Mara Lindqvist")
_ADMINISTRATOR: Final = "Nora Haddad"
_MADE_UP_AUDITS: Final = 59
_KEY_SCOPES: Final = [Scope.INTAKE, Scope.SCORE, Scope.CLOCK]


@dataclass(frozen=True, slots=True)
class Cast:
    """All accounts, ready to act. `brand_people` and `marks` use the brand's id in the synthetic world as key.

    `second_person` is another of the brand that is shown, who answers for its service account with the first. `marks`
    are the ids of the brands' trademarks, once `register_rights` has filed them.
    """

    marketplace: Marketplace
    analysts: tuple[SignedInPerson, ...]
    brand_people: dict[str, SignedInPerson]
    second_person: SignedInPerson
    managers: tuple[SignedInPerson, ...]
    data_scientists: tuple[SignedInPerson, ...]
    credentials: list[dict[str, str]]
    marks: dict[str, str] = field(default_factory=dict)


def create_cast(
    front: Front, world: World, shown: str, *, webhook_url: str, status_url: str, webhook_secret: str
) -> Cast:
    """Create the marketplace, invite its people, enrol its brands, register its receiver.

    The person of the brand `shown` comes before those of other brands.
    """
    people.add_marketplace(MARKETPLACE, "EUR")
    people.sell_in(["EU"])
    kill_switches.switch_off(AutomaticRule.RETRAINING, "The demo trains its two models at fixed moments.")
    credentials: list[dict[str, str]] = []

    def invite(name: str, role: Role, brand: str | None = None, host: str = "touchstone.example") -> SignedInPerson:
        email = f"{_email_part(name)}@{host}"
        of_brand = brand is not None
        text = people.add_person(email, name, role.value, brand, certified=of_brand, leads=of_brand)
        password = text.split()[1]
        credentials.append({"role": role.value, "user": email, "password": password})
        return SignedInPerson(front, email, password)

    analysts = tuple(invite(name, Role.ANALYST) for name in _ANALYSTS)
    managers = {synthetic_brand.account_manager for synthetic_brand in world.brands}
    looking_after = {name: invite(name, Role.ACCOUNT_MANAGER) for name in sorted(managers)}
    data_scientists = tuple(invite(name, Role.DATA_SCIENTIST) for name in _DATA_SCIENTISTS)
    invite(_ADMINISTRATOR, Role.ADMIN)
    brand_people: dict[str, SignedInPerson] = {}
    for synthetic_brand in sorted(world.brands, key=lambda synthetic_brand: synthetic_brand.brand.brand_id != shown):
        brand = synthetic_brand.brand
        brands.add_brand(brand.name, list(brand.aliases), list(brand.gtin_prefixes))
        brands.enrol_brand(
            brand.name,
            account_manager=looking_after[synthetic_brand.account_manager].email,
            takes_part=synthetic_brand.takes_part,
            authorise=list(synthetic_brand.authorised),
        )
        prices = [
            {"model": name, "price": str(price), "currency": "EUR"}
            for name, price in synthetic_brand.price_list.items()
        ]
        brands.load_price_list(brand.name, prices)
        if synthetic_brand.takes_part:
            host = f"{_email_part(brand.name)}.example"
            brand_people[brand.brand_id] = invite(f"{brand.name} brand protection", Role.BRAND, brand.name, host)
            if brand.brand_id == shown:
                second_person = invite(f"{brand.name} legal", Role.BRAND, brand.name, host)
    rates = [
        {"day": f"{world.sent[0].at:%Y-%m-%d}", "currency": currency, "euros": 1 / per_euro, "source": "invented"}
        for currency, per_euro in PER_EURO.items()
        if currency != "EUR"
    ]
    brands.load_rates(rates)
    webhooks.register_webhook(webhook_url, allow_loopback=True, secret=webhook_secret, status_url=status_url)
    key = people.add_key("demo marketplace", [scope.value for scope in _KEY_SCOPES])
    credentials.append({"role": "api_key", "user": MARKETPLACE, "password": key})
    return Cast(
        Marketplace(front, key),
        analysts,
        brand_people,
        second_person,
        tuple(looking_after.values()),
        data_scientists,
        credentials,
    )


def make_up_standings(runtime: Runtime, names: Sequence[str], at: datetime) -> None:
    """Give brands the standing that an audited year earns; the reason says that the year is made up."""
    made_up = message("standing.made_up", n=_MADE_UP_AUDITS)
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, MARKETPLACE).marketplace_id
        for name in names:
            pair = marketplace_id, registered_brands.by_name(connection, name).brand_id
            give_level(runtime, connection, pair, Level.SIGNED_VOLUME, made_up, at)


def register_rights(runtime: Runtime, world: World) -> dict[str, str]:
    """File and verify each brand's rights and add its indicators; returns the ids of the trademarks by brand."""
    marks: dict[str, str] = {}
    for brand in world.brands:
        name = brand.brand.name
        for kind in RightKind:
            right = rights_claims.NewRight(name, kind, name, "invented", f"{brand.brand.brand_id}-{kind}", ("EU",))
            right_id = rights_claims.claim_right(runtime, right, by=LOCAL)
            rights_claims.settle_rights(
                runtime, rights_claims.owner_of(runtime, right_id), [right_id], RightState.VERIFIED, by=LOCAL
            )
            if kind is RightKind.MARK:
                marks[brand.brand.brand_id] = right_id
        for tell in brand.tells:
            indicator = indicators.NewIndicator(name, tell.label, tell.pattern, Direction.COUNTERFEIT)
            indicators.add_indicator(runtime, indicator, by=LOCAL)
    return marks


def _email_part(name: str) -> str:
    plain = name.lower().replace("á", "a").replace("&", "and")
    return "".join(c if c.isalnum() else "-" for c in plain).strip("-").replace("--", "-")

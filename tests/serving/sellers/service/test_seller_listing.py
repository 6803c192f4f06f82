from dataclasses import replace
from typing import Any

import pytest

from models.errors import Forbidden, Invalid, NotFound
from models.messages.english import in_english
from models.routing import Lane
from models.seller_lists import SellerList
from serving.accounts.rules.access import Grant, Person, Role
from serving.audit.store import audit
from serving.intake.service.intake import RowAnswer, receive
from serving.sellers.service.seller_listing import check_lister, put_on_list, take_off_list
from tests.fixtures.runtimes import Site, a_row, a_suspect_row
from tests.serving.intake.service.test_intake import reason_of
from tests.serving.sellers.service.test_contacts import a_contact, tell

WHY = "A police file."


def put(site: Site, seller: str, which: SellerList, days: int | None = None) -> None:
    put_on_list(site.runtime, site.here, seller, which, reason=WHY, days=days, by="Ana")


def comes_in(site: Site, seller: str, *, suspect: bool = False, **changes: Any) -> RowAnswer:
    """Receive a listing that no draw picks; an ordinary one unless `suspect`."""
    site.clock.forward(seconds=1)
    row = (a_suspect_row if suspect else a_row)(
        **{"external_id": "MP-20", "seller": {"external_id": seller}, **changes}
    )
    (answer,) = receive(replace(site.runtime, draw=lambda: 1.0), site.marketplace, [row], source="test")
    return answer


@pytest.mark.parametrize("which", [SellerList.WATCH, SellerList.DENY])
def test_listings_of_a_seller_on_the_list_go_to_an_analyst_who_is_told_why(any_site: Site, which: SellerList) -> None:
    assert comes_in(any_site, "s-7").lane is Lane.NO_ACTION
    put(any_site, "s-7", which)
    assert comes_in(any_site, "s-7", external_id="MP-21").lane is Lane.ANALYST
    told = reason_of(any_site)
    assert (told.code, told.parameters["reason"]) == (f"seller_list.{which.value}", WHY)
    assert comes_in(any_site, "s-8", external_id="MP-22").lane is Lane.NO_ACTION


def test_listings_of_a_seller_linked_with_a_denied_one_go_to_an_analyst_with_the_path(any_site: Site) -> None:
    tell(any_site, a_contact("s-7"), a_contact("fresh"))
    put(any_site, "s-7", SellerList.DENY)
    assert comes_in(any_site, "fresh").lane is Lane.ANALYST
    assert in_english(reason_of(any_site)).startswith(
        "Linked to a seller on the deny list: same telephone number as s-7 (until "
    )


def test_no_score_accuses_an_allowed_seller(any_site: Site) -> None:
    assert comes_in(any_site, "s-7", suspect=True).lane is Lane.ANALYST
    put(any_site, "s-8", SellerList.ALLOW)
    assert comes_in(any_site, "s-8", suspect=True, external_id="MP-21", title="Aurelle 1:1").lane is Lane.NO_ACTION


def test_an_entry_ends_after_its_days_or_on_removal(any_site: Site) -> None:
    put(any_site, "s-7", SellerList.WATCH, days=2)
    put(any_site, "s-8", SellerList.WATCH)
    take_off_list(any_site.runtime, any_site.here, "s-8", by="Ana")
    assert comes_in(any_site, "s-8", external_id="MP-21").lane is Lane.NO_ACTION
    any_site.clock.forward(days=2)
    assert comes_in(any_site, "s-7", external_id="MP-22").lane is Lane.NO_ACTION
    with pytest.raises(NotFound, match="on no list"):
        take_off_list(any_site.runtime, any_site.here, "s-8", by="Ana")


def test_a_seller_is_on_one_list_and_the_later_entry_applies(any_site: Site) -> None:
    put(any_site, "s-7", SellerList.WATCH)
    put(any_site, "s-7", SellerList.ALLOW)
    assert comes_in(any_site, "s-7").lane is Lane.NO_ACTION
    assert any_site.read(audit.check)[1] is None


BAD = [
    ({"seller": " "}, "Name the seller"),
    ({"seller": "x" * 201}, "Name the seller"),
    ({"reason": " "}, "Give a reason"),
    ({"days": 0}, "lasts from 1 to 1,095 days"),
    ({"days": 1_096}, "lasts from 1 to 1,095 days"),
]


@pytest.mark.parametrize(("changes", "sentence"), BAD)
def test_a_bad_entry_is_refused(site: Site, changes: dict[str, Any], sentence: str) -> None:
    found = {"seller": "s-7", "reason": WHY, "days": 30, **changes}
    with pytest.raises(Invalid, match=sentence):
        put_on_list(site.runtime, site.here, found.pop("seller"), SellerList.DENY, by="Ana", **found)


MAY = [
    (Role.ANALYST, SellerList.DENY, True),
    (Role.ANALYST, SellerList.WATCH, True),
    (Role.ANALYST, SellerList.ALLOW, False),
    (Role.ADMIN, SellerList.ALLOW, True),
    (Role.ADMIN, SellerList.DENY, True),
    (Role.ACCOUNT_MANAGER, SellerList.DENY, False),
]


@pytest.mark.parametrize(("role", "which", "may"), MAY)
def test_who_puts_sellers_on_a_list(role: Role, which: SellerList, may: bool) -> None:
    person = Person("usr_1", "Ana", "ana@x.example", (Grant(role, "mkt_1"),))
    if may:
        check_lister(person, "mkt_1", which)
    else:
        with pytest.raises(Forbidden):
            check_lister(person, "mkt_1", which)
    with pytest.raises(Forbidden):
        check_lister(person, "mkt_2", which)

"""A brand's list of authorised sellers: additions, removals, ends; the list of a past moment stays known."""

from datetime import timedelta

import pytest

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.audit.store import audit
from serving.brands.policy import DEFAULT_AUTHORISATION
from serving.brands.rules.authorisation import sellers_needing_check
from serving.brands.service import authorised_sellers
from serving.brands.service.authorised_sellers import (
    Change,
    change_list,
    decide_requests,
    parse_sellers,
    preview_change,
    remove_seller,
)
from serving.brands.store.authorised_sellers import authorise, list_entries, open_requests
from serving.listings.service.intake import receive_rows
from tests.fixtures.recompute import recompute
from tests.fixtures.runtimes import Site, a_row, having
from tests.fixtures.strikes import SELLER, strikes_of
from tests.serving.listings.service.test_seller_histories import latest_facts


def pair_of(site: Site) -> tuple[str, str]:
    return site.marketplace_id, site.brand_id


def on_list(site: Site) -> list[str]:
    return [
        seller_entry.seller
        for seller_entry in site.read(list_entries, pair_of(site))
        if seller_entry.authorisation.holds(site.clock.now())
    ]


def test_a_seller_is_trusted_from_when_it_is_put_on_the_list_until_it_is_taken_off(any_site: Site) -> None:
    seller = {"external_id": "shop-1"}

    def is_trusted(external_id: str) -> bool:
        any_site.clock.forward(seconds=1)
        receive_rows(
            any_site.runtime, any_site.marketplace, [a_row(external_id=external_id, seller=seller)], source="test"
        )
        return latest_facts(any_site, external_id).seller.authorised

    assert not is_trusted("before")
    any_site.clock.forward(seconds=1)
    change_list(any_site.runtime, pair_of(any_site), ["shop-1"], by="test")
    assert is_trusted("on the list")
    any_site.clock.forward(seconds=1)
    remove_seller(any_site.runtime, pair_of(any_site), "shop-1", by="test")
    assert not is_trusted("off the list")
    any_site.clock.forward(seconds=1)
    change_list(any_site.runtime, pair_of(any_site), ["shop-1"], by="test")
    assert is_trusted("on it again")
    with any_site.runtime.store.read() as connection:
        scores = list(recompute(connection, any_site.marketplace_id))
    assert [score.recorded.listing.external_id for score in scores if score.recorded != score.again] == []


def test_a_list_with_a_last_day_ends_by_itself(site: Site) -> None:
    until = site.clock.now() + timedelta(days=3)
    change_list(site.runtime, pair_of(site), ["shop-1"], until=until, by="test")
    assert on_list(site) == ["maison-brandt", "shop-1"]
    site.clock.forward(days=3)
    assert on_list(site) == ["maison-brandt"]


def test_another_last_day_takes_the_place_of_the_one_before(site: Site) -> None:
    until = site.clock.now() + timedelta(days=3)
    change_list(site.runtime, pair_of(site), ["shop-1"], until=until, by="test")
    site.clock.forward(hours=1)
    assert change_list(site.runtime, pair_of(site), ["shop-1"], by="test").added == ("shop-1",)
    site.clock.forward(days=4)
    assert on_list(site) == ["maison-brandt", "shop-1"]


def test_a_whole_list_takes_all_others_off(any_site: Site) -> None:
    any_site.clock.forward(hours=1)
    planned = any_site.read(
        preview_change, pair_of(any_site), ["shop-2", "shop-1"], any_site.clock.now(), until=None, whole=True
    )
    assert planned == Change(("shop-2", "shop-1"), ("maison-brandt",), (), ())
    assert change_list(any_site.runtime, pair_of(any_site), ["shop-2", "shop-1"], whole=True, by="test") == planned
    assert on_list(any_site) == ["shop-1", "shop-2"]


def test_what_cannot_be_is_refused_and_nothing_changes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid):
        change_list(site.runtime, pair_of(site), [], whole=True, by="test")
    with pytest.raises(Invalid):
        change_list(site.runtime, pair_of(site), ["shop-1"], until=site.clock.now(), by="test")
    with pytest.raises(Invalid):
        remove_seller(site.runtime, pair_of(site), "nobody", by="test")
    monkeypatch.setattr(authorised_sellers, "MOST", 1)
    with pytest.raises(Conflict):
        change_list(site.runtime, pair_of(site), ["shop-1"], by="test")
    assert on_list(site) == ["maison-brandt"]
    monkeypatch.setattr(authorised_sellers, "MOST", 2)
    change_list(site.runtime, pair_of(site), ["shop-1"], by="test")
    assert on_list(site) == ["maison-brandt", "shop-1"]


class CountedId(str):
    """An id that counts its lookups."""

    looked_up = 0

    def __hash__(self) -> int:
        CountedId.looked_up += 1
        return super().__hash__()

    __slots__ = ()


def test_a_list_is_compared_with_the_one_before_once_and_not_once_a_seller(site: Site) -> None:
    """An earlier version blocked all other decisions for twelve seconds with twenty thousand unchanged sellers."""
    names = [f"shop-{i}" for i in range(200)]
    site.write(
        authorise, marketplace_id=site.marketplace_id, brand_id=site.brand_id, sellers=names, at=site.clock.now()
    )
    sellers = [CountedId(f"shop-{i}") for i in range(200)]
    assert len(site.read(preview_change, pair_of(site), sellers, site.clock.now(), until=None, whole=True).stays) == 200
    assert CountedId.looked_up < 10 * len(sellers)


def test_more_sellers_than_a_list_may_have_are_refused_before_they_are_compared(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorised_sellers, "MOST", 2)
    assert parse_sellers("a\nb\na\nb\n") == (["a", "b"], ())
    for text in ("a\nb\nc\n", "\u200b\n" * 3, "a\n\u200b\nb\n"):
        with pytest.raises(Invalid, match="at most"):
            parse_sellers(text)
    monkeypatch.setattr(site.runtime.store, "write", None)
    with pytest.raises(Conflict, match="at most"):
        change_list(site.runtime, pair_of(site), ["a", "b", "c"], by="test")


@pytest.mark.parametrize(
    ("text", "names", "refused"),
    [
        ("shop-1\nshop-2\nshop-1\n", ["shop-1", "shop-2"], []),
        ("\ufeffSeller ID;Name\r\nshop-1;Shop, Lyon\r\n", ["shop-1"], []),
        ('"shop 1"\tx\n\n', ["shop 1"], []),
        (f"{'x' * 201}\nok\n", ["ok"], [1]),
        ("a\u200bb\nok\n", ["ok"], [1]),
        ("магазин-1\n", ["магазин-1"], []),
        ("", [], []),
    ],
)
def test_ids_are_read_one_a_line(text: str, names: list[str], refused: list[int]) -> None:
    seller_ids, lines = parse_sellers(text)
    assert (seller_ids, [line for line, _ in lines]) == (names, refused)


def test_a_seller_of_the_brand_s_counterfeits_waits_for_its_account_manager(site: Site) -> None:
    having(site, strikes_of, 1)
    change = change_list(site.runtime, pair_of(site), [SELLER, "shop-1"], by="user:lead")
    assert (change.added, change.waiting, on_list(site)) == (("shop-1",), (SELLER,), ["maison-brandt", "shop-1"])
    change_list(site.runtime, pair_of(site), [SELLER], by="user:lead")
    (request,) = site.read(open_requests, pair_of(site))
    with pytest.raises(NotFound):
        decide_requests(site.runtime, site.analyst, pair_of(site), [request.request_id], accept=True)
    with pytest.raises(Invalid, match="Choose"):
        decide_requests(site.runtime, site.account_manager, pair_of(site), ["asr_of_another_brand"], accept=True)
    decide_requests(site.runtime, site.account_manager, pair_of(site), [request.request_id], accept=True)
    assert on_list(site) == [SELLER, "maison-brandt", "shop-1"]
    remove_seller(site.runtime, pair_of(site), "shop-1", by="user:lead")
    changes = site.read(audit.entries_of, "authorised_sellers.changed")
    assert [tuple(change.payload[part] for part in ("added", "ended", "waiting")) for change in changes[-4:]] == [
        *((["shop-1"], [], [SELLER]), ([], [], [SELLER]), ([SELLER], [], []), ([], ["shop-1"], []))
    ]


def test_nobody_gives_their_own_entry_the_check(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorised_sellers, "sellers_needing_check", lambda sellers, *_: tuple(sellers))
    manager = site.account_manager
    for seller, by in (("shop-1", manager.actor), ("shop-2", "user:lead")):
        change_list(site.runtime, pair_of(site), [seller], by=by)
    named = [request.request_id for request in site.read(open_requests, pair_of(site))]
    with pytest.raises(Forbidden, match="Somebody else"):
        decide_requests(site.runtime, manager, pair_of(site), named, accept=True)


@pytest.mark.parametrize(
    ("sellers", "struck", "today", "waiting", "why"),
    [
        (["a", "b"], [], 0, (), "a new shop or two"),
        (["a", "b"], ["b"], 0, ("b",), "it sold counterfeits of the brand"),
        (["a", "b", "c"], [], 49, ("b", "c"), "a day's entries are used up"),
        (["a"], [], 55, ("a",), "they were used up before"),
        (["a", "b"], ["a"], 49, ("a",), "one that waits uses nothing up"),
    ],
)
def test_entries_that_need_a_check(
    sellers: list[str], struck: list[str], today: int, waiting: tuple[str, ...], why: str
) -> None:
    assert sellers_needing_check(sellers, struck, today, DEFAULT_AUTHORISATION) == waiting, why


def test_a_long_list_is_not_compared_seller_by_seller_with_those_that_wait(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers = [CountedId(f"new-{number}") for number in range(300)]
    monkeypatch.setattr(CountedId, "looked_up", 0)
    change = change_list(site.runtime, pair_of(site), sellers, by="user:lead")
    assert (len(change.added), len(change.waiting)) == (49, 251), "one was authorised today already"
    assert CountedId.looked_up < 30 * len(sellers)

import pytest

from features.contacts import ContactKind
from features.links import LinkedSeller, Links, LinkStep
from features.message import Message, message
from models.messages.english import in_english
from models.policies.sellers import DEFAULT_SANCTIONS
from models.sanction_scope import linked_accounts

PAYOUT, PHONE = ContactKind.PAYOUT, ContactKind.PHONE


def a_link(*steps: tuple[ContactKind, str]) -> LinkedSeller:
    path = tuple(LinkStep(kind=kind, seller=seller) for kind, seller in steps)
    return LinkedSeller(path=path, counterfeit=0, genuine=0)


NEAR, SECOND = a_link((PAYOUT, "s-2")), a_link((PAYOUT, "s-2"), (PHONE, "s-3"))
FAR = a_link((PAYOUT, "s-2"), (PHONE, "s-3"), (PHONE, "s-4"))


def test_each_account_comes_with_its_path() -> None:
    accounts = linked_accounts(Links(contacts=1, sellers=(NEAR, SECOND)), set(), DEFAULT_SANCTIONS)
    assert [(account.seller, in_english(account.path), account.spared_because) for account in accounts] == [
        ("s-2", "same payout account as s-2", None),
        ("s-3", "same payout account as s-2, which has the same telephone number as s-3", None),
    ]


MANY = tuple(a_link((PAYOUT, f"s-{i}")) for i in range(11))
SPARED = [
    (Links(contacts=1, sellers=(FAR,)), set(), message("reach.far", n=2), "too far"),
    (Links(contacts=1, sellers=(NEAR,)), {"s-2"}, message("reach.trusted"), "vouched for"),
    (Links(contacts=1, sellers=MANY), set(), message("reach.crowded", n=10), "too many"),
    (Links(contacts=1, sellers=(NEAR,), more=True), set(), message("reach.crowded", n=10), "and more"),
]


@pytest.mark.parametrize(("links", "vouched", "because", "_why"), SPARED)
def test_an_account_is_spared_because(links: Links, vouched: set[str], because: Message, _why: str) -> None:
    accounts = linked_accounts(links, vouched, DEFAULT_SANCTIONS)
    assert [account.spared_because for account in accounts] == [because] * len(accounts)


def test_a_brand_vouches_for_nobody_behind_the_seller_that_it_authorised() -> None:
    (account,) = linked_accounts(Links(contacts=1, sellers=(SECOND,)), {"s-2"}, DEFAULT_SANCTIONS)
    assert (account.seller, account.spared_because) == ("s-3", None)


def test_ten_are_not_too_many() -> None:
    accounts = linked_accounts(Links(contacts=1, sellers=MANY[:10]), set(), DEFAULT_SANCTIONS)
    assert [account.spared_because for account in accounts] == [None] * 10

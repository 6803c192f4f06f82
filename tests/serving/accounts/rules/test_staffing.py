import itertools
from contextlib import nullcontext

import pytest

from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Permission, Person, Role, roles
from serving.accounts.rules.staffing import (
    GrantChange,
    check_deactivation,
    check_grant,
    check_own_roles,
    check_password_reset,
    check_reactivation,
    check_still_administered,
    grant_change,
)

HERE = frozenset({"mkt_a"})
ANALYST, ADMIN = Grant(Role.ANALYST, "mkt_a"), Grant(Role.ADMIN, "mkt_a")
BRAND = Grant(Role.BRAND, "mkt_a", "brd_1")
LEADS = Grant(Role.BRAND, "mkt_a", "brd_1", leads=True)
ELSEWHERE = Grant(Role.ANALYST, "mkt_b")


@pytest.mark.parametrize(
    ("grant", "refusal", "_why"),
    [
        (ANALYST, None, "a role in one's own marketplace"),
        (BRAND, None, "a brand's person with their brand"),
        (ELSEWHERE, Forbidden, "nobody grants what they do not administer"),
        (Grant(Role.BRAND, "mkt_a"), Invalid, "a brand's person without a brand"),
        (Grant(Role.ADMIN, "mkt_a", "brd_1"), Invalid, "an administrator of a brand"),
        (Grant(Role.BRAND, "mkt_b", "brd_1"), Forbidden, "a brand in another marketplace"),
    ],
)
def test_a_role_can_be_given_where_one_administers(grant: Grant, refusal: type[DomainError] | None, _why: str) -> None:
    if refusal is None:
        check_grant(grant, HERE)
        return
    with pytest.raises(refusal):
        check_grant(grant, HERE)


@pytest.mark.parametrize(
    ("before", "after", "change", "_why"),
    [
        ([ANALYST], [ANALYST], GrantChange((), ()), "nothing changes"),
        ([ANALYST], [ANALYST, ADMIN], GrantChange((ADMIN,), ()), "one more"),
        ([ANALYST, ADMIN], [ADMIN], GrantChange((), (ANALYST,)), "one less"),
        ([ANALYST, ELSEWHERE], [], GrantChange((), (ANALYST,)), "roles elsewhere stay"),
        ([LEADS], [BRAND], GrantChange((), ()), "who leads a brand goes on leading it"),
        ([ANALYST], [ADMIN, ADMIN], GrantChange((ADMIN,), (ANALYST,)), "twice the same is once"),
    ],
)
def test_roles_become_those_that_are_wanted(
    before: list[Grant], after: list[Grant], change: GrantChange, _why: str
) -> None:
    assert grant_change(before, after, HERE) == change


def test_nobody_is_left_without_any_role() -> None:
    with pytest.raises(Invalid, match="Deactivate"):
        grant_change([ANALYST], [], HERE)


def test_a_wanted_role_elsewhere_is_refused_though_the_others_are_not() -> None:
    with pytest.raises(Forbidden):
        grant_change([ANALYST], [ANALYST, ELSEWHERE], HERE)


@pytest.mark.parametrize(
    ("taken", "administrators", "refused", "_why"),
    [
        ([ADMIN], {"mkt_a": ["usr_1"]}, True, "the last one"),
        ([ADMIN], {}, True, "nobody at all is known"),
        ([ADMIN], {"mkt_a": ["usr_1", "usr_2"]}, False, "another one is left"),
        ([ANALYST], {"mkt_a": ["usr_1"]}, False, "it is another role"),
        ([ADMIN], {"mkt_a": ["usr_1"], "mkt_b": ["usr_2"]}, True, "an administrator of elsewhere helps nobody here"),
    ],
)
def test_the_last_administrator_stays_one(
    taken: list[Grant], administrators: dict[str, list[str]], refused: bool, _why: str
) -> None:
    if not refused:
        check_still_administered(taken, "usr_1", administrators)
        return
    with pytest.raises(Conflict, match="last administrator"):
        check_still_administered(taken, "usr_1", administrators)


def test_nobody_ends_their_own_account_nor_one_that_others_rely_on() -> None:
    check_deactivation([ANALYST], "usr_1", "usr_2", HERE)
    with pytest.raises(Conflict, match="yourself"):
        check_deactivation([ANALYST], "usr_1", "usr_1", HERE)
    with pytest.raises(Forbidden, match="not yours"):
        check_deactivation([ANALYST, ELSEWHERE], "usr_1", "usr_2", HERE)


def test_nobody_gives_themselves_a_role_and_may_give_one_up() -> None:
    check_own_roles([ADMIN], "usr_1", "usr_2")
    check_own_roles([], "usr_1", "usr_1")
    with pytest.raises(Forbidden, match="yourself"):
        check_own_roles([ADMIN], "usr_1", "usr_1")


def test_nobody_opens_an_account_again_that_works_elsewhere() -> None:
    check_reactivation([ANALYST, ADMIN], HERE)
    with pytest.raises(Forbidden, match="not yours"):
        check_reactivation([ANALYST, ELSEWHERE], HERE)


LED = frozenset({("mkt_a", "brd_1")})


@pytest.mark.parametrize(
    ("grants", "administered", "led", "refusal", "_why"),
    [
        ([ANALYST], HERE, (), None, "an administrator, for one of their people"),
        ([ADMIN], HERE, (), None, "for another administrator"),
        ([LEADS], HERE, (), None, "for who leads a brand"),
        ([ANALYST, ELSEWHERE], HERE, (), Forbidden, "for who works elsewhere too"),
        ([ANALYST, ELSEWHERE], frozenset({"mkt_a", "mkt_b"}), (), None, "where both are administered"),
        ([BRAND], (), LED, None, "who leads, for a colleague"),
        ([LEADS], (), LED, Forbidden, "who leads, for another who does"),
        ([ANALYST], (), LED, Forbidden, "who leads, for one of the staff"),
        ([BRAND, ANALYST], (), LED, Forbidden, "who leads, for a colleague with a role of the staff"),
        ([Grant(Role.BRAND, "mkt_a", "brd_2")], (), LED, Forbidden, "for another brand's"),
        ([Grant(Role.BRAND, "mkt_b", "brd_1")], (), LED, Forbidden, "for the brand's people elsewhere"),
        ([BRAND, Grant(Role.BRAND, "mkt_b", "brd_1")], HERE, LED, Forbidden, "one of two places"),
        ([Grant(Role.BRAND, "mkt_b", "brd_1"), ANALYST], HERE, {("mkt_b", "brd_1")}, None, "a say over each by itself"),
        ([Grant(Role.ANALYST, "mkt_a", "brd_1")], (), LED, Forbidden, "who leads, for staff of whatever brand"),
        ([BRAND], (), (), Forbidden, "who has no say at all"),
        ([], HERE, LED, NotFound, "for who has no role any more"),
    ],
)
def test_a_link_for_a_new_password_opens_no_more_than_its_maker_has_a_say_over(
    grants: list[Grant],
    administered: frozenset[str],
    led: frozenset[tuple[str, str]],
    refusal: type[DomainError] | None,
    _why: str,
) -> None:
    with nullcontext() if refusal is None else pytest.raises(refusal):
        check_password_reset(grants, "usr_1", "usr_2", administered=administered, led=led)


def test_nobody_makes_themselves_a_link_for_a_new_password() -> None:
    with pytest.raises(Conflict, match="in your settings"):
        check_password_reset([ADMIN], "usr_1", "usr_1", administered=HERE, led=())


R, P = Role, Permission
MAY = {
    R.ANALYST: {P.REVIEW_CASES, P.SEE_MODELS, P.SEE_OPERATIONS},
    R.BRAND: {P.ANSWER_QUESTIONS},
    R.ACCOUNT_MANAGER: {P.MANAGE_BRANDS},
    R.DATA_SCIENTIST: {P.SEE_MODELS, P.TRAIN_MODELS, P.PROMOTE_MODELS, P.SEE_OPERATIONS},
    R.ADMIN: {P.ADMINISTER, P.SEE_MODELS, P.PROMOTE_MODELS, P.FREEZE_GOLDEN_SETS, P.SEE_OPERATIONS},
}


def person(*grants: Grant) -> Person:
    return Person("usr_1", "Ines", "ines@touchstone.example", grants)


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(Role, Permission)))
def test_a_role_may(role: Role, permission: Permission) -> None:
    assert person(Grant(role, "mkt_a")).may(permission) is (permission in MAY[role])


def test_nobody_without_a_grant_may_do_anything() -> None:
    assert not any(person().may(permission) for permission in Permission)


def test_a_permission_holds_only_in_the_marketplaces_that_grant_it() -> None:
    user = person(Grant(R.ANALYST, "mkt_a"), Grant(R.BRAND, "mkt_b", "brn_aurelle"))
    assert user.marketplaces(P.REVIEW_CASES) == {"mkt_a"}


def test_a_brand_s_person_answers_for_that_brand_in_that_marketplace() -> None:
    brand_user = person(Grant(R.BRAND, "mkt_a", "brn_aurelle"), Grant(R.BRAND, "mkt_b", "brn_solenne"))
    assert brand_user.brands(P.ANSWER_QUESTIONS) == {("mkt_a", "brn_aurelle"), ("mkt_b", "brn_solenne")}


def test_a_grant_without_a_brand_answers_for_none() -> None:
    assert person(Grant(R.BRAND, "mkt_a")).brands(P.ANSWER_QUESTIONS) == frozenset()


def test_a_brand_in_a_grant_of_another_role_answers_for_none() -> None:
    assert person(Grant(R.ANALYST, "mkt_a", "brn_aurelle")).brands(P.ANSWER_QUESTIONS) == frozenset()


def test_roles_are_listed_once_in_their_order() -> None:
    grants = [Grant(R.ADMIN, "mkt_a"), Grant(R.ANALYST, "mkt_b"), Grant(R.ANALYST, "mkt_a")]
    assert roles(grants) == (R.ANALYST, R.ADMIN)


@pytest.mark.parametrize("role", list(Role))
def test_only_a_brand_s_person_who_is_let_leads_and_that_brand_alone(role: Role) -> None:
    brand_user = person(Grant(role, "mkt_a", "brn_aurelle", leads=True), Grant(R.BRAND, "mkt_a", "brn_solenne"))
    expected = {("mkt_a", "brn_aurelle")} if role is R.BRAND else set()
    assert brand_user.brands(P.LEAD_BRAND) == expected

import itertools

import pytest

from serving.accounts.rules.access import Grant, Permission, Person, Role, roles

R, P = Role, Permission
MAY = {
    R.ANALYST: {P.REVIEW_CASES, P.SEE_MODELS, P.SEE_OPERATIONS},
    R.BRAND: {P.ANSWER_QUESTIONS},
    R.ACCOUNT_MANAGER: {P.LOOK_AFTER_BRANDS},
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
    found = person(Grant(R.ANALYST, "mkt_a"), Grant(R.BRAND, "mkt_b", "brn_aurelle"))
    assert found.marketplaces(P.REVIEW_CASES) == {"mkt_a"}


def test_a_brand_s_person_answers_for_that_brand_in_that_marketplace() -> None:
    found = person(Grant(R.BRAND, "mkt_a", "brn_aurelle"), Grant(R.BRAND, "mkt_b", "brn_solenne"))
    assert found.brands(P.ANSWER_QUESTIONS) == {("mkt_a", "brn_aurelle"), ("mkt_b", "brn_solenne")}


def test_a_grant_without_a_brand_answers_for_none() -> None:
    assert person(Grant(R.BRAND, "mkt_a")).brands(P.ANSWER_QUESTIONS) == frozenset()


def test_a_brand_in_a_grant_of_another_role_answers_for_none() -> None:
    assert person(Grant(R.ANALYST, "mkt_a", "brn_aurelle")).brands(P.ANSWER_QUESTIONS) == frozenset()


def test_roles_are_listed_once_in_their_order() -> None:
    grants = [Grant(R.ADMIN, "mkt_a"), Grant(R.ANALYST, "mkt_b"), Grant(R.ANALYST, "mkt_a")]
    assert roles(grants) == (R.ANALYST, R.ADMIN)


@pytest.mark.parametrize("role", list(Role))
def test_only_a_brand_s_person_who_is_let_leads_and_that_brand_alone(role: Role) -> None:
    found = person(Grant(role, "mkt_a", "brn_aurelle", leads=True), Grant(R.BRAND, "mkt_a", "brn_solenne"))
    expected = {("mkt_a", "brn_aurelle")} if role is R.BRAND else set()
    assert found.brands(P.LEAD_BRAND) == expected

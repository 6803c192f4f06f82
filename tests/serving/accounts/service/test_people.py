"""Administrators grant roles, deactivate accounts and hand work over; no work is lost, and nobody is locked out."""

import pytest

from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Grant, Person, Role, Scope
from serving.accounts.service import auth, inviting, provisioning
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.passwords import change_password
from serving.accounts.service.people import change_grants, deactivate, hand_over, reactivate, staff, staff_member
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts, people
from serving.audit.store import audit
from serving.brands.store import account_managers, brands
from serving.cases.service.case_access import lease
from serving.cases.service.deferring import assign_cases
from serving.cases.store import cases
from serving.marketplaces.service import keys
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_second_review, invite, judge


@pytest.fixture
def admin(site: Site) -> Person:
    return invite(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


def acts(site: Site, user_id: str) -> list[str]:
    return [audit_entry.act for audit_entry in site.read(audit.of_subject, {site.marketplace_id}, user_id, 50)]


def lease_holder(site: Site, case_id: str) -> str | None:
    return site.read(cases.get, site.marketplace_id, case_id).leased_by


def person_elsewhere(site: Site) -> str:
    provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="USD", by="test")
    new = NewPerson("e@elsewhere.example", "Eva", Role.ANALYST, marketplace="Elsewhere", password=PASSWORD)
    return provisioning.add_person(site.runtime, new, by="test")[0]


def test_everybody_with_a_role_here_is_listed_and_nobody_else(site: Site, admin: Person) -> None:
    stranger = person_elsewhere(site)
    staff_page = staff(site.runtime, admin, words="", role=None, most=100)
    assert staff_page.number == len(staff_page.people) == 7
    assert stranger not in {person.user_id for person in staff_page.people}
    assert [person.name for person in staff(site.runtime, admin, words="MOREAU", role=None, most=9).people] == [
        "Ines Moreau"
    ]
    assert staff(site.runtime, admin, words="%", role=None, most=9).people == ()
    scientists = staff(site.runtime, admin, words="", role=Role.DATA_SCIENTIST, most=1)
    assert (len(scientists.people), scientists.number) == (1, 2)
    with pytest.raises(NotFound):
        staff_member(site.runtime, admin, stranger)


def test_roles_are_given_and_taken_and_hold_at_once(site: Site, admin: Person) -> None:
    runtime, person = site.runtime, site.analyst
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    grants = [Grant(Role.DATA_SCIENTIST, site.marketplace_id), Grant(Role.BRAND, site.marketplace_id, site.brand_id)]
    assert change_grants(runtime, admin, person.user_id, grants)
    session_grants = auth.session_of(runtime, token).person.grants
    assert {(grant.role, grant.brand_id) for grant in session_grants} == {
        (Role.DATA_SCIENTIST, None),
        (Role.BRAND, site.brand_id),
    }
    assert not change_grants(runtime, admin, person.user_id, grants)
    assert acts(site, person.user_id)[:3] == ["person.ungranted", "person.granted", "person.granted"]


def test_who_is_no_analyst_any_more_holds_no_case(site: Site, admin: Person) -> None:
    case = a_case(site)
    lease(site.runtime, site.analyst, case.case_id)
    change_grants(site.runtime, admin, site.analyst.user_id, [Grant(Role.DATA_SCIENTIST, site.marketplace_id)])
    assert lease_holder(site, case.case_id) is None


def test_an_account_manager_with_brands_hands_them_over_first(site: Site, admin: Person) -> None:
    with pytest.raises(Conflict, match="2 brands"):
        change_grants(site.runtime, admin, site.account_manager.user_id, [Grant(Role.ANALYST, site.marketplace_id)])


def test_the_last_administrator_is_not_locked_out(site: Site, admin: Person) -> None:
    runtime = site.runtime
    with pytest.raises(Conflict, match="last administrator"):
        change_grants(runtime, admin, admin.user_id, [Grant(Role.ANALYST, site.marketplace_id)])
    second = invite(runtime, "bo@touchstone.example", "Bo", Role.ADMIN)
    with pytest.raises(Conflict, match="yourself"):
        deactivate(runtime, admin, admin.user_id, successor=None)
    deactivate(runtime, second, admin.user_id, successor=None)
    with pytest.raises(Conflict, match="last administrator"):
        change_grants(runtime, second, second.user_id, [Grant(Role.ANALYST, site.marketplace_id)])


def test_nobody_grants_what_they_do_not_administer(site: Site, admin: Person) -> None:
    stranger = person_elsewhere(site)
    other = site.read(accounts.person, stranger).grants[0]
    with pytest.raises(Forbidden):
        change_grants(site.runtime, admin, site.analyst.user_id, [other])
    with pytest.raises(NotFound):
        change_grants(site.runtime, admin, stranger, [Grant(Role.ADMIN, site.marketplace_id)])
    with pytest.raises(NotFound):
        deactivate(site.runtime, admin, stranger, successor=None)


def test_who_also_works_elsewhere_is_not_deactivated_from_here(site: Site, admin: Person) -> None:
    stranger = person_elsewhere(site)
    with site.runtime.store.write() as connection:
        accounts.add_grants(connection, stranger, [Grant(Role.ANALYST, site.marketplace_id)], site.clock.now())
    with pytest.raises(Forbidden, match="not yours"):
        deactivate(site.runtime, admin, stranger, successor=None)


def test_who_is_deactivated_is_signed_out_and_their_cases_are_free(site: Site, admin: Person) -> None:
    runtime, person = site.runtime, site.analyst
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    first, second = (a_case(site, external_id=f"MP-{n}") for n in range(2))
    lease(runtime, person, first.case_id)
    assign_cases(runtime)
    done = deactivate(runtime, admin, person.user_id, successor=None)
    assert (done.handed_over, done.freed, done.sessions) == (0, 2, 1), "the leased and the assigned"
    assert lease_holder(site, first.case_id) is None
    with pytest.raises(NotSignedIn):
        auth.session_of(runtime, token)
    with pytest.raises(NotSignedIn):
        auth.sign_in(runtime, person.email, PASSWORD)
    with pytest.raises(Conflict, match="already"):
        deactivate(runtime, admin, person.user_id, successor=None)
    # No work goes to them any longer.
    auth.sign_in(runtime, site.second_analyst.email, PASSWORD)
    site.clock.forward(minutes=31)
    assert assign_cases(runtime) == 2
    assert second.case_id


def test_a_successor_gets_the_cases_but_none_that_they_judged(site: Site, admin: Person) -> None:
    runtime, judged = site.runtime, a_case(site)
    judge(site, site.second_analyst, judged, Judgement.GENUINE)
    site.clock.forward(days=30)  # Until it is a label.
    again, other = a_second_review(site, judged, label=0), a_case(site, external_id="MP-2")
    for case in (again, other):
        lease(runtime, site.analyst, case.case_id)
    done = deactivate(runtime, admin, site.analyst.user_id, successor=site.second_analyst.user_id)
    assert (done.handed_over, done.freed) == (1, 1)
    assert lease_holder(site, other.case_id) == site.second_analyst.user_id
    assert lease_holder(site, again.case_id) is None


def test_brands_need_somebody_who_follows(site: Site, admin: Person) -> None:
    runtime, manager = site.runtime, site.account_manager
    with pytest.raises(Conflict, match="manages 2 brands"):
        deactivate(runtime, admin, manager.user_id, successor=None)
    with pytest.raises(Invalid, match="no account manager"):
        deactivate(runtime, admin, manager.user_id, successor=site.analyst.user_id)
    follower = invite(runtime, "noor@touchstone.example", "Noor", Role.ACCOUNT_MANAGER)
    assert deactivate(runtime, admin, manager.user_id, successor=follower.user_id).brands == 2
    with runtime.store.read() as connection:
        enrolled = brands.enrolments(connection, site.marketplace_id)
    assert {enrolment.account_manager_id for enrolment in enrolled.values()} == {follower.user_id}


def test_who_comes_back_has_the_roles_they_had(site: Site, admin: Person) -> None:
    runtime, person = site.runtime, site.analyst
    deactivate(runtime, admin, person.user_id, successor=None)
    reactivate(runtime, admin, person.user_id)
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    assert auth.session_of(runtime, token).person.grants == person.grants
    with pytest.raises(Conflict):
        reactivate(runtime, admin, person.user_id)


def test_work_is_handed_over_while_both_stay(site: Site, admin: Person) -> None:
    runtime, case = site.runtime, a_case(site)
    lease(runtime, site.analyst, case.case_id)
    to = site.second_analyst
    assert hand_over(runtime, admin, site.analyst.user_id, to.user_id).handed_over == 1
    assert lease_holder(site, case.case_id) == to.user_id
    assert acts(site, site.analyst.user_id)[0] == "person.work_handed_over"
    with pytest.raises(Invalid, match="somebody else"):
        hand_over(runtime, admin, to.user_id, to.user_id)
    deactivate(runtime, admin, site.analyst.user_id, successor=None)
    with pytest.raises(Invalid, match="deactivated"):
        hand_over(runtime, admin, to.user_id, site.analyst.user_id)
    assert lease_holder(site, case.case_id) == to.user_id


def test_a_refusal_changes_nothing(site: Site, admin: Person) -> None:
    runtime, manager = site.runtime, site.account_manager
    with pytest.raises(Conflict):
        deactivate(runtime, admin, manager.user_id, successor=None)
    assert auth.sign_in(runtime, manager.email, PASSWORD)
    with runtime.store.read() as connection:
        assert len(account_managers.brands_of(connection, {site.marketplace_id}, manager.user_id)) == 2
    assert acts(site, manager.user_id) == ["person.added"]


def test_a_changed_password_ends_the_other_sessions_and_no_other(site: Site) -> None:
    runtime, person = site.runtime, site.analyst
    own_token, other_token = (auth.sign_in(runtime, person.email, PASSWORD).token for _ in range(2))
    colleague = auth.sign_in(runtime, site.second_analyst.email, PASSWORD).token
    for wrong in ("not this one", ""):
        with pytest.raises(Invalid, match="current password is wrong"):
            change_password(runtime, person, own_token, before=wrong, new_password="a better password")
    with pytest.raises(Invalid, match="the same as the current one"):
        change_password(runtime, person, own_token, before=PASSWORD, new_password=PASSWORD)
    with pytest.raises(Invalid, match="characters"):
        change_password(runtime, person, own_token, before=PASSWORD, new_password="short")
    assert auth.session_of(runtime, other_token)
    assert change_password(runtime, person, own_token, before=PASSWORD, new_password="a better password") == 1
    with pytest.raises(NotSignedIn):
        auth.session_of(runtime, other_token)
    assert auth.session_of(runtime, own_token)
    assert auth.session_of(runtime, colleague)
    with pytest.raises(NotSignedIn):
        auth.sign_in(runtime, person.email, PASSWORD)
    assert auth.sign_in(runtime, person.email, "a better password")


@pytest.mark.both_engines
def test_the_whole_of_it_holds_on_both_engines(any_site: Site) -> None:
    runtime, marketplace_id = any_site.runtime, any_site.marketplace_id
    admin = invite(runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    path = inviting.invite(runtime, admin, "nadia@touchstone.example", Grant(Role.ANALYST, marketplace_id))
    token = inviting.accept(runtime, path.removeprefix(inviting.PLACE), name="Nadia", password=PASSWORD).token
    nadia = auth.session_of(runtime, token).person
    assert change_grants(runtime, admin, nadia.user_id, [*nadia.grants, Grant(Role.DATA_SCIENTIST, marketplace_id)])
    lease(runtime, nadia, a_case(any_site).case_id)
    done = deactivate(runtime, admin, nadia.user_id, successor=any_site.analyst.user_id)
    assert (done.handed_over, done.freed, done.sessions) == (1, 0, 1)
    reactivate(runtime, admin, nadia.user_id)
    assert acts(any_site, nadia.user_id) == [
        "person.reactivated",
        "person.deactivated",
        "person.granted",
        "person.joined",
    ]
    key_id = provisioning.add_key(runtime, name="k", scopes=[Scope.INTAKE], marketplace=None, by="test").split(".")[1]
    assert keys.revoke(runtime, admin, key_id).name == "k"
    assert [key.revoked_at is None for key in keys.keys_of(runtime, admin)] == [True, False]
    assert staff(runtime, admin, words="nad", role=Role.ANALYST, most=5).number == 1


def test_nobody_gives_themselves_a_role(site: Site, admin: Person) -> None:
    grants = [Grant(Role.ADMIN, site.marketplace_id), Grant(Role.DATA_SCIENTIST, site.marketplace_id)]
    with pytest.raises(Forbidden, match="yourself"):
        change_grants(site.runtime, admin, admin.user_id, grants)
    other = invite(site.runtime, "bo@touchstone.example", "Bo", Role.ADMIN)
    assert change_grants(site.runtime, other, admin.user_id, grants)


def test_a_role_for_a_brand_that_takes_no_part_is_refused(site: Site, admin: Person) -> None:
    grants = [Grant(Role.BRAND, site.marketplace_id, "brd_nowhere")]
    with pytest.raises(Invalid, match="takes no part"):
        change_grants(site.runtime, admin, site.analyst.user_id, grants)


def test_who_also_works_elsewhere_is_not_opened_again_from_here(site: Site, admin: Person) -> None:
    runtime, stranger = site.runtime, person_elsewhere(site)
    with runtime.store.write() as connection:
        accounts.add_grants(connection, stranger, [Grant(Role.ANALYST, site.marketplace_id)], site.clock.now())
        people.disable(connection, stranger, site.clock.now())
    with pytest.raises(Forbidden, match="not yours"):
        reactivate(runtime, admin, stranger)


@pytest.mark.parametrize("how", ["deactivated", "no administrator any more"])
def test_the_links_of_who_leaves_lead_nowhere(site: Site, admin: Person, how: str) -> None:
    runtime = site.runtime
    second = invite(runtime, "bo@touchstone.example", "Bo", Role.ADMIN)
    path = inviting.invite(runtime, second, "spare@touchstone.example", Grant(Role.ADMIN, site.marketplace_id))
    if how == "deactivated":
        deactivate(runtime, admin, second.user_id, successor=None)
    else:
        change_grants(runtime, admin, second.user_id, [Grant(Role.ANALYST, site.marketplace_id)])
    with pytest.raises(NotFound):
        inviting.details_by_token(runtime, path.removeprefix(inviting.PLACE))


def test_a_successor_who_is_no_analyst_gets_no_case(site: Site, admin: Person) -> None:
    case = a_case(site)
    lease(site.runtime, site.analyst, case.case_id)
    done = hand_over(site.runtime, admin, site.analyst.user_id, site.account_manager.user_id)
    assert (done.handed_over, done.freed, lease_holder(site, case.case_id)) == (0, 1, None)

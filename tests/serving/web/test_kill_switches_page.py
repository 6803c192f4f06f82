from models.messages.english import in_english
from serving.accounts.rules.access import Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.marketplaces.rules import RULES, AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.marketplaces.store import kill_switches
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language
from serving.web.alarms import alarms_of
from tests.fixtures.reporting import action_states, confirm, questions
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.visits import an_administrator, visit_as, words

PATH = "/kill-switches"
RULE = AutomaticRule.BRAND_REMOVALS
ATTACK = "<script>alert(1)</script>"


def is_on(site: Site, rule: AutomaticRule = RULE) -> bool:
    return site.read(kill_switches.is_on, site.marketplace_id, rule)


def test_an_administrator_throws_a_switch_with_a_reason_and_reads_who_did_when_and_why(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    page = words(admin.get(PATH).text)
    assert all(in_english(rule.name) in page for rule in RULES.values())
    assert "On since the start." in page
    fields = {"to": "off", "marketplace_id": site.marketplace_id}
    assert admin.post(f"{PATH}/{RULE.value}", {**fields, "reason": " "}).status_code == 422
    assert is_on(site)
    done = admin.post(f"{PATH}/{RULE.value}", {**fields, "reason": f"Taken over. {ATTACK}"})
    assert done.headers["location"] == PATH
    assert not is_on(site)
    shown = admin.get(PATH).text
    assert "Rule switched off. This applies from the next request." in words(shown)
    assert "by Ada Roth: Taken over." in words(shown)
    assert in_english(RULES[RULE].off) in words(shown)
    assert ATTACK not in shown
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    assert action_states(site) == {"pending_approval": 1}
    site.clock.forward(minutes=5)
    admin.post(
        f"{PATH}/{RULE.value}", {"to": "on", "marketplace_id": site.marketplace_id, "reason": "Password changed."}
    )
    assert is_on(site)
    again = words(admin.get(PATH).text)
    assert "Switched on" in again
    assert "Taken over." in again  # The history stays.


def test_a_switch_that_is_thrown_already_or_that_there_is_not_is_refused(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    assert (
        admin.post(
            f"{PATH}/{RULE.value}", {"to": "on", "reason": "x", "marketplace_id": site.marketplace_id}
        ).status_code
        == 409
    )
    assert (
        admin.post(
            f"{PATH}/everything", {"to": "off", "reason": "x", "marketplace_id": site.marketplace_id}
        ).status_code
        == 404
    )
    assert admin.post(f"{PATH}/{RULE.value}", {"to": "maybe", "reason": "x"}).status_code == 422


def test_a_switch_of_another_marketplace_is_not_there(site: Site) -> None:
    ours = an_administrator(site)
    elsewhere = provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="USD", by="test")
    new = NewPerson("eva@elsewhere.example", "Eva Noll", Role.ADMIN, marketplace="Elsewhere", password=PASSWORD)
    provisioning.add_person(site.runtime, new, by="test")
    switch_rule(site.runtime, elsewhere, RULE, on=False, by="test", reason="A secret of theirs.")
    admin = visit_as(site, ours)
    assert "A secret of theirs." not in admin.get(PATH).text
    fields = {"to": "on", "reason": "x", "marketplace_id": elsewhere.marketplace_id}
    assert admin.post(f"{PATH}/{RULE.value}", fields).status_code == 404


def test_pending_removals_and_switches_are_found_by_those_who_may_see_them(site: Site) -> None:
    page_links = {
        person.name: [
            f'href="{path}"' in visit_as(site, person).get(start).text for path in ("/pending-removals", PATH)
        ]
        for person, start in (
            (site.analyst, "/queue"),
            (site.account_manager, "/brands"),
            (site.data_scientist, "/models"),
            (site.brand_person, "/brand"),
            (an_administrator(site), "/models"),
        )
    }
    assert list(page_links.values()) == [[True, False], [True, False], [False, False], [False, False], [True, True]]


def test_an_alarm_is_in_english_throughout_on_a_page_in_another_language(site: Site) -> None:
    switch_rule(site.runtime, site.marketplace, RULE, on=False, by="x", reason="Taken over.")
    site.clock.forward(days=3)
    with showing_as(Display(language=Language("de"))):
        (line,) = alarms_of(site.runtime, an_administrator(site)).sentences
    assert "since 2 Mar 09:00: " in line

"""A data directory in which every page has content, with questions for a brand and cases for an analyst."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import auth, inviting, provisioning, reset_links
from serving.accounts.service.proving import FactorResponse
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.service.second_factors import PLACE as CONFIRM
from serving.appeals.service.counter_notices import open_counter_notices, submit
from serving.appeals.service.seller_links import PLACE, new_link
from serving.cases.rules.bulk_verdicts import NamedCase
from serving.cases.service.bulk_verdicts import BulkAnswer, decide_all
from serving.cases.service.seller_evidence import upload_document
from serving.cases.store import verdicts
from serving.composition import open_runtime
from serving.learning.store import learning
from serving.listings.service.intake import receive_rows
from serving.listings.service.listing_files import store_sample
from serving.mail.rules.kinds import MailKind
from serving.mail.service.unsubscribing import unsubscribe_link
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.notices.service.notice_links import confirmation_link
from serving.operations.service.housekeeping import refresh_references
from serving.platform.settings import Settings
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.service import attaching
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.store import removal_notices
from serving.takedowns.store.actions import StoredAction
from serving.web.brand.questions import QUESTIONS
from tests.fixtures.clocks import TestClock
from tests.fixtures.factors import an_app, session_with_app, waiting_app
from tests.fixtures.links import path_of
from tests.fixtures.many_cases import suspect_rows
from tests.fixtures.notifying import a_listing, notify
from tests.fixtures.reporting import (
    a_draft,
    a_leader,
    a_marketplace_that_listens,
    confirm,
    on_sale,
    reinstate_on_appeal,
    removal_by_brand,
)
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_row, a_suspect_row, invite, judge, populate
from tests.fixtures.signing import a_tool
from tests.fixtures.stepping_up import in_full_standing, prove_second_factor, waiting_report
from tests.fixtures.strikes import strikes_of
from tests.fixtures.submitting import submit_report
from tests.serving.web.reports import a_whole_report, add_drift, add_model, add_snapshot

COLLEAGUE = "lin@aurelle.example"
_LASTS = timedelta(days=9)
_ASKED = 6
_TO_DECIDE = 30
_HOSTILE = "Au\u200bre11e Colline tote 1:1, lot {} <script>alert(1)</script>\u202e"
_INVOICE = b"%PDF-1.4\n% Invoice 1177 of 3 May, one bag.\n%%EOF\n"
_STATEMENT = "Bought as a lot from a closing shop in Lyon; invoice 1177 of 3 May is attached."


# Listings that nobody has reported yet, by number.
FREE_FROM, FREE = 100, 14


@dataclass(frozen=True, slots=True)
class House:
    """Its people, and the addresses that only it knows."""

    site: Site
    people: Mapping[Role, Person]
    addresses: Mapping[str, str]


def furnish(home: Path) -> House:
    """Strikes, removals in every state of a counter-notice, notices, questions, cases, pending removals and models."""
    clock = TestClock(datetime.now(UTC) - _LASTS)
    runtime = open_runtime(
        Settings(home=home, undo_window_seconds=180, random_delay_minutes=0, masked_score_share=0.0), clock=clock
    )
    try:
        site = populate(runtime, clock)
        site = replace(site, brand_person=a_leader(site))
        people = {
            Role.ANALYST: site.analyst,
            Role.BRAND: site.brand_person,
            Role.ACCOUNT_MANAGER: site.account_manager,
            Role.DATA_SCIENTIST: site.data_scientist,
            Role.ADMIN: invite(runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN),
        }
        with a_marketplace_that_listens(site):
            strikes_of(site, 2, seller="two-strikes")
            links = _answers_of_sellers(site)
        links |= {**_notice_links(site), "report-sent": _small_report(site)}
        _open_work(site)
        a_tool(site)
        links |= _bulk_decision(site)
        add_snapshot(site)
        links |= _compared_runs(site)
        add_drift(site, price_log=0.41, seller_age=0.3)
        store_sample(runtime, site.marketplace, by=people[Role.ADMIN].user_id)
        seat = Grant(Role.ANALYST, site.marketplace_id)
        links["join"] = inviting.invite(runtime, people[Role.ADMIN], "nadia@touchstone.example", seat)
        links["reset"] = reset_links.make_link(runtime, people[Role.ADMIN], site.second_analyst.user_id)
        unsubscribing = unsubscribe_link(runtime, site.brand_person.user_id, MailKind.QUESTIONS)
        links["unsubscribe"] = path_of(unsubscribing)
        links["stop-report"] = stop_path(runtime, site.account_manager.user_id, _confirmed_report(site))
        links["confirm-factor"] = f"{CONFIRM}{waiting_app(site, site.second_analyst)[1]}"
        with runtime.store.read() as connection:
            notices = removal_notices.unused_since(connection, site.clock.now() - timedelta(days=90))
        removal_notice = next(notice for notice in notices if notice.remover.brand_id == site.brand_id)
        links["stop-removals"] = stop_path(runtime, site.account_manager.user_id, removal_notice.notice_id)
        links["setup"] = f"/setup/{auth.new_setup_token(runtime)}"
    finally:
        runtime.close()
    return House(site, people, links)


def _answers_of_sellers(site: Site) -> dict[str, str]:
    """Removals that their sellers can answer, one that awaits the rights holder, and one that was undone."""
    title = "Сумка Аurеlle Colline люкс копия 1:1"
    undone, answered, journey, fresh = (
        removal_by_brand(site, f"MP-3{number}", title=f"{title}, {number}", seller={"external_id": f"sumka-{number}"})
        for number in range(4)
    )
    reinstate_on_appeal(site, undone)
    open_counter_notices(site.runtime)
    links = {
        name: path_of(new_link(site.runtime, site.marketplace_id, action.action_id))
        for name, action in (
            ("seller", fresh),
            ("seller-answered", answered),
            ("seller-journey", journey),
            ("seller-undone", undone),
        )
    }
    links["answered"] = f"{QUESTIONS}/{_evidence(site, undone)}"
    upload_document(site.runtime, links["seller-answered"].removeprefix(PLACE), "invoice 1177.pdf", _INVOICE)
    submit(site.runtime, site.marketplace_id, answered.action_id, _STATEMENT)
    return links


def _evidence(site: Site, removal: StoredAction) -> str:
    """The answered question of a removal that was undone, with a document; returns its case."""
    with site.runtime.store.read() as connection:
        case_id = verdicts.get(connection, site.marketplace_id, removal.verdict_id).case_id
    attaching.hand_in(site.runtime, site.brand_person, case_id, "laboratory.pdf", _INVOICE)
    return case_id


def _confirmed_report(site: Site) -> str:
    """A large report that a colleague confirmed with a second factor, which the other people of the house have not."""
    odile = invite(site.runtime, "odile@aurelle.example", "Odile Renard", Role.BRAND, "Aurelle")
    standing_site = in_full_standing(replace(site, brand_person=odile))
    at_once = replace(standing_site.runtime.policies[SecondFactorPolicy], counts_after_hours=0)
    standing_site = replace(
        standing_site,
        runtime=replace(standing_site.runtime, policies=standing_site.runtime.policies.changed(at_once)),
    )
    app, _ = an_app(standing_site, odile)
    report_id = waiting_report(standing_site, on_sale(standing_site, 21, 500))
    prove_second_factor(
        standing_site.runtime,
        session_with_app(standing_site, odile, app),
        report_id,
        FactorResponse(app.code(standing_site)),
    )
    return report_id


def _small_report(site: Site) -> str:
    on_sale(site, FREE, FREE_FROM)
    bought = TestBuyRecord("405-1177", date(2026, 1, 2), date(2026, 1, 9), "The serial number is printed.", "RP-1")
    draft = replace(a_draft(site, [*on_sale(site, 3), "RP-0", "RP-unknown"]), test_buy=bought)
    report_id = submit_report(site.runtime, site.brand_person, draft).report.report_id
    attaching.hand_in(site.runtime, site.brand_person, report_id, "invoice 405-1177.pdf", b"%PDF-1.7 invoice")
    return f"/brand/reports/{report_id}"


def _bulk_decision(site: Site) -> dict[str, str]:
    """A decision about two cases, one of them decided before, and two cases that can be decided now."""
    decided_cases, fresh = ([a_case(site, external_id=f"MP-{tens}{number}") for number in range(2)] for tens in (7, 8))
    judge(site, site.second_analyst, decided_cases[0], Judgement.GENUINE)
    items = tuple(NamedCase(case.case_id, case.version_id) for case in decided_cases)
    decision = BulkAnswer(site.runtime.ids.new("blk"), Judgement.GREY_MARKET, None, None, items)
    decide_all(site.runtime, site.analyst, decision)
    together = "&".join(f"case={case.case_id}" for case in [*decided_cases, *fresh])
    return {"bulk": f"/cases/bulk?{together}", "bulk-answer": f"/cases/bulk/{decision.bulk_id}"}


def _compared_runs(site: Site) -> dict[str, str]:
    """A model, and a challenger that was judged beside it."""
    add_model(site, "c" * 64, a_whole_report())
    site.clock.forward(seconds=1)
    add_model(site, "b" * 64, a_whole_report(champion="c" * 64, failing=True))
    jobs = site.read(learning.jobs, site.marketplace_id, 2)
    return {"models-runs-compare": "/models/runs/compare?" + "&".join(f"run={job.job_id}" for job in jobs)}


def _notice_links(site: Site) -> dict[str, str]:
    receipt = notify(site, a_listing(site, "MP-50"), a_listing(site, "MP-51"))
    return {
        "notice": path_of(receipt.link),
        "notice-confirmation": path_of(confirmation_link(site.runtime, site.marketplace_id, receipt.notice_id)),
    }


def _open_work(site: Site) -> None:
    honest = [a_row(external_id=f"MP-{100 + number}", price=f"{470 + 5 * number}.00") for number in range(9)]
    receive_rows(site.runtime, site.marketplace, honest, source="test")
    refresh_references(site.runtime)
    leased_case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-60")
    switch_one = partial(switch_rule, site.runtime, site.marketplace, by="test", reason="An account was taken over.")
    switch_one(AutomaticRule.BRAND_REMOVALS, on=False)
    confirm(site, site.brand_person, leased_case)
    switch_one(AutomaticRule.BRAND_REMOVALS, on=True)
    switch_one(AutomaticRule.UNANSWERED_QUESTIONS, on=False)
    for number in range(_ASKED):
        a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}", price=f"{80 + number}.00")
    for number in range(3):
        a_case(site, external_id=f"MP-{10 + number}", title=_HOSTILE.format(number), price=f"{300 - 100 * number}.00")
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(external_id="MP-10", price="250.00")], source="test")
    receive_rows(site.runtime, site.marketplace, suspect_rows(_TO_DECIDE, random.Random(0)), source="test")
    colleague = NewPerson(COLLEAGUE, "Lin Qiao", Role.BRAND, brand="Aurelle", password=PASSWORD, briefed=True)
    provisioning.add_person(site.runtime, colleague, by="test")

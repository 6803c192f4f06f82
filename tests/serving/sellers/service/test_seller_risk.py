"""Risks of sellers from real scores and verdicts: refreshed, stored, as of a moment, and without consequences."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from features.message import message
from models.errors import Forbidden, Invalid, NotFound
from models.messages.english import in_english
from models.policies.version import policy_version
from models.routing import Lane
from models.seller_lists import SellerList
from models.verdict import Judgement
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import provisioning
from serving.audit.store import audit
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.jobs.worker import sweep
from serving.listings.service.intake import RowAnswer, receive_rows
from serving.listings.service.precheck import precheck
from serving.listings.store import listings
from serving.listings.tables import score
from serving.sellers.policy import SellerRiskPolicy
from serving.sellers.rules.seller_risk import RiskState, SellerRisk
from serving.sellers.service.seller_listing import check_lister, put_on_list, take_off_list
from serving.sellers.service.seller_risk import (
    ranking_at,
    refresh_ranking,
    refresh_seller_risks,
    risk_of,
    riskiest_sellers,
)
from serving.sellers.store import seller_risks
from tests.fixtures.facts import a_listing
from tests.fixtures.runtimes import EVIDENCE, Site, a_row, a_suspect_row, judge, open_cases
from tests.serving.listings.service.test_intake import reason_of
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import an_appeal

# Two listings and two sellers are enough for a percentile.
SMALL = SellerRiskPolicy(fewest_listings=2, fewest_sellers=2)


def small_policy_site(site: Site) -> Site:
    """The site with a policy that compares sellers with few listings."""
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(SMALL)))


def site_with_model(site: Site) -> Site:
    """The `small` site with a champion, one second after it came into force."""
    put_champion_in_force(site)
    site.clock.forward(seconds=1)
    return small_policy_site(site)


def listing(site: Site, seller: str | None, *names: str, **changes: Any) -> None:
    """Receive listings of a seller, then move the clock one second."""
    rows = [a_row(external_id=name, seller=seller and {"external_id": seller}, **EVIDENCE, **changes) for name in names]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    site.clock.forward(seconds=1)


def find(site: Site, external_id: str, judgement: Judgement) -> Case:
    """Record an analyst's verdict on a listing that the champion sent to analysts."""
    listing_id = site.read(listings.id_of, site.marketplace_id, external_id)
    case = next(open_case for open_case in open_cases(site) if open_case.listing_id == listing_id)
    judge(site, site.analyst, case, judgement)
    site.clock.forward(seconds=1)
    return case


def risks(site: Site, as_of: datetime | None = None) -> dict[str, SellerRisk]:
    with site.runtime.store.read() as connection:
        policy = site.runtime.policies[SellerRiskPolicy]
        return dict(ranking_at(connection, site.marketplace_id, as_of or site.clock.now(), policy).risks)


def probabilities(site: Site) -> list[float | None]:
    """The probabilities of all scores, in chronological order."""
    with site.runtime.store.read() as connection:
        return list(connection.execute(select(score.c.probability).order_by(score.c.score_id)).scalars())


def test_expected_counterfeits_are_the_sum_of_the_models_probabilities(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2", price="70.00")
    listing(site, "bo", "B1")
    lines = [probability or 0.0 for probability in probabilities(site)]
    risks_by_seller = risks(site)
    assert risks_by_seller["ann"].expected == pytest.approx(lines[0] + lines[1])
    assert risks_by_seller["bo"].expected == pytest.approx(lines[2])
    assert [risks_by_seller[name].state for name in ("ann", "bo")] == [RiskState.RANKED, RiskState.TOO_FEW_LISTINGS]


@pytest.mark.both_engines
def test_a_listing_counts_once_by_its_last_score_and_for_the_seller_of_that_version(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2")
    listing(site, "ann", "A1", price="12.00")
    listing(site, "bo", "A2")
    lines = [probability or 0.0 for probability in probabilities(site)]
    risks_by_seller = risks(site)
    assert (risks_by_seller["ann"].listings, risks_by_seller["bo"].listings) == (1, 1)
    assert risks_by_seller["ann"].expected == pytest.approx(lines[2])
    assert risks_by_seller["bo"].expected == pytest.approx(lines[3])


def test_findings_replace_probabilities_and_an_upheld_appeal_clears(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2", "A3")
    find(site, "A1", Judgement.GENUINE)
    risk = risks(site)["ann"]
    assert (risk.confirmed, risk.cleared) == (0, 1)
    appealed = an_appeal(site)
    site.clock.forward(seconds=1)
    seller = "lumo-trade-88"
    assert risks(site)[seller].confirmed == 1
    judge(site, site.second_analyst, appealed, Judgement.GENUINE)
    site.clock.forward(seconds=1)
    risk = risks(site)[seller]
    assert (risk.confirmed, risk.cleared, risk.expected) == (0, 1, 0.0)


def test_data_of_the_moment_or_later_does_not_count(any_site: Site) -> None:
    """A score, a verdict, and the later withdrawal of a verdict."""
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2")
    before = site.clock.now()
    listing(site, "ann", "A3")
    assert [risks(site, at)["ann"].listings for at in (before, before + timedelta(microseconds=1))] == [2, 3]
    judged = site.clock.now()
    case = find(site, "A1", Judgement.GENUINE)
    assert [risks(site, at)["ann"].cleared for at in (judged, site.clock.now())] == [0, 1]
    undone = site.clock.now()
    undo_verdict(site.runtime, site.analyst, case.case_id)
    site.clock.forward(seconds=1)
    assert [risks(site, at)["ann"].cleared for at in (undone, site.clock.now())] == [1, 0]


def test_a_listing_leaves_the_window_with_its_last_score(any_site: Site) -> None:
    site = site_with_model(any_site)
    scored = site.clock.now()
    listing(site, "ann", "A1")
    last = scored + timedelta(days=SMALL.window_days)
    assert list(risks(site, last)) == ["ann"]
    assert list(risks(site, last + timedelta(microseconds=1))) == []


def test_listings_with_points_alone_are_left_out_and_counted_apart(any_site: Site) -> None:
    site = small_policy_site(any_site)
    listing(site, "ann", "A1", "A2")
    risk = risks(site)["ann"]
    assert (risk.state, risk.listings, risk.left_out, risk.percentile) == (RiskState.NO_MODEL, 0, 2, None)


def test_a_listing_without_a_seller_is_left_out(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, None, "X1")
    assert risks(site) == {}


def test_another_marketplace_is_not_compared(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1")
    other = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    receive_rows(site.runtime, other, [a_row(external_id="S1", seller={"external_id": "stranger"})], source="test")
    site.clock.forward(seconds=1)
    assert list(risks(site)) == ["ann"]
    assert list(site.read(ranking_at, other.marketplace_id, site.clock.now(), SMALL).risks) == ["stranger"]


def test_a_ranking_is_stored_with_its_moment_window_and_policy(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2")
    listing(site, "bo", "B1", "B2", price="12.00")
    assert refresh_ranking(site.runtime, site.marketplace)
    with site.runtime.store.read() as connection:
        stored_ranking = seller_risks.ranking_header(connection, site.marketplace_id)
        risks_by_seller = {
            name: seller_risks.of_seller(connection, site.marketplace_id, name) for name in ("ann", "bo")
        }
    assert stored_ranking is not None
    assert (stored_ranking.as_of, stored_ranking.window_days, stored_ranking.sellers) == (site.clock.now(), 30, 2)
    assert stored_ranking.policy_version == policy_version(SMALL)
    assert risks_by_seller == risks(site)


def test_refreshing_twice_changes_nothing_and_a_later_ranking_replaces_the_earlier(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2")
    listing(site, "bo", "B1", "B2")
    assert [refresh_ranking(site.runtime, site.marketplace) for _ in range(2)] == [True, False]
    site.clock.forward(days=29)
    listing(site, "bo", "B1", "B2", price="12.00")
    site.clock.forward(days=2)
    assert refresh_ranking(site.runtime, site.marketplace)
    with site.runtime.store.read() as connection:
        assert seller_risks.of_seller(connection, site.marketplace_id, "ann") is None
        assert [name for name, _ in seller_risks.riskiest_sellers(connection, site.marketplace_id, 9)] == []
        assert risk_of(site.runtime, connection, site.marketplace_id, "ann").reasons == (
            message("risk.not_scored", days=30),
        )


def test_an_earlier_ranking_never_replaces_a_later_one(any_site: Site) -> None:
    """Of two concurrent refreshes the later moment stays, in either order."""
    site = site_with_model(any_site)
    listing(site, "ann", "A1")
    refresh_ranking(site.runtime, site.marketplace)
    with site.runtime.store.write() as connection:
        stored_ranking = seller_risks.ranking_header(connection, site.marketplace_id)
        assert stored_ranking is not None
        earlier = replace(stored_ranking, as_of=stored_ranking.as_of - timedelta(seconds=1))
        ranking = ranking_at(connection, site.marketplace_id, earlier.as_of, SMALL)
        assert not seller_risks.save_ranking(connection, site.marketplace_id, ranking, earlier)
        assert seller_risks.ranking_header(connection, site.marketplace_id) == stored_ranking


def test_the_sweep_compares_sellers_every_six_hours_once_a_model_scores(any_site: Site) -> None:
    site = small_policy_site(any_site)
    listing(site, "ann", "A1")
    assert sweep(site.runtime)["seller_risks"] == 0
    put_champion_in_force(site)
    assert [sweep(site.runtime)["seller_risks"], refresh_seller_risks(site.runtime)] == [1, 0]
    site.clock.forward(hours=5.99)
    assert refresh_seller_risks(site.runtime) == 0
    site.clock.forward(hours=0.01)
    assert refresh_seller_risks(site.runtime) == 1


def test_a_risk_has_no_effect_on_scores_and_routes(any_site: Site) -> None:
    """The same listing at the same moment gets the same score and route for any stored risk of its seller."""
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2")
    listing(site, "bo", "B1", "B2")
    new_listing = a_listing(external_id="A3", seller={"external_id": "ann"})
    before = precheck(site.runtime, site.marketplace, new_listing)
    refresh_ranking(site.runtime, site.marketplace)
    with site.runtime.store.write() as connection:
        stored_ranking = seller_risks.ranking_header(connection, site.marketplace_id)
        assert stored_ranking is not None
        ranking = ranking_at(connection, site.marketplace_id, site.clock.now(), SMALL)
        worst = replace(ranking.risks["ann"], share=1.0, percentile=99.9, confirmed=2, expected=2.0)
        later = replace(stored_ranking, as_of=stored_ranking.as_of + timedelta(seconds=1))
        assert seller_risks.save_ranking(connection, site.marketplace_id, replace(ranking, risks={"ann": worst}), later)
    assert precheck(site.runtime, site.marketplace, new_listing) == before


def test_the_riskiest_come_by_pages_once_sellers_are_compared(any_site: Site) -> None:
    site = site_with_model(any_site)
    listing(site, "ann", "A1", "A2")
    listing(site, "bo", "B1", "B2")
    with site.runtime.store.read() as connection:
        assert risk_of(site.runtime, connection, site.marketplace_id, "ann").reasons == (message("risk.not_ranked"),)
        assert riskiest_sellers(connection, site.marketplace_id, 9).ranking is None
    refresh_ranking(site.runtime, site.marketplace)
    (riskiest,) = site.read(riskiest_sellers, site.marketplace_id, 1).riskiest
    assert riskiest.risk.percentile is not None
    assert riskiest.risk.percentile >= 50


def test_without_a_model_the_reason_says_so(site: Site) -> None:
    with site.runtime.store.read() as connection:
        assert risk_of(site.runtime, connection, site.marketplace_id, "ann").reasons == (message("risk.no_champion"),)
        assert risk_of(site.runtime, connection, site.marketplace_id, None).reasons == (message("risk.no_seller"),)


def test_scores_are_read_by_the_window_and_everything_else_by_its_key(site: Site) -> None:
    """On SQLite, whose planner might scan all scores."""
    site = site_with_model(site)
    listing(site, "ann", "A1", "A2")
    find(site, "A1", Judgement.GENUINE)
    plans: list[list[str]] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append([str(row[3]) for row in rows])

    event.listen(site.runtime.store.reads, "before_cursor_execute", explain)
    risks_by_seller = risks(site)
    event.remove(site.runtime.store.reads, "before_cursor_execute", explain)
    assert risks_by_seller["ann"].cleared == 1
    assert len(plans) == 3
    for plan in plans:
        by_window = [
            step for step in plan if "ix_score_scored (marketplace_id=? AND scored_at>? AND scored_at<?)" in step
        ]
        assert len(by_window) == 1, plan
        scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in {"score", "listing_version"}]
        assert not scans, plan


WHY = "A police file."


def add_to_list(site: Site, seller: str, which: SellerList, days: int | None = None) -> None:
    put_on_list(site.runtime, site.marketplace_id, seller, which, reason=WHY, days=days, by="Ana")


def comes_in(site: Site, seller: str, *, suspect: bool = False, **changes: Any) -> RowAnswer:
    """Receive a listing that no draw picks; an ordinary one unless `suspect`."""
    site.clock.forward(seconds=1)
    row = (a_suspect_row if suspect else a_row)(
        **{"external_id": "MP-20", "seller": {"external_id": seller}, **changes}
    )
    (answer,) = receive_rows(replace(site.runtime, draw=lambda: 1.0), site.marketplace, [row], source="test")
    return answer


@pytest.mark.parametrize("which", [SellerList.WATCH, SellerList.DENY])
def test_listings_of_a_seller_on_the_list_go_to_an_analyst_who_is_told_why(any_site: Site, which: SellerList) -> None:
    assert comes_in(any_site, "s-7").lane is Lane.NO_ACTION
    add_to_list(any_site, "s-7", which)
    assert comes_in(any_site, "s-7", external_id="MP-21").lane is Lane.ANALYST
    reason = reason_of(any_site)
    assert (reason.code, reason.parameters["reason"]) == (f"seller_list.{which.value}", WHY)
    assert comes_in(any_site, "s-8", external_id="MP-22").lane is Lane.NO_ACTION


def test_listings_of_a_seller_linked_with_a_denied_one_go_to_an_analyst_with_the_path(any_site: Site) -> None:
    tell(any_site, a_contact("s-7"), a_contact("fresh"))
    add_to_list(any_site, "s-7", SellerList.DENY)
    assert comes_in(any_site, "fresh").lane is Lane.ANALYST
    assert in_english(reason_of(any_site)).startswith(
        "Linked to a seller on the deny list: same telephone number as s-7 (until "
    )


def test_no_score_accuses_an_allowed_seller(any_site: Site) -> None:
    assert comes_in(any_site, "s-7", suspect=True).lane is Lane.ANALYST
    add_to_list(any_site, "s-8", SellerList.ALLOW)
    assert comes_in(any_site, "s-8", suspect=True, external_id="MP-21", title="Aurelle 1:1").lane is Lane.NO_ACTION


def test_an_entry_ends_after_its_days_or_on_removal(any_site: Site) -> None:
    add_to_list(any_site, "s-7", SellerList.WATCH, days=2)
    add_to_list(any_site, "s-8", SellerList.WATCH)
    take_off_list(any_site.runtime, any_site.marketplace_id, "s-8", by="Ana")
    assert comes_in(any_site, "s-8", external_id="MP-21").lane is Lane.NO_ACTION
    any_site.clock.forward(days=2)
    assert comes_in(any_site, "s-7", external_id="MP-22").lane is Lane.NO_ACTION
    with pytest.raises(NotFound, match="on no list"):
        take_off_list(any_site.runtime, any_site.marketplace_id, "s-8", by="Ana")


def test_a_seller_is_on_one_list_and_the_later_entry_applies(any_site: Site) -> None:
    add_to_list(any_site, "s-7", SellerList.WATCH)
    add_to_list(any_site, "s-7", SellerList.ALLOW)
    assert comes_in(any_site, "s-7").lane is Lane.NO_ACTION
    assert any_site.read(audit.check_chain)[1] is None


BAD = [
    ({"seller": " "}, "Name the seller"),
    ({"seller": "x" * 201}, "Name the seller"),
    ({"reason": " "}, "Give a reason"),
    ({"days": 0}, "lasts from 1 to 1,095 days"),
    ({"days": 1_096}, "lasts from 1 to 1,095 days"),
]


@pytest.mark.parametrize(("changes", "sentence"), BAD)
def test_a_bad_entry_is_refused(site: Site, changes: dict[str, Any], sentence: str) -> None:
    list_entry = {"seller": "s-7", "reason": WHY, "days": 30, **changes}
    with pytest.raises(Invalid, match=sentence):
        put_on_list(
            site.runtime, site.marketplace_id, list_entry.pop("seller"), SellerList.DENY, by="Ana", **list_entry
        )


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

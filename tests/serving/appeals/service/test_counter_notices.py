"""Counter-notices on both engines: the effects of each end on listing, strike, label and statement, once each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from features.message import message
from models.case import CaseLane
from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from models.outcomes import outcomes
from models.policies.learning import LabelPolicy
from models.verdict import Judgement
from serving.appeals.policy import DMCA_LIKE, DSA, CounterNoticePolicy
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.service.counter_notices import (
    answer_as_rights_holder,
    apply_deadlines,
    open_counter_notices,
    submit,
    submit_for_seller,
    withdraw,
)
from serving.appeals.store import appeals, counter_notices, overturns
from serving.appeals.store.counter_notices import CounterNotice
from serving.audit.store import audit
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.learning.service.labelling import label_of
from serving.learning.store import verdict_history
from serving.scoring.store import histories
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.complaining import reinstatement_on_appeal
from tests.fixtures.receivers import a_receiver, deliver
from tests.fixtures.reporting import a_marketplace_that_listens, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, having, judge, open_cases
from tests.serving.webhooks.service.test_delivery import register

WORDS = "I bought these from the authorised dealer; the invoice is attached."
SELLER = "lumo-trade-88"
CONCEDE, MAINTAIN = CounterNoticeEvent.CONCEDE, CounterNoticeEvent.MAINTAIN


def with_policy(site: Site, policy: CounterNoticePolicy) -> Site:
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(policy)))


def a_removal(site: Site) -> StoredAction:
    """A removal that the marketplace has acknowledged, with its counter-notice opened by the sweep."""
    return having(site, make_removal)


def make_removal(site: Site, **changes: object) -> StoredAction:
    removal = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, **changes), Judgement.COUNTERFEIT).action
    assert removal is not None
    site.clock.forward(seconds=180)
    with a_receiver() as receiver:
        register(site, receiver)
        assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "acknowledged"
    assert open_counter_notices(site.runtime) == 1
    return removal


SALES: list[tuple[list[str] | None, str, str]] = [
    (None, "alibaba_like", "the marketplace of the tests sells in the Union"),
    (["us"], "dmca_like", "this listing in the United States alone"),
    (["CN"], "china_article_43", "this one in China alone"),
]


@pytest.mark.parametrize(("sells_in", "expected", "_why"), SALES)
def test_a_counter_notice_follows_the_law_of_the_country_of_sale(
    site: Site, sells_in: list[str] | None, expected: str, _why: str
) -> None:
    assert counter_notice_of(site, make_removal(site, sells_in=sells_in)).profile == expected


def test_a_profile_that_the_settings_name_holds_in_every_country(site: Site) -> None:
    chosen = with_policy(site, DSA)
    settings = chosen.runtime.settings.model_copy(update={"counter_notices": "dsa"})
    fixed = replace(chosen, runtime=replace(chosen.runtime, settings=settings))
    assert counter_notice_of(fixed, make_removal(fixed, sells_in=["US"])).profile == "dsa"


def counter_notice_of(site: Site, removal: StoredAction) -> CounterNotice:
    counter_notice = site.read(counter_notices.of_action, site.marketplace_id, removal.action_id)
    assert counter_notice is not None
    return counter_notice


def answer(
    site: Site, removal: StoredAction, event: CounterNoticeEvent, words: str = "It is our mark."
) -> CounterNotice:
    counter_notice = counter_notice_of(site, removal)
    return answer_as_rights_holder(site.runtime, site.brand_person, counter_notice.counter_notice_id, event, words)


def reinstatements(site: Site, removal: StoredAction) -> int:
    done = site.read(actions.of_listing, site.marketplace_id, removal.listing_id)
    return sum(action.kind is ActionKind.REINSTATE and action.state is not ActionState.WITHDRAWN for action in done)


def is_strike(site: Site) -> bool:
    rulings = site.read(histories.rulings, site.marketplace_id, [SELLER]).get(SELLER, [])
    site.clock.forward(seconds=1)
    return any(outcome.counterfeit for outcome in outcomes(rulings, as_of=site.clock.now()))


def label(site: Site, removal: StoredAction) -> object:
    """The label of the removed version much later, as value or reason."""
    (version,) = site.read(verdict_history.of_marketplace, site.marketplace_id, site.clock.now()).values()
    later = site.clock.now() + site.runtime.policies[LabelPolicy].matures * 2
    outcome = label_of(version, later, site.runtime.policies[LabelPolicy])
    return getattr(outcome, "target", None) if hasattr(outcome, "target") else getattr(outcome, "reason", None)


def overturn_of(site: Site, removal: StoredAction) -> overturns.Overturn | None:
    with site.runtime.store.read() as connection:
        assert audit.check_chain(connection)[1] is None
        return overturns.in_force(connection, site.marketplace_id, removal.action_id)


def test_it_opens_once_when_the_marketplace_has_told_the_seller(any_site: Site) -> None:
    counter_notice = counter_notice_of(any_site, a_removal(any_site))
    assert (counter_notice.state, counter_notice.round, counter_notice.country) == (
        CounterNoticeState.WITH_SELLER,
        1,
        "CN",
    )
    assert open_counter_notices(any_site.runtime) == 0


def test_while_it_is_open_the_label_is_suspended_and_the_strike_stands(any_site: Site) -> None:
    removal = a_removal(any_site)
    assert label(any_site, removal) == 1
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    assert (label(any_site, removal), is_strike(any_site)) == (message("no_label.open_appeal"), True)


def test_a_rights_holder_that_gives_way_repairs_everything_once(any_site: Site) -> None:
    removal = a_removal(any_site)
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    assert answer(any_site, removal, CONCEDE).state is CounterNoticeState.UPHELD
    overturn = overturn_of(any_site, removal)
    assert overturn is not None
    assert (overturn.cause, overturn.amendment["decision"]) == (
        OverturnCause.CONCEDED,
        "The removal is undone. The listing is reinstated.",
    )
    assert (reinstatements(any_site, removal), is_strike(any_site), label(any_site, removal)) == (1, False, 0)


def test_a_silent_rights_holder_loses_the_removal_and_teaches_nothing(any_site: Site) -> None:
    removal = a_removal(any_site)
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    any_site.clock.forward(days=4)
    assert apply_deadlines(any_site.runtime) == 0
    any_site.clock.forward(days=4)
    assert (apply_deadlines(any_site.runtime), apply_deadlines(any_site.runtime)) == (1, 0)
    overturn = overturn_of(any_site, removal)
    assert overturn is not None
    assert overturn.cause is OverturnCause.SILENCE
    assert (reinstatements(any_site, removal), is_strike(any_site)) == (1, False)
    assert label(any_site, removal) == message("no_label.unanswered")


def test_a_silent_seller_leaves_the_removal_and_keeps_the_appeal(any_site: Site) -> None:
    removal = a_removal(any_site)
    any_site.clock.forward(days=7)
    apply_deadlines(any_site.runtime)
    assert counter_notice_of(any_site, removal).state is CounterNoticeState.LAPSED
    assert (reinstatements(any_site, removal), is_strike(any_site), label(any_site, removal)) == (0, True, 1)
    with pytest.raises(Conflict, match="The time for a counter-notice has passed"):
        submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    assert file_appeal(any_site.runtime, any_site.marketplace, Complaint("a-1", "MP-9", WORDS)).is_new
    assert counter_notice_of(any_site, removal).state is CounterNoticeState.WITH_REVIEWER


@pytest.mark.parametrize(
    ("judgement", "state", "repaired", "taught"),
    [
        (Judgement.GENUINE, CounterNoticeState.UPHELD, True, 0),
        (Judgement.CANNOT_TELL, CounterNoticeState.UPHELD, True, 0),
        (Judgement.COUNTERFEIT, CounterNoticeState.DISMISSED, False, 1),
    ],
)
def test_after_the_last_round_somebody_who_did_not_decide_before_decides(
    any_site: Site, judgement: Judgement, state: CounterNoticeState, repaired: bool, taught: int
) -> None:
    removal = a_removal(any_site)
    for _ in range(3):
        submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
        answer(any_site, removal, MAINTAIN)
    assert counter_notice_of(any_site, removal).state is CounterNoticeState.WITH_REVIEWER
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    with pytest.raises(Forbidden, match="somebody else must decide"):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    judge(any_site, any_site.second_analyst, case, judgement)
    assert counter_notice_of(any_site, removal).state is state
    assert (reinstatements(any_site, removal), is_strike(any_site)) == (int(repaired), not repaired)
    assert (overturn_of(any_site, removal) is not None, label(any_site, removal)) == (repaired, taught)


def test_a_removal_that_an_appeal_has_undone_takes_no_counter_notice(site: Site) -> None:
    with a_marketplace_that_listens(site):
        removal = removal_by_brand(site, "MP-1")
    reinstatement_on_appeal(site, removal, Judgement.GENUINE, hours=1)
    with pytest.raises(Conflict, match="has been undone"):
        submit(site.runtime, site.marketplace_id, removal.action_id, WORDS)


def test_a_decision_that_is_undone_and_given_again_repairs_once(any_site: Site) -> None:
    site = with_policy(any_site, DSA)
    removal = a_removal(site)
    submit(site.runtime, site.marketplace_id, removal.action_id, WORDS)
    (case,) = open_cases(site, CaseLane.APPEAL)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    undo_verdict(site.runtime, site.second_analyst, case.case_id)
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_REVIEWER
    assert (overturn_of(site, removal), reinstatements(site, removal)) == (None, 0)
    (case,) = open_cases(site, CaseLane.APPEAL)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    assert (overturn_of(site, removal) is not None, reinstatements(site, removal)) == (True, 1)


def test_a_concession_cannot_be_undone(any_site: Site) -> None:
    removal = a_removal(any_site)
    answer(any_site, removal, CONCEDE)
    case = any_site.read(cases.of_verdict, any_site.marketplace_id, removal.verdict_id)
    with pytest.raises(Conflict, match="cannot be undone"):
        undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)


def outcome_of(work: Callable[[], object]) -> str:
    try:
        work()
    except DomainError as refused:
        return refused.code
    return "done"


@pytest.mark.both_engines
def test_eight_who_give_way_at_once_reinstate_once(any_site: Site) -> None:
    removal = a_removal(any_site)
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    with ThreadPoolExecutor(8) as pool:
        endings = list(pool.map(lambda _: outcome_of(lambda: answer(any_site, removal, CONCEDE)), range(8)))
    assert sorted(endings) == ["conflict"] * 7 + ["done"]
    assert (reinstatements(any_site, removal), label(any_site, removal)) == (1, 0)


@pytest.mark.both_engines
def test_eight_copies_of_one_counter_notice_are_one(any_site: Site) -> None:
    removal = a_removal(any_site)
    with ThreadPoolExecutor(8) as pool:
        sent = lambda: submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)  # noqa: E731  # used once
        endings = list(pool.map(lambda _: outcome_of(sent), range(8)))
    assert sorted(endings) == ["conflict"] * 7 + ["done"]
    steps = any_site.read(
        counter_notices.steps, any_site.marketplace_id, counter_notice_of(any_site, removal).counter_notice_id
    )
    assert [(step.number, step.event) for step in steps] == [(1, CounterNoticeEvent.SUBMIT)]


@pytest.mark.both_engines
def test_two_who_decide_an_appeal_at_once_reinstate_once(any_site: Site) -> None:
    site = with_policy(any_site, DSA)
    removal = a_removal(site)
    submit(site.runtime, site.marketplace_id, removal.action_id, WORDS)
    (case,) = open_cases(site, CaseLane.APPEAL)
    with ThreadPoolExecutor(4) as pool:
        decide = lambda: judge(site, site.second_analyst, case, Judgement.GENUINE)  # noqa: E731  # used once
        endings = list(pool.map(lambda _: outcome_of(decide), range(4)))
    assert sorted(endings) == ["conflict"] * 3 + ["done"]
    assert [appeal.state.value for appeal in site.read(appeals.of_marketplace, site.marketplace_id)] == ["upheld"]
    assert reinstatements(site, removal) == 1


def test_another_brands_person_and_an_analyst_find_no_counter_notice(any_site: Site) -> None:
    counter_notice = counter_notice_of(any_site, a_removal(any_site))
    for person in (any_site.analyst, any_site.account_manager):
        with pytest.raises(NotFound):
            answer_as_rights_holder(any_site.runtime, person, counter_notice.counter_notice_id, CONCEDE, "")


def test_a_rights_holder_does_not_answer_for_the_seller(any_site: Site) -> None:
    removal = a_removal(any_site)
    with pytest.raises(Forbidden):
        answer(any_site, removal, CounterNoticeEvent.WITHDRAW)


def test_maintaining_takes_a_reason(any_site: Site) -> None:
    removal = a_removal(any_site)
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    with pytest.raises(Invalid, match="Say why"):
        answer(any_site, removal, MAINTAIN, "  ")


def test_what_goes_to_court_stays_down_and_does_not_fall_due(any_site: Site) -> None:
    site = with_policy(any_site, DMCA_LIKE)
    removal = a_removal(site)
    submit(site.runtime, site.marketplace_id, removal.action_id, WORDS)
    answer(site, removal, CounterNoticeEvent.GO_TO_COURT, "Docket 26-cv-101, N.D. Cal.")
    site.clock.forward(days=100)
    assert (apply_deadlines(site.runtime), reinstatements(site, removal)) == (0, 0)


def test_a_withdrawn_counter_notice_lets_the_label_teach_again(any_site: Site) -> None:
    removal = a_removal(any_site)
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, WORDS)
    withdraw(any_site.runtime, any_site.marketplace_id, removal.action_id)
    assert (label(any_site, removal), reinstatements(any_site, removal)) == (1, 0)


def test_the_marketplace_may_pass_it_on_by_the_listings_name(any_site: Site) -> None:
    a_removal(any_site)
    counter_notice = submit_for_seller(any_site.runtime, any_site.marketplace, "MP-9", WORDS)
    assert counter_notice.state is CounterNoticeState.WITH_RIGHTS_HOLDER

"""A notice that is none ends as invalid: the notifier is told why, and nobody judges the goods."""

import pytest

from features.message import message
from models.case import CaseLane, CaseState
from models.errors import Conflict, Forbidden, NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.audit.store import audit
from serving.cases.service.case_access import excluded_people
from serving.cases.service.invalid_notices import InvalidNotice, end_invalid
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.notices.rules.notices import InvalidReason, ItemState, NoticeOutcome
from serving.notices.service.notice_complaints import complain
from serving.notices.service.notice_decisions import notifier_message
from serving.notices.service.notice_links import PLACE
from serving.notices.service.notice_list import changed_notices
from serving.notices.service.notice_mails import mail_decisions
from serving.notices.service.notices import Receipt
from serving.notices.service.reporters import reputation_of
from serving.notices.store import reporters
from tests.fixtures.guests import an_invited_user
from tests.fixtures.notifying import a_listing, confirm_notice, items_of, notify
from tests.fixtures.reporting import UNDO_SECONDS
from tests.fixtures.runtimes import Site, a_case, judge, open_cases
from tests.serving.notices.service.test_notices import SOLENNE


def end_notice(
    site: Site, receipt: Receipt, reason: InvalidReason = InvalidReason.SPAM, by: Person | None = None
) -> bool:
    (case,) = open_cases(site)
    return end_invalid(site.runtime, by or site.analyst, InvalidNotice(case.case_id, receipt.notice_id, reason))


@pytest.mark.parametrize("reason", InvalidReason)
def test_an_invalid_notice_closes_its_case_without_a_verdict_and_tells_why(
    any_site: Site, reason: InvalidReason
) -> None:
    begins = any_site.clock.now()
    a_listing(any_site, **SOLENNE)
    receipt = notify(any_site, "MP-1")
    confirm_notice(any_site, receipt)
    (case,) = open_cases(any_site)
    assert end_notice(any_site, receipt, reason)
    (notice_item,) = items_of(any_site, receipt)
    assert (notice_item.state, notice_item.outcome, notice_item.invalid_reason, notice_item.verdict_id) == (
        ItemState.DECIDED,
        NoticeOutcome.INVALID,
        reason,
        None,
    )
    with any_site.runtime.store.read() as connection:
        assert cases.get(connection, any_site.marketplace_id, case.case_id).state is CaseState.STALE
        notice = notifier_message(any_site.runtime, connection, notice_item)
        assert audit.check_chain(connection)[1] is None
        assert verdicts.of_listings(connection, any_site.marketplace_id, [case.listing_id]) == []
    assert notice is not None
    assert notice.facts == message(f"notice.facts.invalid.{reason.value}")
    assert mail_decisions(any_site.runtime) == 1
    (listed,) = changed_notices(any_site.runtime, any_site.marketplace, begins)["notices"]
    assert listed["listings"][0]["outcome"] == "invalid"
    redress = listed["listings"][0]["decision"]["redress"]
    assert redress.startswith("Until 3 September 2026, you can complain on this page"), redress
    assert "new notice" in redress
    again = notify(any_site, "MP-1")
    assert items_of(any_site, again)[0].state is ItemState.WAITING, "a better notice is no repetition"


def test_a_case_that_another_notice_or_the_score_needs_stays_open(any_site: Site) -> None:
    a_listing(any_site, **SOLENNE)
    first, second = notify(any_site, "MP-1"), notify(any_site, "MP-1", email="other@example.org")
    assert not end_notice(any_site, first), "the second notice waits"
    (case,) = open_cases(any_site)
    assert end_notice(any_site, second) is False, "it joined a case"
    (still,) = open_cases(any_site, CaseLane.ANALYST)
    assert still.case_id == case.case_id
    judge(any_site, any_site.analyst, still, Judgement.GENUINE)
    assert [items_of(any_site, receipt)[0].outcome for receipt in (first, second)] == [NoticeOutcome.INVALID] * 2


def test_a_case_that_was_open_before_the_notice_stays_open(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ANALYST, external_id="MP-3")
    assert not end_notice(any_site, notify(any_site, "MP-3"))
    assert [open_case.case_id for open_case in open_cases(any_site)] == [case.case_id]


def test_invalid_notices_count_as_unfounded(any_site: Site) -> None:
    a_listing(any_site, **SOLENNE)
    end_notice(any_site, notify(any_site, "MP-1"), InvalidReason.WRONG_LISTING)
    with any_site.runtime.store.read() as connection:
        (reporter,) = reporters.all_reporters(connection, any_site.marketplace_id, 10)
        known = reputation_of(any_site.runtime, connection, reporter, any_site.clock.now())
    assert (known.founded, known.unfounded) == (0, 1)


def test_only_an_analyst_of_an_open_case_ends_a_notice(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (case,) = open_cases(any_site)
    for person, error in ((any_site.brand_person, NotFound), (any_site.data_scientist, NotFound)):
        with pytest.raises(error):
            end_notice(any_site, receipt, by=person)
    with pytest.raises(NotFound, match="No such notice"):
        end_invalid(any_site.runtime, any_site.analyst, InvalidNotice(case.case_id, "ntc_x", InvalidReason.SPAM))
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    with pytest.raises(NotFound, match="no such notice"):
        end_notice(any_site, receipt, by=any_site.brand_person)
    with pytest.raises(Conflict, match="not open for an analyst"):
        end_notice(any_site, receipt)
    assert items_of(any_site, receipt)[0].state is ItemState.WAITING


STATEMENT = "It is no question of delivery: the seal on the second picture was never given out."


def complaint_case(site: Site, receipt: Receipt) -> Case:
    complain(site.runtime, receipt.link.rpartition(PLACE)[2], 1, STATEMENT)
    (case,) = open_cases(site, CaseLane.COMPLAINT)
    return case


def test_a_notifier_complains_that_the_notice_was_found_invalid_and_somebody_else_reviews_the_listing(
    any_site: Site,
) -> None:
    a_listing(any_site, **SOLENNE)
    receipt = notify(any_site, "MP-1")
    end_notice(any_site, receipt)
    case = complaint_case(any_site, receipt)
    an_invited_user(any_site, any_site.analyst, any_site.second_analyst)
    barred_people = any_site.read(excluded_people, any_site.marketplace_id, [case.case_id])
    assert {any_site.analyst.user_id, any_site.second_analyst.user_id} <= barred_people[case.case_id]
    for person in (any_site.analyst, any_site.second_analyst):
        with pytest.raises(Forbidden, match="somebody else must decide the complaint"):
            judge(any_site, person, case, Judgement.COUNTERFEIT)


def test_an_upheld_complaint_counts_the_invalid_notice_as_founded_and_a_dismissed_one_does_not(any_site: Site) -> None:
    for number, (judgement, outcome, counts) in enumerate(
        ((Judgement.COUNTERFEIT, NoticeOutcome.REMOVED, (1, 0)), (Judgement.GENUINE, NoticeOutcome.NO_ACTION, (1, 1)))
    ):
        a_listing(any_site, f"MP-{number}", **SOLENNE)
        receipt = notify(any_site, f"MP-{number}")
        end_notice(any_site, receipt)
        (before,) = items_of(any_site, receipt)
        case = complaint_case(any_site, receipt)
        judge(any_site, any_site.second_analyst, case, judgement)
        undo_verdict(any_site.runtime, any_site.second_analyst, case.case_id)
        assert items_of(any_site, receipt) == [before], "an undone answer leaves the first decision"
        judge(any_site, any_site.second_analyst, case, judgement)
        assert items_of(any_site, receipt)[0].outcome is outcome
        any_site.clock.forward(seconds=UNDO_SECONDS)
        with any_site.runtime.store.read() as connection:
            (reporter,) = reporters.all_reporters(connection, any_site.marketplace_id, 10)
            known = reputation_of(any_site.runtime, connection, reporter, any_site.clock.now())
        assert (known.founded, known.unfounded) == counts
    with pytest.raises(Conflict, match=r"no decision to keep this listing|has been a complaint"):
        complaint_case(any_site, receipt)

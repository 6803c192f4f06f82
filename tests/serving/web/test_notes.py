"""Analysts' notes: written on a case, found by mentioned colleagues, visible to no brand and no seller."""

import pytest

from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.verdict import Judgement
from serving.cases.service.case_access import lease
from serving.cases.service.case_notes import NewNote, hand_over, write_note
from serving.cases.store import case_notes
from serving.cases.tables import case_assignment
from serving.privacy.service.erasure import erase_seller
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.visits import an_appeal, visit_as, words

HOSTILE = "Look <script>alert(1)</script> \u202e at this"
FROM = "The lining is wrong."


def unseen_count(site: Site) -> int:
    return site.read(case_notes.unseen_count, site.second_analyst.user_id, {site.marketplace_id})


def test_who_is_mentioned_finds_the_note_and_the_bar_counts_it(any_site: Site) -> None:
    case = a_case(any_site)
    fields = {"statement": FROM, f"mention:{any_site.second_analyst.user_id}": "yes"}
    answer = visit_as(any_site, any_site.analyst).post(f"/cases/{case.case_id}/notes", fields)
    assert answer.headers["location"] == f"/cases/{case.case_id}#notes"
    other = visit_as(any_site, any_site.second_analyst)
    page = other.get("/notes").text
    assert "Ines Moreau" in page
    assert FROM in page
    assert "1 new" in words(page)
    assert "Notes 1 unread" in words(page)
    assert "Ines Moreau to Tomás Rey" in words(other.get(f"/cases/{case.case_id}").text)
    other.post("/notes/seen")
    assert "new" not in words(other.get("/notes").text).partition("Notes that mention you")[2].partition("Undo")[0]
    assert unseen_count(any_site) == 0


def test_a_note_is_text_and_nothing_else(site: Site) -> None:
    case = a_case(site)
    write_note(site.runtime, site.analyst, NewNote(case.case_id, HOSTILE, [site.second_analyst.user_id]))
    other = visit_as(site, site.second_analyst)
    for path in (f"/cases/{case.case_id}", "/notes"):
        page = other.get(path).text
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;" in page


def test_neither_a_brand_nor_anybody_else_reads_or_writes_notes(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    write_note(site.runtime, site.analyst, NewNote(case.case_id, FROM, []))
    brand = visit_as(site, site.brand_person)
    assert FROM not in brand.get("/brand").text
    assert brand.get("/notes").status_code == 403
    assert brand.post(f"/cases/{case.case_id}/notes", {"statement": "Hello"}).status_code == 403
    with pytest.raises(NotFound):
        write_note(site.runtime, site.brand_person, NewNote(case.case_id, "Hello", []))


def test_only_people_who_may_see_the_case_can_be_mentioned(site: Site) -> None:
    case = a_case(site)
    for person in (site.brand_person, site.account_manager):
        with pytest.raises(Invalid, match="Only people who may see the case"):
            write_note(site.runtime, site.analyst, NewNote(case.case_id, FROM, [person.user_id]))
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "Camille" not in page
    assert "Tomás Rey" in page


def test_a_note_is_written_on_a_decided_case_too(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    write_note(site.runtime, site.second_analyst, NewNote(case.case_id, FROM, []))
    assert FROM in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text


def test_an_erasure_takes_what_was_written_on_the_sellers_listings(site: Site) -> None:
    case = a_case(site)
    write_note(site.runtime, site.analyst, NewNote(case.case_id, FROM, []))
    erase_seller(site.runtime, site.marketplace, "lumo-trade-88", carry_out=True, by="test")
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert FROM not in page
    assert "(erased)" in page


def test_a_case_is_snoozed_and_resumed_by_forms(site: Site) -> None:
    case = a_case(site)
    visitor = visit_as(site, site.analyst)
    visitor.get(f"/cases/{case.case_id}")
    refused = visitor.post(f"/cases/{case.case_id}/snooze", {"hours": "72"})
    assert (refused.status_code, "after its deadline" in words(refused.text)) == (422, True)
    form = {
        "hours": "4",
        "on_news": "yes",
        "missing": "The invoice",
        "asked": "the marketplace",
        "queue": "lane=analyst",
    }
    assert visitor.post(f"/cases/{case.case_id}/snooze", form).headers["location"] == "/queue?lane=analyst"
    assert case.case_id not in visitor.get("/queue").text
    queue = visitor.get("/queue?snoozed=yes").text
    assert case.case_id in queue
    assert "Snoozed1" in words(queue).replace("Snoozed 1", "Snoozed1")
    text = words(visitor.get(f"/cases/{case.case_id}").text)
    assert "Ines Moreau snoozed this case." in text
    assert "It returns to the queue 13:00, or earlier if new information on the listing arrives." in text
    assert "Missing: The invoice. Requested from: the marketplace." in text
    assert visitor.post(f"/cases/{case.case_id}/resume").headers["location"] == f"/cases/{case.case_id}"
    assert "The case is back in the queue." in words(visitor.get(f"/cases/{case.case_id}").text)
    assert case.case_id in visitor.get("/queue").text


def test_who_judges_an_appeal_reads_no_note_of_who_decided_before(site: Site) -> None:
    appeal = an_appeal(site, decided_by_analyst=True)
    with pytest.raises(Forbidden, match="you cannot write notes"):
        write_note(site.runtime, site.analyst, NewNote(appeal.case_id, FROM, []))
    with pytest.raises(Invalid, match="mentioned"):
        write_note(site.runtime, site.second_analyst, NewNote(appeal.case_id, FROM, [site.analyst.user_id]))


def test_a_case_handed_over_is_its_colleagues_with_the_note_and_leaves_the_flow_of_others(any_site: Site) -> None:
    top, case = a_case(any_site, external_id="MP-1", price="900.00"), a_case(any_site, external_id="MP-2")
    mine, theirs = visit_as(any_site, any_site.analyst), visit_as(any_site, any_site.second_analyst)
    assert f'data-ahead="/cases/{case.case_id}"' in mine.get(f"/cases/{top.case_id}").text
    mine.get(f"/cases/{case.case_id}")
    fields = {"colleague": any_site.second_analyst.user_id, "handover": FROM, "queue": "sort=due"}
    answer = mine.post(f"/cases/{case.case_id}/hand-over", fields)
    assert answer.headers["location"].startswith("/queue?sort=due")
    assert unseen_count(any_site) == 1
    assert FROM in theirs.get("/notes").text
    assert words(theirs.get("/queue").text).count("assigned") == 1
    assert "Handed over to Tomás Rey" in words(theirs.get(f"/cases/{case.case_id}").text)
    assert "data-ahead" not in mine.get(f"/cases/{top.case_id}").text, "the flow leads nobody else there"


@pytest.mark.parametrize("whom", ["self", "brand", "nobody", "judge", "leased", "closed", "silent"])
def test_a_case_is_handed_only_to_a_colleague_who_may_decide_it(site: Site, whom: str) -> None:
    case, to, text = a_case(site), site.second_analyst.user_id, FROM
    match whom:
        case "self":
            to = site.analyst.user_id
        case "brand":
            to = site.brand_person.user_id
        case "nobody":
            to = "usr_nobody"
        case "leased":
            lease(site.runtime, site.second_analyst, case.case_id)
        case "closed":
            judge(site, site.analyst, case, Judgement.GENUINE)
        case "silent":
            text = " "
        case "judge":
            judge(site, site.second_analyst, case, Judgement.GENUINE)
            case = a_case(site, price="12.00")
    with pytest.raises((Invalid, Forbidden, Conflict)):
        hand_over(site.runtime, site.analyst, case.case_id, to, text)
    assert site.count(case_assignment) == 0
    assert unseen_count(site) == 0

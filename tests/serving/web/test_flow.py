"""What the script of a case asks for; the pages without it are in the other files."""

from models.case import CaseState
from serving.cases.store import cases
from tests.fixtures.runtimes import Site, a_case
from tests.serving.web.visits import an_appeal, visit_as, words

LOOK, FLOW = "touchstone-look", "touchstone-flow"


def lease_holder(site: Site, case_id: str) -> str | None:
    return site.read(cases.get, site.marketplace_id, case_id).leased_by


def test_who_looks_ahead_sees_the_page_and_keeps_the_case_for_nobody(site: Site) -> None:
    case = a_case(site)
    answer = visit_as(site, site.analyst).get(f"/cases/{case.case_id}", **{LOOK: "1"})
    assert 'name="judgement"' in answer.text
    assert "leased until" not in answer.text
    assert lease_holder(site, case.case_id) is None


def test_a_case_is_kept_once_it_is_on_the_screen(site: Site) -> None:
    case = a_case(site)
    assert words(visit_as(site, site.analyst).post(f"/cases/{case.case_id}/lease").text) == ", leased until 09:15"
    assert lease_holder(site, case.case_id) == site.analyst.user_id
    refused = visit_as(site, site.second_analyst).post(f"/cases/{case.case_id}/lease")
    assert refused.status_code == 409
    assert "Somebody else is working on this case, or it is no longer open." in words(refused.text)


def test_who_decided_before_keeps_no_appeal_against_it(site: Site) -> None:
    case = an_appeal(site, decided_by_analyst=True)
    assert visit_as(site, site.analyst).post(f"/cases/{case.case_id}/lease").status_code == 409
    assert lease_holder(site, case.case_id) is None
    assert visit_as(site, site.second_analyst).post(f"/cases/{case.case_id}/lease").status_code == 200


def test_a_brand_keeps_no_case(site: Site) -> None:
    assert visit_as(site, site.brand_person).post(f"/cases/{a_case(site).case_id}/lease").status_code == 403


def test_a_page_names_the_case_that_would_follow_and_never_one_whose_answer_is_on_its_way(site: Site) -> None:
    first, second, third = (
        a_case(site, external_id=f"MP-{i}", price=price) for i, price in enumerate(("900.00", "500.00", "90.00"))
    )
    visitor = visit_as(site, site.analyst)
    assert f'data-ahead="/cases/{second.case_id}"' in visitor.get(f"/cases/{first.case_id}").text
    last = visitor.get(f"/cases/{third.case_id}").text
    assert "data-ahead" not in last, "the flow ends here and does not begin again at the top"
    both, top = f"{second.case_id},{third.case_id}", f"/cases/{first.case_id}"
    assert "data-ahead" not in visitor.get(top, **{LOOK: both}).text
    assert "data-ahead" in visitor.get(top, **{LOOK: "x' OR 1=1," * 30}).text, "no ids at all"


def test_an_answer_is_followed_by_the_line_that_takes_it_back(site: Site) -> None:
    case = a_case(site)
    visitor = visit_as(site, site.analyst)
    fields = {"version_id": case.version_id, "judgement": "genuine"}
    response = visitor.post(f"/cases/{case.case_id}/verdict", fields, **{FLOW: "1"})
    assert (response.status_code, "<html" in response.text) == (200, False)
    assert "Genuine recorded for MP-9. The listing stays." in words(response.text)
    undone = visitor.post(f"/cases/{case.case_id}/undo", None, **{FLOW: "1"})
    assert (undone.status_code, "recorded for" in undone.text) == (200, False)
    assert site.read(cases.get, site.marketplace_id, case.case_id).state is CaseState.OPEN


def test_who_is_signed_out_is_told_so_and_sent_nowhere(site: Site) -> None:
    case = a_case(site)
    visitor = visit_as(site, site.analyst)
    visitor.client.cookies.clear()
    assert visitor.post(f"/cases/{case.case_id}/verdict", {"judgement": "genuine"}, **{FLOW: "1"}).status_code == 401

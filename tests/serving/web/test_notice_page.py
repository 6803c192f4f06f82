"""The public form of a notice and the page behind its link, as somebody without an account meets them."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.listings.service.intake import receive_rows
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.notices.policy import NoticePolicy
from serving.notices.service.notice_links import confirmation_link
from serving.notices.tables import notice, reporter
from tests.fixtures.links import path_of
from tests.fixtures.notifying import EMAIL, WORDS, a_listing, confirm_notice, items_of, notify
from tests.fixtures.reporting import UNDO_SECONDS
from tests.fixtures.runtimes import Site, a_suspect_row, judge, open_cases
from tests.serving.notices.service.test_notices import SOLENNE
from tests.serving.web.visits import Visitor, a_visitor, hidden_fields, visit_as, words

HOSTILE = f"{WORDS} <script>alert(1)</script> \u202eevil"
FIELDS = {
    "locations": "MP-1\nMP-2",
    "explanation": HOSTILE,
    "reason_code": "design",
    "name": "Anna Berg",
    "email": EMAIL,
    "good_faith": "yes",
}


def send_notice(visitor: Visitor, **changes: str) -> str:
    """A notice sent by the form, with the listings that were not found; returns where it leads."""
    answer = visitor.post("/notice", {**FIELDS, **changes})
    if answer.status_code == 200:
        answer = visitor.post("/notice", {**FIELDS, **changes, **hidden_fields(answer.text)})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def test_anybody_notifies_by_the_form_and_gets_the_receipt(site: Site) -> None:
    a_listing(site)
    visitor = a_visitor(site)
    read = words(visitor.get("/notice").text)
    for text in (
        "Notice about an illegal listing",
        "Listings in your notice",
        "Why you think",
        "Your name",
        "Your e-mail",
        "good faith",
    ):
        assert text in read
    page = visitor.get(send_notice(visitor))
    read = words(page.text)
    assert "Your notice has arrived and is stored" in read
    assert "A person is reviewing it." in read
    assert "It is due by 5 March 2026, 09:00 UTC." in read
    assert "No listing here matches the address or id that you named." in read, "MP-2 is none of ours"
    assert "Design copied" in read
    assert "<script>alert" not in page.text
    assert "RLO" in page.text, "a character that turns text around is named"
    assert len(open_cases(site)) == 1


def test_the_listing_can_be_filled_in_by_the_marketplaces_page(site: Site) -> None:
    page = a_visitor(site).get('/notice?offer=MP-1"><script>alert(1)</script>').text
    assert "MP-1&#34;&gt;" in page
    assert "<script>alert" not in page


def test_what_is_missing_is_named_and_what_was_typed_is_not_lost(site: Site) -> None:
    answer = a_visitor(site).post("/notice", {**FIELDS, "explanation": "A fake.", "good_faith": "", "email": "anna"})
    assert answer.status_code == 422
    read = words(answer.text)
    for text in ("Explain in at least 20 characters", "Give an e-mail address", "Confirm that you believe"):
        assert text in read
    assert "Give your name" not in read
    for typed in ("MP-1\nMP-2", "A fake.", 'value="Anna Berg"', 'value="anna"', '<option value="design" selected>'):
        assert typed in answer.text
    assert site.count(notice) == 0


def test_listings_that_are_not_found_are_named_before_the_notice_is_sent(site: Site) -> None:
    a_listing(site)
    visitor = a_visitor(site)
    typed = {**FIELDS, "locations": "MP-1\nMP-l\nhttps://bazaar.example/item/MP-7"}
    page = visitor.post("/notice", typed)
    read = words(page.text)
    assert page.status_code == 200
    assert "2 listings were not found, so the notice is not sent yet" in read
    named = page.text[page.text.index('<ul class="dots mt1">') : page.text.index("</ul>")]
    assert words(named).split() == ["MP-l", "https://bazaar.example/item/MP-7"]
    assert "Send anyway" in read
    for fragment in (
        "MP-1\nMP-l\n",
        'value="Anna Berg"',
        '<option value="design" selected>',
        f'value="{EMAIL}"',
        "checked",
    ):
        assert fragment in page.text
    assert "<script>alert" not in page.text
    assert (site.count(notice), site.count(reporter), open_cases(site)) == (0, 0, [])
    accepted = hidden_fields(page.text)
    corrected = visitor.post("/notice", {**typed, "locations": "MP-1\nMP-8", **accepted})
    assert (corrected.status_code, site.count(notice)) == (200, 0), "a new typo is told as the first was"
    answer = visitor.post("/notice", {**typed, **accepted})
    assert answer.status_code == 303
    assert words(visitor.get(str(answer.headers["location"])).text).count("No listing here matches the address") == 2


def test_an_id_of_another_marketplace_is_as_unknown_as_an_invented_one(site: Site) -> None:
    two_marketplaces(site)
    visitor = a_visitor(site)
    pages = [
        visitor.post("/notice", {**FIELDS, "marketplace": "Bazaar", "locations": f"MP-1\n{name}"}).text
        for name in ("EL-7", "EL-8")
    ]
    assert "1 listing was not found" in words(pages[0])
    assert pages[0].replace("EL-7", "EL-8") == pages[1]
    assert "Elsewhere" not in pages[0]


@pytest.mark.parametrize(
    ("limit", "refused_as"),
    [
        ({"most_listings_a_day_network": 6}, "from your network today"),
        ({"most_notices_an_hour_unregistered": 3}, "Send yours again in an hour"),
    ],
    ids=["of a network", "of all strangers"],
)
def test_asking_which_listings_exist_counts_as_a_notice_does(
    site: Site, limit: dict[str, int], refused_as: str
) -> None:
    visitor = a_visitor(with_limits(site, **limit))
    for number in range(3):
        assert visitor.post("/notice", {**FIELDS, "locations": f"MP-{number}\nMP-x{number}"}).status_code == 200
    answer = visitor.post("/notice", {**FIELDS, "locations": "MP-1"})
    assert (answer.status_code, refused_as in words(answer.text)) == (429, True)
    site.clock.forward(days=1)
    assert visitor.post("/notice", FIELDS).status_code == 200


def test_addresses_that_tell_no_marketplace_count_as_well(site: Site) -> None:
    """Otherwise the refusal would tell, as often as somebody likes, which ids one marketplace alone has."""
    two_marketplaces(site)
    visitor = a_visitor(with_limits(site, most_listings_a_day_network=4))
    for _ in range(2):
        assert visitor.post("/notice", {**FIELDS, "locations": "EL-8\nEL-9"}).status_code == 422
    for unknown_or_known in ("EL-8", "EL-7"):
        assert visitor.post("/notice", {**FIELDS, "locations": unknown_or_known}).status_code == 429


def with_limits(site: Site, **changes: int) -> Site:
    """The site with other limits of notices."""
    policy = replace(site.runtime.policies[NoticePolicy], **changes)  # type: ignore[arg-type]  # limits are numbers
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(policy)))


def test_too_many_listings_are_refused_with_the_limit(site: Site) -> None:
    answer = a_visitor(site).post("/notice", {**FIELDS, "locations": "\n".join(f"MP-{n}" for n in range(11))})
    assert answer.status_code == 422
    assert "A notice can name at most 10 listings; this one names 11." in words(answer.text)


def test_who_sends_too_many_a_day_is_told_when_to_come_back(site: Site) -> None:
    visitor = a_visitor(site)
    for day in range(3):
        confirm_notice(site, notify(site, *(f"MP-{day}-{n}" for n in range(10))))
    answer = visitor.post("/notice", FIELDS)
    assert answer.status_code == 429
    assert "Send the rest tomorrow" in words(answer.text)
    assert WORDS in words(answer.text)


def test_the_owner_of_the_address_confirms_the_notice_by_a_button(site: Site) -> None:
    receipt = notify(site, "MP-1")
    link = path_of(confirmation_link(site.runtime, site.marketplace_id, receipt.notice_id))
    visitor = a_visitor(site)
    page = visitor.get(link)
    assert "Somebody sent a notice with your e-mail address." in words(page.text)
    assert EMAIL not in page.text
    assert unconfirmed_count(site) == 1, "a mail scanner that loads the link confirms nothing"
    assert visitor.post(link, None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    answer = visitor.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, path_of(receipt.link))
    assert unconfirmed_count(site) == 0
    assert visitor.get(link + "x").status_code == 404


def unconfirmed_count(site: Site) -> int:
    with site.runtime.store.read() as connection:
        query = select(func.count()).select_from(notice).where(notice.c.confirmed_at.is_(None))
        return int(connection.execute(query).scalar_one())


def test_the_decision_stands_on_the_page_with_reasons_means_and_redress(site: Site) -> None:
    a_listing(site)
    visitor = a_visitor(site)
    link = send_notice(visitor, locations="MP-1")
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    assert "A decision was made and can still be undone." in words(visitor.get(link).text)
    site.clock.forward(seconds=UNDO_SECONDS)
    page = visitor.get(link)
    read = words(page.text)
    for text in ("The listing stays.", "the goods are genuine", "Automated means", "A trained person", "Your options"):
        assert text in read
    for hidden in (site.analyst.name, "closet-mia", "probability", "points", "lane"):
        assert hidden not in page.text


def two_marketplaces(site: Site) -> Marketplace:
    """Bazaar shows MP-1 at its own host; Elsewhere has other listings under the same ids at another host."""
    a_listing(site, link="https://www.bazaar.example/item/MP-1")
    elsewhere = provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="USD", by="test")
    for name in ("MP-1", "EL-7"):
        row = a_suspect_row(external_id=name, link=f"https://elsewhere.example/p/{name}")
        receive_rows(site.runtime, elsewhere, [row], source="test")
    return elsewhere


WHERE: list[tuple[dict[str, str], str | None, str]] = [
    ({"locations": "https://bazaar.example/item/MP-1"}, "Bazaar", "the host of the listing's own address"),
    ({"locations": "https://elsewhere.example/p/MP-1?from=mail"}, "Elsewhere", "the other host, the same id"),
    ({"locations": "EL-7"}, "Elsewhere", "an id that one marketplace has"),
    ({"locations": "MP-1"}, None, "an id that both have"),
    ({"locations": "https://unknown.example/x/1"}, None, "an address that names no listing"),
    ({"locations": "https://bazaar.example/item/MP-1\nEL-7"}, "Bazaar", "an address before an id"),
    (
        {"locations": "https://bazaar.example/item/MP-1\nhttps://elsewhere.example/p/EL-7"},
        None,
        "addresses of two marketplaces",
    ),
    ({"locations": "MP-1", "marketplace": "Elsewhere"}, "Elsewhere", "the link on the listing's page said it"),
    ({"locations": "https://unknown.example/x/1", "marketplace": "Bazaar"}, "Bazaar", "and the listing is unknown"),
    ({"locations": "EL-7", "marketplace": "Souk"}, None, "a name that no marketplace has"),
]


@pytest.mark.parametrize(("changes", "expected", "_why"), WHERE)
def test_the_listings_or_the_link_tell_the_marketplace_and_no_name_is_told(
    site: Site, changes: dict[str, str], expected: str | None, _why: str
) -> None:
    two_marketplaces(site)
    answer = a_visitor(site).post("/notice", {**FIELDS, **changes, "accepted": changes["locations"]})
    with site.runtime.store.read() as connection:
        marketplace_ids = connection.execute(select(notice.c.marketplace_id)).scalars()
        places = [marketplaces.get(connection, marketplace_id).name for marketplace_id in marketplace_ids]
    assert places == ([expected] if expected else [])
    assert answer.status_code == (303 if expected else 422)
    if expected is None:
        assert "This address does not tell us the marketplace." in words(answer.text)
        assert "Bazaar" not in answer.text
        assert changes.get("marketplace") == "Elsewhere" or "Elsewhere" not in answer.text


def test_a_stranger_learns_the_name_of_no_marketplace(site: Site) -> None:
    two_marketplaces(site)
    visitor = a_visitor(site)
    body = {"explanation": WORDS, "locations": ["X"], "name": "A", "email": "a@b.example", "good_faith": True}
    for text in (
        visitor.get("/notice").text,
        visitor.get("/notice?offer=MP-1").text,
        visitor.post("/notice", {**FIELDS, "marketplace": "?"}).text,
        visitor.client.post("/api/v1/notices", json={**body, "reason_code": "design"}).text,
        visitor.client.post("/api/v1/notices", json={**body, "reason_code": "design", "marketplace": "?"}).text,
    ):
        assert "Bazaar" not in text
        assert "Elsewhere" not in text


def test_another_site_cannot_notify_in_a_visitors_name(site: Site) -> None:
    assert a_visitor(site).post("/notice", FIELDS, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert site.count(notice) == 0


@pytest.mark.parametrize("unstorable", ["\x00", "\ud800"])
def test_what_no_database_can_hold_is_refused(site: Site, unstorable: str) -> None:
    body = urlencode({**FIELDS, "name": f"A{unstorable}"}, errors="surrogatepass")
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    answer = a_visitor(site).client.post("/notice", content=body, headers=headers)
    assert answer.status_code in {200, 303, 422}
    assert site.count(notice) == (answer.status_code == 303)


def test_a_link_that_leads_nowhere_says_so_and_no_more(site: Site) -> None:
    a_listing(site)
    link = notify(site, "MP-1").link
    other = notify(site, "MP-1", email="other@example.org").link
    swapped = link.rpartition(".")[0] + "." + other.rpartition(".")[2]
    answers = [a_visitor(site).get(path).status_code for path in (link, link[:-1], link + "A", swapped, "/notice/x")]
    assert answers == [200, 404, 404, 404, 404]


def test_the_link_is_not_in_the_log_when_something_fails(site: Site) -> None:
    link = notify(site, "MP-1").link
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("DROP TABLE notice_item")
    with capture_logs() as lines:
        assert a_visitor(site).get(link).status_code == 500
    assert {line["route"] for line in lines} == {"/notice/{token}"}
    assert link[-43:] not in str(lines)


def test_the_analyst_reads_what_was_notified_and_not_by_whom(site: Site) -> None:
    a_listing(site)
    notify(site, "MP-1", explanation=HOSTILE)
    (case,) = open_cases(site)
    visitor = visit_as(site, site.analyst)
    assert "External notice" in words(visitor.get("/queue").text)
    page = visitor.get(f"/cases/{case.case_id}").text
    read = words(page)
    assert "Unregistered reporter" in read
    assert WORDS in read
    assert "<script>alert" not in page
    for hidden in (EMAIL, "Anna Berg"):
        assert hidden not in page


RIGHT = {
    "right_kind": "design",
    "right_office": "EUIPO",
    "right_number": "008812345-0001",
    "right_owner": "Aurelle SA <b>",
    "by_power_of_attorney": "yes",
}


def test_the_analyst_and_the_notifier_read_the_right_that_was_named(site: Site) -> None:
    a_listing(site)
    visitor = a_visitor(site)
    refused = visitor.post("/notice", {**FIELDS, **RIGHT, "right_kind": "patent", "locations": "MP-1"})
    assert (refused.status_code, "Choose the kind of the right" in words(refused.text)) == (422, True)
    refused = visitor.post("/notice", {**FIELDS, **RIGHT, "right_owner": "x" * 201, "locations": "MP-1"})
    assert refused.status_code == 422
    assert 'value="008812345-0001"' in refused.text
    page = visitor.get(send_notice(visitor, **RIGHT, locations="MP-1"))
    assert "Right Design, EUIPO, 008812345-0001, Aurelle SA <b>" in words(page.text)
    assert "You act for the owner by power of attorney." in words(page.text)
    assert "SA <b>" not in page.text
    (case,) = open_cases(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}")
    assert "Right named: design, EUIPO, 008812345-0001, Aurelle SA <b>" in words(page.text)
    assert "The notifier states a power of attorney." in words(page.text)
    assert "SA <b>" not in page.text


def test_a_notice_that_names_no_right_shows_none(site: Site) -> None:
    a_listing(site)
    visitor = a_visitor(site)
    assert "by power of attorney" not in visitor.get(send_notice(visitor, locations="MP-1")).text
    (case,) = open_cases(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert ("Right named" in page, "states a power of attorney" in page) == (False, False)


def test_the_analyst_ends_a_notice_that_is_none_and_the_notifier_reads_why(site: Site) -> None:
    a_listing(site)
    notifier, analyst = a_visitor(site), visit_as(site, site.analyst)
    link = send_notice(notifier, locations="MP-1")
    (case,) = open_cases(site)
    page = analyst.get(f"/cases/{case.case_id}").text
    address = next(path for path in re.findall(r'action="([^"]+)"', page) if path.endswith("/invalid"))
    assert analyst.post(address, {"reason": "because"}).status_code == 422
    assert visit_as(site, site.brand_person).post(address, {"reason": "spam"}).status_code == 403
    assert analyst.post(address, {"reason": "wrong_listing"}).headers["location"] == "/queue"
    assert open_cases(site) == []
    read = words(notifier.get(link).text)
    for text in ("Your notice of this listing is invalid.", "describes other goods", "You can also send a new notice"):
        assert text in read
    assert "Why the decision is wrong" in read, "the notifier can complain"
    assert "/invalid" not in analyst.get(f"/cases/{case.case_id}").text


def test_a_brand_that_is_asked_sees_nothing_of_the_notice(site: Site) -> None:
    a_listing(site)
    receipt = notify(site, "MP-1")
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    page = visit_as(site, site.brand_person).get("/brand").text
    assert case.case_id in page
    for hidden in (EMAIL, "Anna Berg", WORDS, receipt.notice_id):
        assert hidden not in page
    assert items_of(site, receipt)[0].case_id == case.case_id


def test_a_notifier_complains_on_the_page_within_six_months(site: Site) -> None:
    a_listing(site, **SOLENNE)
    visitor = a_visitor(site)
    link = send_notice(visitor, locations="MP-1")
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    assert "Why the decision is wrong" not in words(visitor.get(link).text)
    site.clock.forward(seconds=UNDO_SECONDS)
    assert "Until 3 September 2026, you can complain on this page, free of charge" in words(visitor.get(link).text)
    refused = visitor.post(link, {"listing": "7", "statement": "x"})
    assert refused.status_code == 404
    refused = visitor.post(link, {"listing": "1", "statement": " "})
    assert (refused.status_code, "Say why" in words(refused.text)) == (422, True)
    assert (
        visitor.post(link, {"listing": "1", "statement": WORDS}, **{"sec-fetch-site": "cross-site"}).status_code == 403
    )
    assert visitor.post(link, {"listing": "1", "statement": WORDS}).headers["location"] == link
    read = words(visitor.get(link).text)
    assert "You complained. A person who did not make the original decision is reviewing it." in read
    assert "Why the decision is wrong" not in read
    (contested,) = open_cases(site)
    judge(site, site.second_analyst, contested, Judgement.COUNTERFEIT)
    site.clock.forward(seconds=UNDO_SECONDS)
    read = words(visitor.get(link).text)
    assert "Your complaint was upheld." in read
    assert "The listing is removed." in read
    assert site.second_analyst.name not in read

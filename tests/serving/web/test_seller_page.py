"""The page behind a seller's link, as somebody without an account meets it."""

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import Response
from sqlalchemy import update
from structlog.testing import capture_logs

from models.messages.english import in_english
from models.verdict import Judgement
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState, Party
from serving.appeals.service.counter_notices import answer_as_rights_holder, apply_deadlines, open_counter_notices
from serving.appeals.service.seller_links import PLACE
from serving.appeals.store.counter_notices import CounterNotice, StoredStep
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language
from serving.takedowns.rules.statement import OverturnCause, Statement, amended_statement
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import action
from serving.web.case.seller_activity import current_deadline, possible_next_steps, seller_timeline
from serving.web.wording.translated import in_words
from tests.fixtures.receivers import a_receiver
from tests.fixtures.runtimes import Site, judge, open_cases
from tests.serving.appeals.service.test_appeal import removal_with_token
from tests.serving.appeals.service.test_counter_notices import counter_notice_of
from tests.serving.web.visits import Visitor, a_visitor, words
from tests.serving.webhooks.service.test_delivery import register

STATEMENT = "Bought from the authorised dealer in Lyon on 3 May; invoice 1177. <script>alert(1)</script>"


ANSWER = {"statement": STATEMENT}
AN_INVOICE = b"%PDF-1.4\n% Invoice 1177.\n%%EOF\n"


def upload(visitor: Visitor, path: str, content: bytes, **fields: str) -> Response:
    """Send the form of the page with a document."""
    return visitor.client.post(path, data=fields, files={"document": ("invoice.pdf", content)}, headers=visitor.headers)


def hidden_from_sellers(site: Site) -> tuple[str, ...]:
    """Who decided, who the seller is to us, and everything of the model."""
    people = (site.brand_person, site.analyst)
    named = [part for person in people for part in (person.name, person.email, person.user_id)]
    return (*named, "score", "feature", "probability", "lumo-trade-88", "Replica-grade", "points")


def a_link(site: Site) -> tuple[StoredAction, str]:
    with a_receiver() as receiver:
        register(site, receiver)
        removal, token = removal_with_token(site, receiver)
    open_counter_notices(site.runtime)
    return removal, PLACE + token


FIELDS = {
    "decision": "Decision",
    "territory": "Territorial scope",
    "duration": "Duration",
    "ground": "Ground",
    "right": "Mark and owner",
    "legal_ground": "Legal or contractual ground",
    "facts": "Facts",
    "source": "Source of the case",
    "automated_means": "Automated means",
    "redress": "Your options",
}


def test_the_page_gives_the_reasons_field_by_field_and_names_nobody(site: Site) -> None:
    removal, link = a_link(site)
    page = a_visitor(site).get(link)
    read = words(page.text)
    assert set(FIELDS) == set(removal.statement) == {field.name for field in dataclasses.fields(Statement)}
    for name, label in FIELDS.items():
        assert f"{label} {removal.statement[name]}" in read, name
    assert "Your account The removal counts as 1 strike against your account until " in read
    assert "Your listing was removed" in read
    assert "Answer by Friday, 6 March 2026" in read
    for hidden in hidden_from_sellers(site):
        assert hidden not in page.text


@pytest.mark.parametrize("undone", [False, True])
def test_a_statement_is_read_in_the_seller_s_language_and_sent_in_english(site: Site, undone: bool) -> None:
    removal, link = a_link(site)
    assert {name: in_english(message) for name, message in removal.statement_messages.items()} == removal.statement
    visitor = a_visitor(site)
    statements = [removal.statement_messages]
    if undone:
        visitor.post(link, {"event": "submit", "statement": STATEMENT})
        counter_notice_id = counter_notice_of(site, removal).counter_notice_id
        answer_as_rights_holder(site.runtime, site.brand_person, counter_notice_id, CounterNoticeEvent.CONCEDE, "")
        statements.append(amended_statement(OverturnCause.CONCEDED).filled_fields())
    page, english = (words(visitor.get(f"{link}?lang={language}").text) for language in ("ru", "en"))
    for name, message in ((name, message) for parts in statements for name, message in parts.items()):
        with showing_as(Display(language=Language("ru"))):
            assert in_words(message) in page, name
        assert in_english(message) not in page, name
        assert in_english(message) in english, name


def test_a_statement_without_messages_is_shown_as_it_was_sent(site: Site) -> None:
    removal, link = a_link(site)
    site.execute(update(action).values(statement_messages=None))
    page = words(a_visitor(site).get(f"{link}?lang=ru").text)
    for name in FIELDS:
        assert removal.statement[name] in page, name


def test_the_api_gives_the_same_fields_and_names_nobody(site: Site) -> None:
    removal, _ = a_link(site)
    visitor = a_visitor(site)
    headers = {"authorization": f"Bearer {site.key}"}
    address = f"/api/v1/actions/{removal.action_id}/statement"
    response = visitor.client.get(address, headers=headers)
    assert response.json()["statement"] == removal.statement
    assert response.json()["amendment"] is None
    assert "statement." not in response.text, "no code of a message"
    assert [name for name in FIELDS if not response.json()["statement"][name]] == []
    assert [hidden for hidden in hidden_from_sellers(site) if hidden in response.text] == []
    answered = {"listing_external_id": "MP-9", "external_id": "A-1", "statement": "They are genuine."}
    filed = visitor.client.post("/api/v1/appeals", json=answered, headers=headers)
    assert filed.json()["message"] == "A person who did not decide before will look at it."
    assert filed.json()["rule"].startswith("A first appeal against a removal is always heard.")
    (case,) = open_cases(site)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    amended = visitor.client.get(address, headers=headers).json()["amendment"]
    assert amended["decision"] == "The removal is undone. The listing is reinstated."
    assert visitor.client.get("/api/v1/actions/act_none/statement", headers=headers).status_code == 404


def test_nothing_of_the_page_is_kept_or_told_to_other_sites(site: Site) -> None:
    _, link = a_link(site)
    headers = a_visitor(site).get(link).headers
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_seller_answers_and_reads_what_the_rights_holder_says(site: Site) -> None:
    removal, link = a_link(site)
    visitor = a_visitor(site)
    assert visitor.post(link, {"event": "submit", "statement": STATEMENT}).headers["location"] == link
    page = visitor.get(link)
    assert "The rights holder is reviewing your answer" in words(page.text)
    assert "<script>alert" not in page.text
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_RIGHTS_HOLDER
    counter_notice_id = counter_notice_of(site, removal).counter_notice_id
    reasons = "The stitching is not ours."
    answer_as_rights_holder(site.runtime, site.brand_person, counter_notice_id, CounterNoticeEvent.MAINTAIN, reasons)
    read = words(visitor.get(link).text)
    assert "The rights holder maintains the removal" in read
    assert "You can answer again, or appeal" in read
    assert "Your listing was removed" not in read
    assert reasons in read
    assert site.brand_person.name not in read


def test_an_answer_that_is_refused_is_not_lost(site: Site) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    site.clock.forward(days=7)
    apply_deadlines(site.runtime)
    answer = visitor.post(link, {"event": "submit", "statement": STATEMENT})
    assert answer.status_code == 409
    assert "The time for a counter-notice has passed" in words(answer.text)
    assert "invoice 1177" in words(answer.text)
    assert visitor.post(link, {"event": "concede", "statement": STATEMENT}).status_code == 422
    assert visitor.post(link, {"event": "submit", "statement": "  "}).status_code in {409, 422}


def test_the_typed_text_survives_the_upload_of_a_document(site: Site) -> None:
    removal, link = a_link(site)
    visitor = a_visitor(site)
    page = visitor.get(link).text
    assert f'action="{link}" enctype="multipart/form-data" id="reply"' in page
    assert 'name="document" form="reply"' in page
    assert f'form="reply" formaction="{link}/documents" formnovalidate' in page
    sent = upload(visitor, f"{link}/documents", AN_INVOICE, **ANSWER)
    assert sent.status_code == 200
    assert "invoice 1177" in words(sent.text)
    assert "invoice.pdf" in words(sent.text)
    assert "SHA-256" not in sent.text
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_SELLER


def test_a_document_chosen_beside_an_answer_is_sent_with_it_or_neither_is(site: Site) -> None:
    removal, link = a_link(site)
    visitor = a_visitor(site)
    refused = upload(visitor, link, b"text", event="submit", **ANSWER)
    assert refused.status_code == 422
    assert "invoice 1177" in words(refused.text)
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_SELLER
    assert upload(visitor, link, AN_INVOICE, event="submit", **ANSWER).status_code == 303
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_RIGHTS_HOLDER
    assert "invoice.pdf" in words(visitor.get(link).text)


def test_an_answer_can_be_withdrawn(site: Site) -> None:
    removal, link = a_link(site)
    visitor = a_visitor(site)
    assert "Withdraw answer" not in words(visitor.get(link).text)
    visitor.post(link, {"event": "submit", "statement": STATEMENT})
    visitor.post(link, {"event": "withdraw"})
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITHDRAWN


def test_an_appeal_goes_to_a_person_and_its_end_stands_on_the_page(site: Site) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    visitor.post(link, {"event": "appeal", "statement": STATEMENT})
    read = words(visitor.get(link).text)
    assert "An independent reviewer is deciding" in read
    assert "Send answer" not in read
    (case,) = open_cases(site)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    read = words(visitor.get(link).text)
    assert "The removal is undone" in read
    assert "The earlier decision does not count against the seller" in read
    assert site.second_analyst.name not in read


def test_a_link_that_leads_nowhere_says_so_and_no_more(site: Site) -> None:
    _, link = a_link(site)
    answers = [a_visitor(site).get(path) for path in (link[:-1], PLACE + "x", link + "A")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert a_visitor(site).post(link[:-1], {"event": "submit", "statement": STATEMENT}).status_code == 404


def test_another_site_cannot_answer_for_the_seller(site: Site) -> None:
    removal, link = a_link(site)
    refused = a_visitor(site).post(
        link, {"event": "submit", "statement": STATEMENT}, **{"sec-fetch-site": "cross-site"}
    )
    assert refused.status_code == 403
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_SELLER


def test_the_link_is_not_in_the_log_when_something_fails(site: Site) -> None:
    _, link = a_link(site)
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("DROP TABLE seller_link")
    with capture_logs() as lines:
        assert a_visitor(site).get(link).status_code == 500
    assert {line["route"] for line in lines} == {"/seller/{token}"}
    assert link.removeprefix(PLACE)[-43:] not in str(lines)


def test_the_marketplace_asks_for_another_link_and_ends_it(site: Site) -> None:
    removal, link = a_link(site)
    visitor = a_visitor(site)
    headers = {"authorization": f"Bearer {site.key}"}
    address = f"/api/v1/actions/{removal.action_id}/seller-link"
    again = visitor.client.post(address, headers=headers).json()["seller_link"]
    assert (visitor.get(link).status_code, visitor.get(again).status_code) == (404, 200)
    assert visitor.client.delete(address, headers=headers).json() == {"revoked": 1}
    assert visitor.get(again).status_code == 404
    assert visitor.client.post(address).status_code == 401


# How a matter has gone and can go on, by the rules that hold for it.

TOLD_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)  # A Monday.
_S, _E = CounterNoticeState, CounterNoticeEvent
IF_RIGHT = "If your answer is upheld, the listing is reinstated and the removal does not count against you."


def a_counter_notice(profile: str = "alibaba_like", **changes: object) -> CounterNotice:
    counter_notice = CounterNotice(
        marketplace_id="mkt_1",
        counter_notice_id="cnt_1",
        action_id="act_1",
        listing_id="lst_1",
        brand_id="brd_1",
        profile=profile,
        country=None,
        state=_S.WITH_SELLER,
        round=1,
        revision=1,
        informed_at=TOLD_AT,
        due_at=datetime(2026, 3, 6, 12, tzinfo=UTC),
        first_answered_at=None,
    )
    return replace(counter_notice, **changes)  # type: ignore[arg-type]  # fields of the record


def a_step(event: CounterNoticeEvent, party: Party, text: str | None, hours: int) -> StoredStep:
    return StoredStep(1, 1, party, event, _S.WITH_RIGHTS_HOLDER, text, TOLD_AT + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("counter_notice", "lines"),
    [
        (None, ()),  # The seller has not been told yet.
        (
            a_counter_notice(),
            (
                (
                    "If you answer, the rights holder has 4 business days to reply. If it does not reply, your "
                    "listing is reinstated."
                ),
                "If it maintains the removal, you can answer again.",
                IF_RIGHT,
            ),
        ),
        (
            a_counter_notice(round=3),  # The last round: a later one gives other days, and a person comes next.
            (
                (
                    "If you answer, the rights holder has 7 business days to reply. If it does not reply, your "
                    "listing is reinstated."
                ),
                "If it maintains the removal, a person who did not make the original decision decides.",
                IF_RIGHT,
            ),
        ),
        (
            a_counter_notice(state=_S.WITH_RIGHTS_HOLDER),
            ("If it maintains the removal, you can answer again.", IF_RIGHT),
        ),
        (  # Nobody asks the rights holder there.
            a_counter_notice("dsa"),
            ("If you answer, a marketplace reviewer who did not make the original decision reads it.", IF_RIGHT),
        ),
        (a_counter_notice(state=_S.WITH_REVIEWER), ()),  # What follows is one person's to say.
        (a_counter_notice(state=_S.UPHELD), ()),
        (a_counter_notice(state=_S.LAPSED), ()),
    ],
)
def test_what_comes_next_is_what_the_rules_say(counter_notice: CounterNotice | None, lines: tuple[str, ...]) -> None:
    assert possible_next_steps(counter_notice) == lines


@pytest.mark.parametrize("profile", ["dmca_like", "china_article_43"])
def test_where_reasons_are_not_enough_a_seller_reads_that_a_court_is(profile: str) -> None:
    assert "The removal continues only if the rights holder goes to court." in possible_next_steps(
        a_counter_notice(profile)
    )


def test_everything_that_happened_stands_in_the_order_of_its_time() -> None:
    steps = [
        a_step(_E.SUBMIT, Party.SELLER, "They are genuine.", 5),
        a_step(_E.MAINTAIN, Party.RIGHTS_HOLDER, "They are not.", 30),
        a_step(_E.PASS_DEADLINE, Party.CLOCK, None, 90),
    ]
    events = seller_timeline(a_counter_notice(), steps, [])
    assert [event.what for event in events] == [
        "The marketplace removed the listing and told you.",
        "You answered.",
        "The rights holder maintains the removal.",
        "The time to answer passed.",
    ]
    assert [event.when for event in events][:2] == ["2 March 2026, 09:00 UTC", "2 March 2026, 14:00 UTC"]
    assert [event.is_sellers for event in events] == [False, True, False, False]
    assert [event.text is not None for event in events] == [False, True, True, False]
    assert seller_timeline(None, [], []) == ()


@pytest.mark.parametrize(
    ("now", "time_left", "soon", "begun"),
    [
        (TOLD_AT, "4 days left", False, [False, False, False]),
        (TOLD_AT + timedelta(days=2), "2 days left", False, [True, True, False]),
        (datetime(2026, 3, 6, 10, 30, tzinfo=UTC), "1 hour left", True, [True, True, True]),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), "The deadline has passed.", True, [True, True, True]),
    ],
)
def test_a_deadline_says_what_is_left_and_never_more(
    now: datetime, time_left: str, soon: bool, begun: list[bool]
) -> None:
    countdown = current_deadline(a_counter_notice(), [], now)
    assert countdown is not None
    assert (countdown.at, countdown.time) == ("Friday, 6 March 2026", "12:00 UTC")
    assert (countdown.time_left, countdown.soon) == (time_left, soon)
    assert [day.name for day in countdown.days] == ["Tue 3", "Wed 4", "Thu 5"]
    assert [day.begun for day in countdown.days] == begun
    assert countdown.days_in_words == "Tue 3, Wed 4 and Thu 5"


def test_a_deadline_of_months_draws_no_days_and_none_is_drawn_where_none_runs() -> None:
    countdown = current_deadline(a_counter_notice("dsa", due_at=datetime(2026, 9, 3, 12, tzinfo=UTC)), [], TOLD_AT)
    assert countdown is not None
    assert countdown.days == ()
    assert current_deadline(a_counter_notice(due_at=None), [], TOLD_AT) is None
    assert current_deadline(None, [], TOLD_AT) is None

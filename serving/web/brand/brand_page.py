"""A brand's verification queue: one question per card, answered and undone with one click each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.case import CaseLane
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import people
from serving.accounts.store.accounts import Session
from serving.brands.rules.brand_record import window_start
from serving.brands.rules.certification import new_invitee_objection
from serving.brands.service.brand_records import figures_of, record_file
from serving.brands.service.certification import gate_of
from serving.brands.store import brand_answers, brands
from serving.brands.store.brands import Enrolment
from serving.cases.store import case_figures, queues
from serving.cases.store.case_figures import PersonVerdict
from serving.cases.store.queues import QueueFilter
from serving.guards import Member, TheRuntime, runtime_of
from serving.operations.service.simulation import Visits
from serving.platform.database.pools import in_fair_pool
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format
from serving.standing.policy import StandingPolicy
from serving.web import text_view
from serving.web.brand.figures_part import RecordPart, answering_pace, record_part
from serving.web.brand.questions import Question, RemovalsPart, question, removals_part
from serving.web.brand.standing_part import StandingCard, headline_of, standing_card, withheld_reason_of
from serving.web.case.effects import Effect, decision_input_of, effects
from serving.web.case.listing_page import shown_pictures
from serving.web.downloads import download
from serving.web.rendering import Page, respond, respond_part
from serving.web.text_view import ShownText
from serving.web.undo import Undo, undoable_verdicts
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import CHOICES, Choice
from serving.web.wording.words import DueWords

router = APIRouter(include_in_schema=False)
PAGE_SIZE: Final = 20
_MOST_PAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class UndoableAnswer:
    """An answer that can still be undone, with its listing."""

    undo: Undo
    title: ShownText
    price: str
    seller: ShownText | None


@dataclass(frozen=True, slots=True)
class DonePart(Page, template="parts/done.html", place="/brand"):
    """The latest answers with the time left to undo them; `more` counts those not shown."""

    done: tuple[UndoableAnswer, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Certification:
    """The state of the reader's certification: whether it is missing or about to expire."""

    may_confirm: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Manager:
    """The brand's account manager at a marketplace."""

    name: str
    initials: str
    email: str
    brand: str


@dataclass(frozen=True, slots=True)
class Count:
    """The number of answers of one kind."""

    choice: Choice
    number: int


@dataclass(frozen=True, slots=True)
class BrandPage(Page, template="brand.html", place="/brand"):
    """The queue of a brand's person, without data of any other brand."""

    brands: str
    headline: str
    pace: str | None
    questions: tuple[Question, ...]
    several_brands: bool
    oldest: DueWords | None
    before: int | None
    after: int | None
    done: DonePart
    removals: RemovalsPart
    standings: tuple[StandingCard, ...]
    record: RecordPart
    managers: tuple[Manager, ...]
    answered: tuple[Count, ...]
    answered_in_all: int
    effects: tuple[Effect, ...]
    answer_within_hours: int
    certification_state: Certification | None
    recently_invited: tuple[str, ...]


@router.get("/brand")
def get_brand(request: Request, runtime: TheRuntime, session: Member) -> HTMLResponse:
    number = request.query_params.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) <= 4 else 1
    shown = brand_page(runtime, session, min(max(page, 1), _MOST_PAGES))
    runtime.services[Visits].open([question.case_id for question in shown.questions])
    return respond(request, shown, session)


@router.get("/brand/done")
def get_done(request: Request, session: Member) -> HTMLResponse:
    """Refresh the latest answers."""
    return respond_part(request, done_part(runtime_of(request), session.person), session)


@router.get("/brand/removals")
def get_removals(request: Request, runtime: TheRuntime, session: Member) -> HTMLResponse:
    with runtime.store.read() as connection:
        part = removals_part(connection, session.person.brands(Permission.ANSWER_QUESTIONS), runtime.clock.now())
    return respond_part(request, part, session)


@router.get("/brand/record.{form}")
@in_fair_pool
def get_record(runtime: TheRuntime, session: Member, form: Format) -> Response:
    """Download the record of the answers of the reader's brands."""
    with runtime.store.read() as connection:
        answers = brand_answers.answers_of(connection, session.person.brands(Permission.ANSWER_QUESTIONS))
    return download(form, f"answers-{runtime.clock.now().date().isoformat()}", record_file(form, answers))


def done_part(runtime: Runtime, person: Person) -> DonePart:
    answers = undoable_verdicts(runtime, person, Side.BRAND)
    return DonePart(
        tuple(_undoable_answer(answer, undo) for answer, undo in answers[:PAGE_SIZE]), max(0, len(answers) - PAGE_SIZE)
    )


def _undoable_answer(answer: PersonVerdict, undo: Undo) -> UndoableAnswer:
    content = answer.content
    title = text_view.show(content.get("title") or answer.external_id)
    seller = text_view.show(answer.seller_external_id) if answer.seller_external_id else None
    return UndoableAnswer(undo, title, words.named_price(content), seller)


def brand_page(runtime: Runtime, session: Session, page: int) -> BrandPage:
    person, now = session.person, runtime.clock.now()
    pairs = person.brands(Permission.ANSWER_QUESTIONS)
    queue_filter = QueueFilter(frozenset(place for place, _ in pairs), (CaseLane.ASK_BRAND,), pairs)
    offset = (page - 1) * PAGE_SIZE
    with runtime.store.read() as connection:
        enrolled = _enrolments(connection, pairs)
        rows = queues.queue(connection, queue_filter, most=PAGE_SIZE, offset=offset)
        facts = case_figures.facts_of_many(connection, [(row["marketplace_id"], row["facts_digest"]) for row in rows])
        before = answers_before(connection, pairs, rows)
        waiting = case_figures.open_questions(connection, pairs)
        answers = case_figures.answers_in_force(connection, pairs)
        removals = removals_part(connection, pairs, now)
        cards = tuple(
            standing_card(runtime, connection, pair, enrolment.name, now)
            for pair, enrolment in sorted(enrolled.items(), key=lambda enrolled_pair: enrolled_pair[1].name)
        )
        given_answers = brand_answers.answers_of(connection, pairs)
        gate = gate_of(runtime, connection, person, now)
        begins = [people.confirms_from(connection, person.user_id, pair) for pair in sorted(pairs)]
        waits = [wait for begin in begins if (wait := new_invitee_objection(begin, now)) is not None]
    size = sum(questions.number for questions in waiting.values())
    names = sorted({enrolment.name for enrolment in enrolled.values()})
    policy, days = runtime.policies[EnforcementPolicy], runtime.policies[StandingPolicy].window_days
    figures = figures_of(given_answers, window_start(now, days))
    counted = _answer_counts(answers)
    decision_input = decision_input_of(CaseLane.ASK_BRAND, Side.BRAND, words.join_list(names), can_be_asked=True)
    return BrandPage(
        brands=words.join_list(names),
        headline=headline_of(size),
        pace=answering_pace(figures, days),
        questions=tuple(
            question(
                row, row_facts, now, before.get(question_key(row)), shown_pictures(runtime, row["case_id"], row_facts)
            )
            for row in rows
            for row_facts in [facts[row["marketplace_id"], row["facts_digest"]]]
        ),
        several_brands=len(names) > 1,
        oldest=words.due(min(questions.oldest_due_at for questions in waiting.values()), now) if waiting else None,
        before=page - 1 if page > 1 else None,
        after=page + 1 if offset + PAGE_SIZE < size else None,
        done=done_part(runtime, person),
        removals=removals,
        standings=cards,
        record=record_part(figures, days),
        managers=_managers(enrolled),
        answered=counted,
        answered_in_all=sum(answer_count.number for answer_count in counted),
        effects=effects(replace(decision_input, withheld=withheld_reason_of(cards)), policy),
        answer_within_hours=policy.brand_answers_within_hours,
        certification_state=None if gate.open and not gate.warned else Certification(gate.open, in_words(gate.reason)),
        recently_invited=tuple(dict.fromkeys(map(in_words, waits))),
    )


def answers_before(
    connection: Connection, pairs: frozenset[Pair], rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str, str], dict[Judgement, int]]:
    """The brands' earlier answers about the sellers of these questions."""
    sellers = {row["seller_external_id"] for row in rows if row["seller_external_id"]}
    return brand_answers.about_sellers(connection, pairs, sellers)


def question_key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """A question's marketplace, brand and seller."""
    return row["marketplace_id"], row["brand_id"], row["seller_external_id"] or ""


def _enrolments(connection: Connection, pairs: frozenset[Pair]) -> dict[Pair, Enrolment]:
    enrolments = {}
    for marketplace_id in {place for place, _ in pairs}:
        for brand_id, enrolment in brands.enrolments(connection, marketplace_id).items():
            if (marketplace_id, brand_id) in pairs:
                enrolments[marketplace_id, brand_id] = enrolment
    return enrolments


def _managers(enrolled: Mapping[Pair, Enrolment]) -> tuple[Manager, ...]:
    managers = {
        Manager(
            enrolment.account_manager,
            words.initials(enrolment.account_manager),
            enrolment.account_manager_email,
            enrolment.name,
        )
        for enrolment in enrolled.values()
    }
    return tuple(sorted(managers, key=lambda manager: (manager.brand, manager.name)))


def _answer_counts(answers: Mapping[Pair, Mapping[Judgement, int]]) -> tuple[Count, ...]:
    numbers = {choice: sum(answer.get(choice.judgement, 0) for answer in answers.values()) for choice in CHOICES}
    return tuple(Count(choice, number) for choice, number in numbers.items() if number)

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from features.message import Message, message
from models.messages.english import in_english
from models.verdict import Judgement, ReasonCode, reason_message
from serving.brands.policy import DEFAULT_ENROLMENT
from serving.standing.policy import DEFAULT_STANDING, StandingPolicy
from serving.standing.rules.confirmations import (
    BrandAnswer,
    Outcome,
    Ruling,
    Tally,
    outcome_of,
    settled_answers,
    surely_above,
    surely_at_least,
    surely_below,
    tallies,
)
from serving.standing.rules.enrolment import FirstPhase, Phase, limit_effect, stage
from serving.standing.rules.standing import (
    IN_GOOD_STANDING,
    Effect,
    Finding,
    Level,
    Standing,
    StoredLevel,
    effect,
    outlook,
    standing,
)
from tests.fixtures.clocks import NOW
from tests.models import standing_reference as twin

FAKE, REAL, GREY, UNSURE = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.GREY_MARKET, Judgement.CANNOT_TELL
MARK, DESIGN = ReasonCode.TRADEMARK_COUNTERFEIT, ReasonCode.DESIGN
LATER = NOW + timedelta(days=1)


def confirmed_answer(days_ago: float = 10.0, *, code: ReasonCode = MARK, at_once: bool = True) -> BrandAnswer:
    return BrandAnswer(FAKE, code, NOW - timedelta(days=days_ago), at_once)


RIGHT = confirmed_answer()
WRONG = replace(confirmed_answer(at_once=False), analyst=Ruling(REAL, NOW - timedelta(days=9)))
BACK = replace(confirmed_answer(), overturned_at=NOW - timedelta(days=8))


def past_answers(accepted: int, rejected: int = 0, overturned: int = 0, code: ReasonCode = MARK) -> list[BrandAnswer]:
    kinds = ((RIGHT, accepted), (WRONG, rejected), (BACK, overturned))
    return [answer for kind, number in kinds for answer in [replace(kind, reason_code=code)] * number]


def standing_of(answers: list[BrandAnswer], kept_level: StoredLevel | None = None, as_of: datetime = NOW) -> Standing:
    return standing(answers, kept_level=kept_level, as_of=as_of, policy=DEFAULT_STANDING)


PASSED_ON = confirmed_answer(at_once=False)
BECAME: list[tuple[BrandAnswer, tuple[Outcome, datetime] | None, str]] = [
    (RIGHT, (Outcome.ACCEPTED, RIGHT.at), "removed, and nobody objected"),
    (PASSED_ON, None, "passed on and undecided"),
    (replace(PASSED_ON, analyst=Ruling(FAKE, LATER)), (Outcome.ACCEPTED, LATER), "an analyst agreed"),
    (replace(PASSED_ON, analyst=Ruling(REAL, LATER)), (Outcome.REJECTED, LATER), "an analyst found it genuine"),
    (
        replace(PASSED_ON, analyst=Ruling(Judgement.LICENSED, LATER)),
        (Outcome.REJECTED, LATER),
        "an analyst found a licence",
    ),
    (replace(PASSED_ON, analyst=Ruling(GREY, LATER)), None, "an analyst found it grey market"),
    (replace(PASSED_ON, analyst=Ruling(UNSURE, LATER)), None, "an analyst could not tell"),
    (replace(PASSED_ON, analyst=Ruling(Judgement.NEEDS_TEST_BUY, LATER)), None, "an analyst wants a test buy"),
    (replace(RIGHT, audit=Ruling(FAKE, LATER)), (Outcome.ACCEPTED, RIGHT.at), "the second review agreed"),
    (replace(RIGHT, audit=Ruling(UNSURE, LATER)), (Outcome.ACCEPTED, RIGHT.at), "the second review could not tell"),
    (replace(RIGHT, audit=Ruling(GREY, LATER)), (Outcome.ACCEPTED, RIGHT.at), "the second review found grey market"),
    (replace(RIGHT, audit=Ruling(REAL, LATER)), (Outcome.REJECTED, LATER), "the second review found it genuine"),
    (replace(RIGHT, audit=Ruling(Judgement.LICENSED, LATER)), (Outcome.REJECTED, LATER), "the second review: licensed"),
    (replace(RIGHT, waits=True), None, "the removal is pending approval"),
    (replace(RIGHT, waits=True, audit=Ruling(REAL, LATER)), None, "the second review came before the approval"),
    (replace(RIGHT, stopped_at=LATER), (Outcome.REJECTED, LATER), "withdrawn before it was sent"),
    (replace(RIGHT, overturned_at=LATER), (Outcome.OVERTURNED, LATER), "overturned"),
    (
        replace(PASSED_ON, analyst=Ruling(FAKE, NOW), overturned_at=LATER),
        (Outcome.OVERTURNED, LATER),
        "overturned although an analyst agreed",
    ),
    (
        replace(RIGHT, audit=Ruling(REAL, NOW), overturned_at=LATER),
        (Outcome.OVERTURNED, LATER),
        "an overturn counts once, not also as a rejection",
    ),
    (replace(RIGHT, judgement=GREY, at_once=False), None, "the brand says grey market"),
    (replace(RIGHT, judgement=UNSURE, at_once=False), None, "the brand cannot tell"),
    (replace(RIGHT, judgement=Judgement.NEEDS_TEST_BUY, at_once=False), None, "the brand wants a test buy"),
    (replace(RIGHT, judgement=REAL, at_once=False), None, "the brand accuses nobody"),
    (replace(PASSED_ON, judgement=GREY, analyst=Ruling(FAKE, NOW)), None, "grey market, and an analyst accuses"),
]


@pytest.mark.parametrize(("answer", "expected", "_why"), BECAME)
def test_an_answer_counts_as(answer: BrandAnswer, expected: tuple[Outcome, datetime] | None, _why: str) -> None:
    assert outcome_of(answer) == expected


RULED = Ruling(REAL, LATER)
SETTLED: list[tuple[BrandAnswer, BrandAnswer | None, str]] = [
    (replace(RIGHT, at=LATER), replace(RIGHT, at=LATER), "at the moment itself"),
    (replace(RIGHT, at=LATER + timedelta(seconds=1)), None, "an answer after the moment"),
    (replace(PASSED_ON, analyst=RULED), replace(PASSED_ON, analyst=RULED), "a decision at the moment"),
    (
        replace(PASSED_ON, analyst=Ruling(REAL, LATER + timedelta(seconds=1))),
        PASSED_ON,
        "a decision after the moment: undecided",
    ),
    (replace(RIGHT, audit=RULED), replace(RIGHT, audit=RULED), "a second review at the moment"),
    (replace(RIGHT, audit=Ruling(REAL, LATER + timedelta(seconds=1))), RIGHT, "a second review after the moment"),
    (replace(RIGHT, overturned_at=LATER), replace(RIGHT, overturned_at=LATER), "a reinstatement at the moment"),
    (replace(RIGHT, overturned_at=LATER + timedelta(seconds=1)), RIGHT, "a reinstatement after the moment"),
]


@pytest.mark.parametrize(("answer", "expected", "_why"), SETTLED)
def test_what_can_still_be_undone_does_not_count(answer: BrandAnswer, expected: BrandAnswer | None, _why: str) -> None:
    assert settled_answers([answer], by=LATER) == ([] if expected is None else [expected])


def test_an_overturn_counts_from_its_own_day() -> None:
    old = replace(confirmed_answer(170.0), overturned_at=NOW - timedelta(days=1))
    assert standing_of([old]).overall.tally == Tally(overturned=1)


WINDOW: list[tuple[float, int, str]] = [
    (0.0, 1, "now"),
    (89.9999, 1, "just within three months"),
    (90.0, 0, "three months ago"),
    (-0.0001, 0, "not yet"),
]


@pytest.mark.parametrize(("days_ago", "counted", "_why"), WINDOW)
def test_outcomes_of_three_months_count(days_ago: float, counted: int, _why: str) -> None:
    assert standing_of([confirmed_answer(days_ago)]).overall.tally.counted == counted


LEVELS: list[tuple[list[BrandAnswer], Level, str]] = [
    ([], Level.PROVISIONAL, "no record"),
    (past_answers(15), Level.PROVISIONAL, "15 of 15: 79.6 % at least"),
    (past_answers(16), Level.FULL, "16 of 16: 80.6 % at least"),
    (past_answers(34), Level.FULL, "34 of 34: 89.8 % at least"),
    (past_answers(35), Level.SELF_SERVICE, "35 of 35: 90.1 % at least"),
    (past_answers(48, 2), Level.FULL, "48 of 50: 86.5 % at least"),
    (past_answers(45, 5), Level.PROVISIONAL, "45 of 50: 78.6 % at least"),
    (past_answers(89, 10), Level.PROVISIONAL, "89 of 99 is below 90 %, and so few may be chance"),
    (past_answers(90, 10), Level.FULL, "90 of 100 is 90 %"),
    (past_answers(89, 11), Level.CAPPED, "89 of 100 is not"),
    (past_answers(9_000, 1_000), Level.FULL, "90 %"),
    (past_answers(8_999, 1_001), Level.CAPPED, "89.99 %"),
    (past_answers(9_500, 0, 500), Level.SELF_SERVICE, "5 % overturned"),
    (past_answers(9_499, 0, 501), Level.CAPPED, "5.01 % overturned"),
    (past_answers(19, 0, 1), Level.PROVISIONAL, "5 % of twenty overturned, too few to tell"),
    (past_answers(9, 0, 1), Level.PROVISIONAL, "one of ten overturned may be chance"),
    (past_answers(17, 0, 3), Level.CAPPED, "three of twenty overturned is not"),
    (past_answers(18, 0, 3), Level.PROVISIONAL, "three of 21: 4.98 % at least"),
    (past_answers(0, 1, 1), Level.PROVISIONAL, "two first mistakes"),
    (past_answers(0, 2, 1), Level.CAPPED, "three mistakes and nothing else"),
    (past_answers(6, 4), Level.CAPPED, "four of ten rejected is beyond chance"),
    (past_answers(96, 4), Level.SELF_SERVICE, "96 of 100: 90.2 % at least"),
    (past_answers(95, 5), Level.FULL, "95 of 100: 88.8 % at least"),
    (
        [*past_answers(5_000), *past_answers(90, 10, code=DESIGN)],
        Level.SELF_SERVICE,
        "90 % in the one other reason code",
    ),
    (
        [*past_answers(5_000), *past_answers(89, 11, code=DESIGN)],
        Level.CAPPED,
        "89 % in one reason code, 99.8 % overall",
    ),
    ([*past_answers(5_000), *past_answers(94, 0, 6, code=DESIGN)], Level.CAPPED, "6 % overturned in one reason code"),
    ([*past_answers(5_000), *past_answers(8_999, 1_001, code=DESIGN)], Level.CAPPED, "89.99 % in one reason code"),
    ([*past_answers(5_000), *past_answers(9_499, 0, 501, code=DESIGN)], Level.CAPPED, "5.01 % in one reason code"),
    ([*past_answers(5_000), *past_answers(9_500, 0, 500, code=DESIGN)], Level.SELF_SERVICE, "5 % in one reason code"),
    ([*past_answers(5_000), *past_answers(9, 0, 1, code=DESIGN)], Level.PROVISIONAL, "in doubt in one reason code"),
    ([*past_answers(5_000), *past_answers(2, code=DESIGN)], Level.SELF_SERVICE, "a new reason code takes nothing away"),
]


@pytest.mark.parametrize(("answers", "level", "_why"), LEVELS)
def test_outcomes_earn(answers: list[BrandAnswer], level: Level, _why: str) -> None:
    assert standing_of(answers).level is level


def audited_answers(right: int, wrong: int = 0, unsure: int = 0) -> list[BrandAnswer]:
    def looked(judgement: Judgement, number: int) -> list[BrandAnswer]:
        return [replace(RIGHT, audit=Ruling(judgement, NOW - timedelta(days=1)))] * number

    return [*looked(FAKE, right), *looked(REAL, wrong), *looked(UNSURE, unsure)]


AUDITED: list[tuple[list[BrandAnswer], Level, str]] = [
    ([*audited_answers(59), *past_answers(340, 40)], Level.SELF_SERVICE, "59 of 59"),
    ([*audited_answers(58), *past_answers(340, 40)], Level.FULL, "58 of 58 are too few"),
    ([*audited_answers(58, unsure=9), *past_answers(340, 40)], Level.FULL, "reviews that could not tell do not count"),
    ([*audited_answers(59, unsure=9), *past_answers(340, 40)], Level.SELF_SERVICE, "neither for nor against the brand"),
    ([*audited_answers(99, 1), *past_answers(340, 40)], Level.SELF_SERVICE, "99 of 100"),
    ([*audited_answers(97, 1), *past_answers(340, 40)], Level.FULL, "97 of 98: 98.98 %"),
]


@pytest.mark.parametrize(("answers", "level", "_why"), AUDITED)
def test_second_reviews_earn_self_service(answers: list[BrandAnswer], level: Level, _why: str) -> None:
    assert standing_of(answers).level is level


def level_since(level: Level, days: float) -> StoredLevel:
    return StoredLevel(level, NOW - timedelta(days=days))


GOOD, BAD = past_answers(200), past_answers(50, 50)
OLD_BAD = [replace(confirmed_answer(40.0 + index / 100), overturned_at=NOW - timedelta(days=5)) for index in range(10)]
PATH: list[tuple[list[BrandAnswer], StoredLevel | None, Level, str]] = [
    (BAD, None, Level.CAPPED, "lost at once"),
    (BAD, level_since(Level.SELF_SERVICE, 300), Level.CAPPED, "no suspension without a cap before it"),
    (GOOD, level_since(Level.CAPPED, 89.9), Level.CAPPED, "no re-entry before three months"),
    (GOOD, level_since(Level.CAPPED, 90), Level.SELF_SERVICE, "after three months by the same rule"),
    ([], level_since(Level.CAPPED, 90), Level.PROVISIONAL, "after three months without answers like a new brand"),
    (BAD, level_since(Level.CAPPED, 5), Level.CAPPED, "all mistakes precede the cap"),
    (BAD, level_since(Level.CAPPED, 20), Level.SUSPENDED, "the mistakes continued after the cap"),
    ([*past_answers(9, 1)], level_since(Level.CAPPED, 20), Level.CAPPED, "one mistake since is not enough"),
    (OLD_BAD, level_since(Level.CAPPED, 20), Level.CAPPED, "overturned since, but confirmed before"),
    (GOOD, level_since(Level.SUSPENDED, 89.9), Level.SUSPENDED, "no re-entry before three months"),
    (GOOD, level_since(Level.SUSPENDED, 90), Level.SELF_SERVICE, "after three months"),
    (BAD, level_since(Level.SUSPENDED, 200), Level.SUSPENDED, "still wrong after three months"),
]


@pytest.mark.parametrize(("answers", "kept_level", "level", "_why"), PATH)
def test_an_earlier_level_leads_to(
    answers: list[BrandAnswer], kept_level: StoredLevel | None, level: Level, _why: str
) -> None:
    assert standing_of(answers, kept_level).level is level


def test_one_reason_code_with_further_mistakes_is_enough_to_suspend() -> None:
    since = [*past_answers(5_000), *past_answers(50, 50, code=DESIGN)]
    assert standing_of(since, level_since(Level.CAPPED, 20)).level is Level.SUSPENDED


def test_an_unchanged_level_keeps_its_date_and_a_new_one_begins_now() -> None:
    kept_level = level_since(Level.FULL, 12)
    assert standing_of(past_answers(20), kept_level).since == kept_level.since
    assert standing_of(past_answers(200), kept_level).since == NOW


def test_lost_standing_has_the_date_of_its_earliest_return() -> None:
    kept_level = level_since(Level.CAPPED, 12)
    standing = standing_of(GOOD, kept_level)
    assert (standing.good, standing.returns_at) == (False, kept_level.since + timedelta(days=90))
    assert standing_of(BAD).returns_at == NOW + timedelta(days=90)
    assert standing_of(GOOD).returns_at is None


WARNED: list[tuple[list[BrandAnswer], bool, str]] = [
    ([], False, "no outcomes"),
    (past_answers(925, 75), False, "92.5 %"),
    (past_answers(924, 76), True, "92.4 %, still in good standing"),
    (past_answers(960, 0, 40), False, "4 % overturned"),
    (past_answers(959, 0, 41), True, "4.1 % overturned"),
    (past_answers(9, 0, 1), True, "in doubt"),
    ([*past_answers(900), *past_answers(92, 8, code=DESIGN)], True, "in one reason code"),
    (past_answers(80, 20), False, "lost standing has no warning"),
]


@pytest.mark.parametrize(("answers", "warned", "_why"), WARNED)
def test_a_brand_is_warned(answers: list[BrandAnswer], warned: bool, _why: str) -> None:
    standing = standing_of(answers)
    assert standing.warned is warned
    assert any(reason.code == "standing.warned" for reason in standing.reasons) is warned


EFFECTS: list[tuple[Level, int, bool, str]] = [
    (Level.SELF_SERVICE, 9_999, True, "0"),
    (Level.FULL, 9_999, True, "0.05"),
    (Level.PROVISIONAL, 9_999, True, "0.10"),
    (Level.CAPPED, 4, True, "0.10"),
    (Level.CAPPED, 5, False, "0"),
    (Level.SUSPENDED, 0, False, "0"),
]


@pytest.mark.parametrize(("level", "today", "at_once", "audit_share"), EFFECTS)
def test_the_effect_of_a_confirmation_by_level(level: Level, today: int, at_once: bool, audit_share: str) -> None:
    confirmation_effect = effect(replace(standing_of([]), level=level), at_once_today=today, policy=DEFAULT_STANDING)
    assert confirmation_effect == Effect(at_once, Decimal(audit_share), confirmation_effect.reason)
    assert confirmation_effect.reason.code.startswith("effect.")


def test_every_level_gives_its_reasons_and_every_broken_line_its_figures() -> None:
    for level in Level:
        kept_level = StoredLevel(level, NOW - timedelta(days=20))
        for answers in ([], GOOD, BAD, [*GOOD, *past_answers(89, 11, code=DESIGN)], past_answers(9, 0, 1)):
            standing = standing_of(answers, kept_level)
            sentences = [in_english(reason) for reason in standing.reasons]
            assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)
            off = [scope for scope in (standing.overall, *standing.by_reason) if scope.finding is not Finding.HOLDS]
            named = [
                reason for reason in standing.reasons if reason.code.startswith(("standing.counts.", "standing.code."))
            ]
            assert len(named) == len(off if len(standing.by_reason) > 1 else {scope.tally for scope in off})
    reasons = [in_english(reason) for reason in standing_of([*GOOD, *past_answers(89, 11, code=DESIGN)]).reasons]
    assert (
        "Reason code design: 89 of 100 accepted (89.00%), 11 rejected, 0 overturned (0.00%). "
        "The limits are 90% and 5%." in reasons
    )


def test_a_share_that_misses_a_limit_is_not_rounded_onto_it() -> None:
    messages = standing_of(past_answers(17_999, 2_001)).reasons + standing_of(past_answers(56_999, 0, 3_001)).reasons
    reasons = " ".join(map(in_english, messages))
    assert "(89.99%)" in reasons
    assert "(5.01%)" in reasons


def test_from_a_hundred_outcomes_on_shares_are_compared_directly() -> None:
    doubting = replace(DEFAULT_STANDING, full_lower_bound=Decimal("0.95"), self_service_lower_bound=Decimal("0.95"))
    levels = [standing(past_answers(n), kept_level=None, as_of=NOW, policy=doubting).level for n in (60, 99, 100)]
    assert levels == [Level.PROVISIONAL, Level.SELF_SERVICE, Level.SELF_SERVICE]
    assert standing(past_answers(90, 10), kept_level=None, as_of=NOW, policy=doubting).level is Level.FULL


def test_the_ends_are_wilsons_to_the_last_digit() -> None:
    exact = Decimal("1.96")
    for n in range(1, 300):
        for part in {n, n - 1, n * 9 // 10, n * 4 // 5, n // 2, n // 20, 1, 0}:
            p, z = part / n, 1.96
            root = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
            low, high = ((p + z * z / (2 * n) + end) / (1 + z * z / n) for end in (-root, root))
            for limit in (0.05, 0.8, 0.9):
                if min(abs(low - limit), abs(high - limit)) > 1e-9:
                    at = Decimal(str(limit))
                    assert surely_at_least(part, n, at, exact) is (low > limit)
                    assert surely_above(part, n, at, exact) is (low > limit)
                    assert surely_below(part, n, at, exact) is (high < limit)


def test_without_outcomes_no_limit_is_reached() -> None:
    assert not surely_at_least(0, 0, Decimal("0"), Decimal("1.96"))
    assert tallies([], after=NOW, until=NOW) == {None: Tally()}


@pytest.mark.parametrize("histories", [400, pytest.param(100_000, marks=pytest.mark.soak)])
def test_standing_agrees_with_an_independent_reference(histories: int) -> None:
    rng, seen = random.Random(histories), Counter[str]()
    for number in range(histories):
        rows, before = twin.history(rng)
        standing = standing_of([twin.brand_answer(row, NOW) for row in rows], twin.stored_level(before, NOW))
        assert standing.level == twin.reference(rows, before), (number, rows, before)
        for scope in standing.by_reason:
            alone = [row for row in rows if row.code is scope.reason_code]
            assert scope.level == twin.reference(alone, None), (number, scope)
        seen[standing.level] += 1
    assert min(seen[level] for level in Level) > histories / 50


def test_a_stricter_policy_never_raises_a_level() -> None:
    rng, order = random.Random(5), list(Level)
    strict = StandingPolicy(accepted_share=Decimal("0.95"), overturned_share=Decimal("0.01"))
    for _ in range(300):
        rows, _before = twin.history(rng)
        answers = [twin.brand_answer(row, NOW) for row in rows]
        stricter = standing(answers, kept_level=None, as_of=NOW, policy=strict)
        assert order.index(stricter.level) >= order.index(standing_of(answers).level)


def test_the_levels_in_good_standing_are_those_above_the_cap() -> None:
    assert list(Level)[:3] == sorted(IN_GOOD_STANDING, key=list(Level).index)


AT_ONCE = Effect(True, Decimal("0.05"), message("effect.full"))
WITHHELD = Effect(False, Decimal(0), message("effect.suspended"))


def first_phase(days_ago: float | None, outcomes: int, *, good: bool = True, full: bool = False) -> FirstPhase:
    briefed_at = None if days_ago is None else NOW - timedelta(days=days_ago)
    return FirstPhase(briefed_at, outcomes, good, NOW if full else None)


@pytest.mark.parametrize(
    ("enrolment", "phase", "expected"),
    [
        (first_phase(None, 0), Phase.INVITED, "phase.invited"),
        (first_phase(0, 0), Phase.FIRST, "phase.outcomes"),
        (first_phase(13.9, 500), Phase.FIRST, "phase.until"),  # Many outcomes of one morning are no history.
        (first_phase(400, 19), Phase.FIRST, "phase.outcomes"),  # Time alone is not enough.
        (first_phase(14, 20, good=False), Phase.FIRST, "phase.standing_lost"),
        (first_phase(14, 20), Phase.FULL, "phase.passed"),
        (first_phase(None, 0, full=True), Phase.FULL, "phase.over"),  # The end of the phase is permanent.
    ],
)
def test_a_brand_is_in_phase(enrolment: FirstPhase, phase: Phase, expected: str) -> None:
    assert stage(enrolment, NOW, DEFAULT_ENROLMENT).phase is phase
    assert expected in {reason.code for reason in stage(enrolment, NOW, DEFAULT_ENROLMENT).reasons}


@pytest.mark.parametrize(
    ("follows", "enrolment", "today", "at_once", "audit"),
    [
        (AT_ONCE, first_phase(0, 0, full=True), 99, True, "0.05"),  # In the full phase, standing alone decides.
        (AT_ONCE, first_phase(0, 0), 9, True, "0.10"),  # A larger share is audited.
        (AT_ONCE, first_phase(0, 0), 10, False, "0"),
        (WITHHELD, first_phase(0, 0), 0, False, "0"),  # A phase only restricts.
    ],
)
def test_the_first_phase_lets_a_confirmation(
    follows: Effect, enrolment: FirstPhase, today: int, at_once: bool, audit: str
) -> None:
    effect = limit_effect(
        follows, stage(enrolment, NOW, DEFAULT_ENROLMENT), at_once_today=today, policy=DEFAULT_ENROLMENT
    )
    assert (effect.at_once, effect.audit_share) == (at_once, Decimal(audit))


def test_the_limit_of_the_first_phase_is_the_reason() -> None:
    effect = limit_effect(
        AT_ONCE, stage(first_phase(0, 0), NOW, DEFAULT_ENROLMENT), at_once_today=10, policy=DEFAULT_ENROLMENT
    )
    assert effect.reason == message("effect.first_phase.used", n=10)


OUTLOOKS: list[tuple[list[BrandAnswer], tuple[Message, ...], str]] = [
    ([], (message("outlook.full", n=16), message("outlook.lost", n=3)), "a new brand"),
    (past_answers(20), (message("outlook.self_service", n=15), message("outlook.lost", n=4)), "20 of 20"),
    (past_answers(95), (message("outlook.lost", n=6),), "95 of 95: with six it has more than a hundred"),
    (
        [*past_answers(60), *past_answers(8, 0, 1, code=DESIGN)],
        (
            message("outlook.self_service.code", n=11, code=reason_message(DESIGN)),
            message("outlook.lost.code", n=2, code=reason_message(DESIGN)),
        ),
        "one reason code holds it back",
    ),
]


@pytest.mark.parametrize(("answers", "expected", "_why"), OUTLOOKS)
def test_the_outlook_of_a_standing(answers: list[BrandAnswer], expected: tuple[Message, ...], _why: str) -> None:
    assert outlook(standing_of(answers), DEFAULT_STANDING) == expected


def test_lost_standing_has_no_outlook_but_a_date_of_return() -> None:
    standing = standing_of([], StoredLevel(Level.SUSPENDED, NOW))
    assert outlook(standing, DEFAULT_STANDING) == ()
    assert standing.reasons[-1] == message("standing.returns", date=date(2026, 5, 31))

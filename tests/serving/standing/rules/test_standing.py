import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from features.message import Message, message
from models.messages.english import in_english
from models.verdict import Evidence, Judgement, ReasonCode, reason_message
from serving.standing.policy import DEFAULT_STANDING
from serving.standing.rules.audits import Pace, audit_share
from serving.standing.rules.record import Audit, AuditTally, Record, RemovalTally, Reversal, StoodRemovals
from serving.standing.rules.standing import Effect, Level, Standing, StoredLevel, effect, last_look, outlook, standing
from tests.fixtures.clocks import NOW
from tests.models import standing_reference as twin
from tests.serving.standing import simulated_year

FAKE, REAL, UNSURE = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.CANNOT_TELL
MARK, DESIGN = ReasonCode.TRADEMARK_COUNTERFEIT, ReasonCode.DESIGN
LOOK = last_look(NOW)
OLD = StoredLevel(Level.PROVISIONAL, NOW - timedelta(days=200))


def audits(
    right: int, wrong: int = 0, unsure: int = 0, *, code: ReasonCode = MARK, at: datetime = LOOK
) -> tuple[Audit, ...]:
    judged = ((FAKE, right), (REAL, wrong), (UNSURE, unsure))
    return tuple(
        Audit(code, at - timedelta(days=5), judgement, Evidence.DOCUMENTS, at)
        for judgement, number in judged
        for _ in range(number)
    )


def ended(stood: int, overturned: int = 0, *, code: ReasonCode = MARK, days_ago: float = 10.0) -> Record:
    """The ends of removals, without an audit."""
    at = NOW - timedelta(days=days_ago)
    reversal = Reversal(code, at - timedelta(days=5), at)
    return Record(reversals=(reversal,) * overturned, stood=(StoodRemovals(code, at.date(), stood),))


def undefended(stood: int, *clusters: str) -> Record:
    at = NOW - timedelta(days=10)
    reversals = tuple(Reversal(MARK, at - timedelta(days=15), at, cluster) for cluster in clusters)
    return replace(ended(stood), reversals=reversals)


def standing_of(record: Record, level_before: StoredLevel = OLD, as_of: datetime = NOW) -> Standing:
    return standing(record, kept_level=level_before, as_of=as_of, policy=DEFAULT_STANDING)


def level_since(level: Level, days: float) -> StoredLevel:
    return StoredLevel(level, NOW - timedelta(days=days))


FULL, SIGNED, SELF = (level_since(level, 200) for level in (Level.FULL, Level.SIGNED_VOLUME, Level.SELF_SERVICE))

COUNTS: list[tuple[Audit, bool | None, str]] = [
    (audits(1)[0], True, "found counterfeit"),
    (audits(0, 1)[0], False, "found genuine"),
    (replace(audits(1)[0], judgement=Judgement.LICENSED), False, "found licensed"),
    (audits(0, 0, 1)[0], None, "the analyst could not tell"),
    (replace(audits(1)[0], judgement=Judgement.GREY_MARKET), None, "grey market is a matter of policy"),
    (replace(audits(1)[0], judgement=Judgement.NEEDS_TEST_BUY), None, "a test buy is needed"),
    (replace(audits(1)[0], evidence=Evidence.LISTING), None, "right, but judged from the listing alone"),
    (replace(audits(0, 1)[0], evidence=Evidence.LISTING), None, "wrong, but judged from the listing alone"),
    (replace(audits(1)[0], evidence=Evidence.TEST_BUY), True, "judged from the goods"),
    (replace(audits(0, 1)[0], evidence=Evidence.SELLER_ANSWER), False, "judged from the seller's answer"),
]


@pytest.mark.parametrize(("audit", "right", "_why"), COUNTS)
def test_an_audit_counts_as(audit: Audit, right: bool | None, _why: str) -> None:
    assert audit.is_right is right
    tally = AuditTally(right is True, right is False, right is None)
    assert standing_of(Record(audits=(audit,))).overall.audits == tally


RISES: list[tuple[Record, StoredLevel, Level, str]] = [
    (Record(), OLD, Level.PROVISIONAL, "no record"),
    (ended(9_000), OLD, Level.PROVISIONAL, "removals that nobody contested prove nothing"),
    (Record(audits(28)), OLD, Level.PROVISIONAL, "28 audits"),
    (Record(audits(29)), OLD, Level.FULL, "29 without an error"),
    (Record(audits(29, unsure=50)), OLD, Level.FULL, "what the analysts could not tell counts neither way"),
    (Record(audits(44, 1)), OLD, Level.PROVISIONAL, "45 with one error"),
    (Record(audits(45, 1)), OLD, Level.FULL, "46 with one"),
    (Record(audits(73, 3)), OLD, Level.FULL, "76 with three"),
    (Record(audits(72, 3)), OLD, Level.PROVISIONAL, "75 with three"),
    (Record(audits(500)), OLD, Level.FULL, "one level at a time"),
    (Record(audits(58)), FULL, Level.FULL, "58 audits"),
    (Record(audits(59)), FULL, Level.SIGNED_VOLUME, "59 without an error"),
    (Record(audits(150, 3)), FULL, Level.SIGNED_VOLUME, "153 with three"),
    (Record(audits(148)), SIGNED, Level.SIGNED_VOLUME, "148 audits"),
    (Record(audits(149)), SIGNED, Level.SELF_SERVICE, "149 without an error"),
    (Record(audits(385, 3)), SIGNED, Level.SELF_SERVICE, "more than 386 with three"),
    (Record(audits(500)), SELF, Level.SELF_SERVICE, "nothing is above"),
    (Record(audits(29)), StoredLevel(Level.PROVISIONAL, LOOK), Level.PROVISIONAL, "the level began with this look"),
    (Record(audits(29, at=LOOK + timedelta(hours=1))), OLD, Level.PROVISIONAL, "audited after the weekly look"),
    (Record(audits(29, at=LOOK - timedelta(days=364))), OLD, Level.FULL, "audits of a year"),
    (Record(audits(29, at=LOOK - timedelta(days=365))), OLD, Level.PROVISIONAL, "audits of the year before"),
    (replace(ended(90, 6), audits=audits(29)), OLD, Level.PROVISIONAL, "no rise beyond a limit, even by chance"),
    (replace(ended(95, 5), audits=audits(29)), OLD, Level.FULL, "5 % overturned is within the limit"),
]


@pytest.mark.parametrize(("record", "level_before", "level", "_why"), RISES)
def test_audits_earn(record: Record, level_before: StoredLevel, level: Level, _why: str) -> None:
    assert standing_of(record, level_before).level is level


def test_a_rise_waits_for_monday() -> None:
    sunday = datetime(2026, 3, 8, 23, 59, tzinfo=UTC)
    record = Record(audits(29, at=sunday - timedelta(days=1)))
    assert standing_of(record, OLD, sunday).level is Level.PROVISIONAL
    assert standing_of(record, OLD, sunday + timedelta(minutes=1)).level is Level.FULL


FALLS: list[tuple[Record, StoredLevel, Level, str]] = [
    (Record(audits(0, 2)), FULL, Level.FULL, "two first mistakes"),
    (Record(audits(0, 3)), FULL, Level.CAPPED, "three mistakes and nothing else"),
    (Record(audits(7, 3)), FULL, Level.CAPPED, "three of ten is beyond chance"),
    (Record(audits(8, 3)), FULL, Level.FULL, "three of eleven may be chance"),
    (Record(audits(90, 10)), FULL, Level.FULL, "90 % is enough"),
    (Record((*audits(300, at=LOOK - timedelta(days=100)), *audits(7, 3))), SELF, Level.CAPPED, "a long good record"),
    (Record((*audits(60, at=LOOK - timedelta(days=40)), *audits(7, 3))), FULL, Level.CAPPED, "the audits of a month"),
    (Record(audits(7, 3, at=LOOK - timedelta(days=90))), FULL, Level.FULL, "mistakes of a quarter ago"),
    (Record(audits(150, 12)), SELF, Level.SELF_SERVICE, "7.4 % wrong, which may be 5 %"),
    (Record(audits(150, 16)), SELF, Level.SIGNED_VOLUME, "9.6 % wrong ends self-service"),
    (Record(audits(150, 16)), SIGNED, Level.SIGNED_VOLUME, "and no other level"),
    (ended(8_000, 421), FULL, Level.FULL, "5 % overturned"),
    (ended(8_000, 480), FULL, Level.CAPPED, "5.7 % overturned is beyond chance"),
    (ended(17, 3), FULL, Level.CAPPED, "three of twenty overturned"),
    (ended(18, 3), FULL, Level.FULL, "three of 21: 4.98 % at least"),
    (ended(0, 2), FULL, Level.FULL, "two overturned"),
    (ended(17, 3, days_ago=91), FULL, Level.FULL, "three months ago"),
    (undefended(0, "a", "b"), FULL, Level.FULL, "two counter-notices without an answer"),
    (undefended(5, "a", "b", "c"), FULL, Level.PROVISIONAL, "three of eight, of sellers who are not linked"),
    (undefended(42, *["ring"] * 15), FULL, Level.FULL, "linked sellers count once"),
    (undefended(42, *map(str, range(15))), SELF, Level.PROVISIONAL, "it costs levels, and not good standing"),
    (undefended(42, *map(str, range(15))), OLD, Level.PROVISIONAL, "which is what is left"),
]


@pytest.mark.parametrize(("record", "level_before", "level", "_why"), FALLS)
def test_a_record_ends(record: Record, level_before: StoredLevel, level: Level, _why: str) -> None:
    assert standing_of(record, level_before).level is level


def test_in_a_month_six_overturned_removals_and_a_share_beyond_chance_end_good_standing() -> None:
    before = ended(400, days_ago=60)

    def with_month(stood: int, overturned: int) -> Record:
        month = ended(stood, overturned)
        return replace(month, stood=(*before.stood, *month.stood))

    assert standing_of(with_month(20, 5), FULL).level is Level.FULL
    assert standing_of(with_month(40, 6), FULL).level is Level.CAPPED
    assert standing_of(with_month(60, 6), FULL).level is Level.FULL


WRONG = Record(audits(0, 3))
PATH: list[tuple[Record, StoredLevel, Level, str]] = [
    (Record(audits(200)), level_since(Level.CAPPED, 89.9), Level.CAPPED, "no re-entry before three months"),
    (Record(audits(200)), level_since(Level.CAPPED, 90), Level.PROVISIONAL, "then like a new brand"),
    (Record(audits(200)), level_since(Level.SUSPENDED, 89.9), Level.SUSPENDED, "no re-entry before three months"),
    (Record(audits(200)), level_since(Level.SUSPENDED, 90), Level.PROVISIONAL, "then like a new brand"),
    (WRONG, level_since(Level.CAPPED, 20), Level.SUSPENDED, "the mistakes went on after the fall"),
    (Record(audits(0, 2)), level_since(Level.CAPPED, 20), Level.CAPPED, "two are not enough"),
    (Record((*audits(50), *audits(0, 3, code=DESIGN))), level_since(Level.CAPPED, 20), Level.SUSPENDED, "in one code"),
    (WRONG, level_since(Level.SUSPENDED, 200), Level.SUSPENDED, "still wrong after three months"),
]


@pytest.mark.parametrize(("record", "level_before", "level", "_why"), PATH)
def test_a_lost_standing_leads_to(record: Record, level_before: StoredLevel, level: Level, _why: str) -> None:
    assert standing_of(record, level_before).level is level


def test_a_reason_code_beyond_a_limit_goes_to_an_analyst_and_the_others_remove_on() -> None:
    counted = standing_of(Record((*audits(300), *audits(1, 3, code=DESIGN))), FULL)
    assert (counted.level, counted.closed_codes) == (Level.SIGNED_VOLUME, frozenset({DESIGN}))
    closed = effect(counted, DESIGN, at_once_today=0, policy=DEFAULT_STANDING)
    assert closed == Effect(False, message("effect.closed_code", code=reason_message(DESIGN)))
    assert effect(counted, MARK, at_once_today=0, policy=DEFAULT_STANDING).at_once
    assert not standing_of(Record((*audits(300), *audits(8, 3, code=DESIGN))), FULL).closed_codes


def test_a_capped_brand_keeps_its_few_removals_for_every_reason() -> None:
    counted = standing_of(Record(audits(1, 3)), FULL)
    assert (counted.level, counted.closed_codes) == (Level.CAPPED, frozenset())


def test_an_unchanged_level_keeps_its_date_and_a_new_one_begins_now() -> None:
    assert standing_of(Record(), FULL).since == FULL.since
    assert standing_of(Record(audits(29))).since == NOW


def test_lost_standing_names_the_day_of_its_return_and_is_back_on_it() -> None:
    lost = standing_of(Record(audits(7, 3)), FULL)
    assert lost.returns_at == NOW + timedelta(days=90)
    assert lost.reasons[-1] == message("standing.returns", date=date(2026, 5, 31))
    back = standing_of(Record(), StoredLevel(lost.level, lost.since), lost.returns_at)
    assert (back.level, back.returns_at) == (Level.PROVISIONAL, None)
    assert outlook(lost, DEFAULT_STANDING) == ()


WARNED: list[tuple[Record, bool, str]] = [
    (Record(), False, "no outcomes"),
    (Record(audits(37, 3)), False, "92.5 % right"),
    (Record(audits(36, 3)), True, "92.3 % right"),
    (ended(96, 4), False, "4 % overturned"),
    (ended(95, 4), True, "4.04 % overturned"),
]


@pytest.mark.parametrize(("record", "warned", "_why"), WARNED)
def test_a_brand_is_warned(record: Record, warned: bool, _why: str) -> None:
    counted = standing_of(record, FULL)
    assert (counted.level, counted.warned) == (Level.FULL, warned)
    assert ("standing.warned" in {reason.code for reason in counted.reasons}) is warned


EFFECTS: list[tuple[Level, int, bool, Message]] = [
    (Level.SELF_SERVICE, 9_999, True, message("effect.self_service")),
    (Level.SIGNED_VOLUME, 9_999, True, message("effect.signed_volume")),
    (Level.FULL, 9_999, True, message("effect.full")),
    (Level.PROVISIONAL, 19, True, message("effect.provisional", n=20)),
    (Level.PROVISIONAL, 20, False, message("effect.provisional.used", n=20)),
    (Level.CAPPED, 4, True, message("effect.capped", n=5)),
    (Level.CAPPED, 5, False, message("effect.capped.used", n=5)),
    (Level.SUSPENDED, 0, False, message("effect.suspended")),
]


@pytest.mark.parametrize(("level", "today", "at_once", "reason"), EFFECTS)
def test_the_effect_of_a_confirmation_by_level(level: Level, today: int, at_once: bool, reason: Message) -> None:
    counted = replace(standing_of(Record()), level=level)
    assert effect(counted, MARK, at_once_today=today, policy=DEFAULT_STANDING) == Effect(at_once, reason)


def test_every_reason_is_a_sentence() -> None:
    records = [Record(), Record(audits(7, 3)), ended(17, 3), undefended(5, "a", "b", "c"), Record(audits(36, 3))]
    for level in Level:
        for record in records:
            counted = standing_of(record, level_since(level, 20))
            sentences = [in_english(reason) for reason in (*counted.reasons, *outlook(counted, DEFAULT_STANDING))]
            assert all(sentence[0] == sentence[0].upper() and sentence.endswith(".") for sentence in sentences)


def test_a_share_that_misses_a_limit_is_not_rounded_onto_it() -> None:
    reasons = standing_of(Record(audits(8_999, 1_001)), FULL).reasons + standing_of(ended(9_499, 501), FULL).reasons
    sentences = " ".join(map(in_english, reasons))
    assert "(89.9%)" in sentences
    assert "(5.1%)" in sentences


OUTLOOKS: list[tuple[Record, StoredLevel, tuple[Message, ...], str]] = [
    (Record(), OLD, (message("outlook.full", n=29), message("outlook.lost", n=3)), "a new brand"),
    (Record(audits(20, 1)), OLD, (message("outlook.full", n=25), message("outlook.lost", n=3)), "one was wrong"),
    (Record(audits(29, at=NOW)), OLD, (message("outlook.next_look"), message("outlook.lost", n=3)), "proven since"),
    (ended(95), SELF, (message("outlook.lost", n=10),), "nothing is above"),
]


@pytest.mark.parametrize(("record", "level_before", "expected", "_why"), OUTLOOKS)
def test_the_outlook_of_a_standing(
    record: Record, level_before: StoredLevel, expected: tuple[Message, ...], _why: str
) -> None:
    assert outlook(standing_of(record, level_before), DEFAULT_STANDING) == expected


SHARES: list[tuple[Record, Level, int, int, str, str]] = [
    (Record(), Level.PROVISIONAL, 1, 0, "1", "46 audits in 42 days are more than one a day"),
    (Record(), Level.PROVISIONAL, 5, 0, "0.219", "46 of 210"),
    (Record(), Level.PROVISIONAL, 100, 0, "0.05", "a twentieth is more than enough"),
    (Record(audits(29)), Level.FULL, 5, 0, "0.305", "64 more for 93"),
    (Record(audits(149)), Level.SIGNED_VOLUME, 5, 0, "0.414", "87 more for 236"),
    (Record(audits(500)), Level.SELF_SERVICE, 5, 0, "0.05", "a twentieth for ever"),
    (Record(), Level.CAPPED, 5, 0, "0.05", "no level is above"),
    (Record(), Level.PROVISIONAL, 1, 100, "0.05", "the marketplace has drawn its number of audits"),
    (Record(), Level.PROVISIONAL, 1, 99, "1", "one is left"),
]


def share_of(record: Record, level: Level, pace: int, *, days: int = 0, drawn: int = 0) -> Decimal:
    """The audited share of a brand that has its level for so many days."""
    counted = replace(standing_of(record), level=level, since=NOW - timedelta(days=days))
    confirmations, policy = Pace(28 * pace, NOW - timedelta(days=28)), DEFAULT_STANDING
    return audit_share(counted, confirmations, drawn_today=drawn, audits_a_day=100, as_of=NOW, policy=policy)


@pytest.mark.parametrize(("record", "level", "pace", "drawn", "share", "_why"), SHARES)
def test_so_large_a_share_is_audited(
    record: Record, level: Level, pace: int, drawn: int, share: str, _why: str
) -> None:
    assert share_of(record, level, pace, drawn=drawn) == Decimal(share)


def test_the_audits_that_are_missing_are_spread_over_the_days_that_are_left() -> None:
    shares = [share_of(Record(), Level.PROVISIONAL, 10, days=days) for days in (0, 20, 28, 41, 42)]
    assert shares == [*map(Decimal, ("0.110", "0.209", "0.329", "0.329", "0.110"))]


def test_a_brand_without_a_confirmation_has_the_pace_of_one_a_day() -> None:
    assert Pace().per_day(NOW) == Pace(1, NOW).per_day(NOW) == 1


@pytest.mark.parametrize("histories", [400, pytest.param(100_000, marks=pytest.mark.soak)])
def test_standing_agrees_with_an_independent_reference(histories: int) -> None:
    rng, levels = random.Random(histories), Counter[str]()
    for number in range(histories):
        record, level_before = twin.history(rng)
        counted = standing_of(record, level_before)
        expected = twin.reference(record, level_before.level, (NOW - level_before.since) / timedelta(days=1))
        assert (counted.level, {*counted.closed_codes}) == expected, (number, record, level_before)
        levels[counted.level] += 1
    assert set(levels) == set(Level)


def test_removals_are_counted_apart_from_audits() -> None:
    record = replace(ended(17, 2), waiting={MARK: 4}, audits=audits(3, 1, 2))
    counted = standing_of(record).overall
    assert counted.removals == RemovalTally(stood=17, overturned=2, waiting=4)
    assert counted.audits == AuditTally(3, 1, 2)


@pytest.mark.soak
def test_in_thirteen_simulated_years_standing_follows_what_brands_do() -> None:
    """Forty brands a year: honest, careless, malicious and patient ones, at one to a hundred removals a day."""
    simulated_year.check(simulated_year.simulate_years(13, simulated_year.PACES))

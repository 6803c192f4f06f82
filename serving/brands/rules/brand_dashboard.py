"""The results of a brand's answers in a period, in total and by sub-period."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models.labels import AppealState
from models.verdict import Judgement
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.brands.rules.brand_record import (
    AnswerFacts,
    AnswerFigures,
    AnswerOutcome,
    AnswerResult,
    answer_figures,
    result_of,
)

# Beyond some weeks, months are clearer than weeks, and fit on a page.
_WEEKS_UP_TO: Final = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class Period:
    """A part of a dashboard's period, from `begins` up to and excluding `ends`."""

    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in the period."""
        return self.begins <= at < self.ends


def periods_between(since: datetime, until: datetime) -> tuple[Period, ...]:
    """Weeks from Mondays, or calendar months where the span is long; the first and last period may be cut."""
    cuts = [since]
    while (ends := _next_period_start(cuts[-1], by_month=until - since > _WEEKS_UP_TO)) < until:
        cuts.append(ends)
    return tuple(Period(begins, ends) for begins, ends in zip(cuts, [*cuts[1:], until], strict=True))


def _next_period_start(at: datetime, *, by_month: bool) -> datetime:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if not by_month:
        return day + timedelta(days=7 - day.weekday())
    return day.replace(day=1, month=day.month % 12 + 1, year=day.year + (day.month == 12))


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of one period: their number, and how many of the confirmations ended in which way so far."""

    period: Period
    answers: int
    accepted: int
    rejected: int
    open: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """The number of answers that ended in one way for one reason, a code of the catalogue."""

    outcome: AnswerOutcome
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The figures of the answers in a period, and what they consist of; undone answers are in none of the parts."""

    figures: AnswerFigures
    judgements: Counter[Judgement]
    reasons: tuple[ReasonCount, ...]
    objections: Counter[str]
    parts: tuple[Part, ...]


_OPEN: Final = frozenset({AnswerOutcome.CONTESTED, AnswerOutcome.UNDERWAY})
_ORDER: Final = tuple(AnswerOutcome)


def dashboard(answers: Iterable[AnswerFacts], parts: Sequence[Period]) -> Dashboard:
    """The counts of the answers given within these periods."""
    begins, ends = parts[0].begins, parts[-1].ends
    period_answers = [answer for answer in answers if begins <= answer.answered_at < ends]
    standing = [answer for answer in period_answers if not answer.undone]
    endings = [(answer, result_of(answer)) for answer in standing]
    reasons = Counter((end.outcome, end.reason) for _, end in endings)
    return Dashboard(
        figures=answer_figures(period_answers),
        judgements=Counter(answer.judgement for answer in standing),
        reasons=tuple(
            ReasonCount(*key, number)
            for key, number in sorted(
                reasons.items(), key=lambda pair: (_ORDER.index(pair[0][0]), -pair[1], pair[0][1])
            )
        ),
        objections=Counter(
            objection_outcome(answer.appeal, answer.counter_notice) for answer in standing if answer.objected
        ),
        parts=tuple(_part(period, endings) for period in parts),
    )


def _part(period: Period, endings: Iterable[tuple[AnswerFacts, AnswerResult]]) -> Part:
    outcomes = Counter(end.outcome for answer, end in endings if period.holds(answer.answered_at))
    return Part(
        period,
        outcomes.total(),
        outcomes[AnswerOutcome.ACCEPTED],
        outcomes[AnswerOutcome.REJECTED],
        sum(outcomes[outcome] for outcome in _OPEN),
    )


_APPEALED: Final = {
    AppealState.OPEN: "objection.open",
    AppealState.UPHELD: "objection.upheld",
    AppealState.UNANSWERED: "objection.unanswered",
    AppealState.DISMISSED: "objection.dismissed",
}
_COUNTERED: Final = {
    CounterNoticeState.UPHELD: "objection.conceded",
    CounterNoticeState.DISMISSED: "objection.dismissed",
    CounterNoticeState.LAPSED: "objection.lapsed",
    CounterNoticeState.WITHDRAWN: "objection.withdrawn",
}


def objection_outcome(appeal: AppealState, counter_notice: CounterNoticeState | None) -> str:
    """How a seller's objection ended, on appeal or else in the counter-notice: a code of the catalogue."""
    if appeal in _APPEALED:
        return _APPEALED[appeal]
    return _COUNTERED.get(counter_notice, "objection.open") if counter_notice is not None else "objection.open"

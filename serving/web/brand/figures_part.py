"""The figures of a brand's answers in words: one formatter for every page that shows one of them."""

from dataclasses import dataclass
from typing import Final

from serving.brands.rules.brand_record import AnswerFigures, AnswerOutcome, Median
from serving.platform.tongues import NN_, number, say, say_many
from serving.web.wording import words

_ANSWERS: Final = NN_("of %(n)s answer", "of %(n)s answers")
_REMOVALS: Final = NN_("of %(n)s removal", "of %(n)s removals")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its base in words; an unknown figure is named as such and never shown as zero."""

    shown: str
    name: str
    of: str


@dataclass(frozen=True, slots=True)
class RecordPart:
    """The figures of the answers of the last `days`; none without an answer that requests a removal."""

    days: int
    figures: tuple[Figure, ...]


def record_part(figures: AnswerFigures, days: int) -> RecordPart:
    """The figures over the period of the standing, so that both count the same answers."""
    confirmed = figures.answers - figures.outcomes[AnswerOutcome.NO_REMOVAL_ASKED]
    return RecordPart(days, shown_figures(figures) if confirmed else ())


def shown_figures(figures: AnswerFigures) -> tuple[Figure, ...]:
    """Every figure of the answers, those of confirmations without a decision only above zero."""
    decided = say_many("of %(n)s decided confirmation", "of %(n)s decided confirmations", figures.decided)
    undecided = [
        Figure(number(figures.outcomes[outcome]), name, say("not decided"))
        for outcome, name in (
            (AnswerOutcome.CONTESTED, say("contested")),
            (AnswerOutcome.UNDERWAY, say("in progress")),
        )
        if figures.outcomes[outcome]
    ]
    upheld = say("%(n)s upheld", n=number(figures.objections_upheld)) if figures.objections else ""
    return (
        Figure(number(figures.accepted), say("accepted"), decided),
        Figure(number(figures.rejected), say("rejected"), decided),
        *undecided,
        _median_figure(figures.to_answer, say("median time to answer"), _ANSWERS, say("no answer yet")),
        _median_figure(figures.to_removal, say("median time to removal"), _REMOVALS, say("no removal yet")),
        Figure(number(figures.objections), say("seller objections"), upheld),
    )


def _median_figure(median: Median, name: str, counted: tuple[str, str], none: str) -> Figure:
    return Figure(hours_in_words(median.hours), name, say_many(*counted, median.n) if median.n else none)


def hours_in_words(hours: float | None) -> str:
    """A median or another time of the figures, None where there is none yet."""
    return say("none yet") if hours is None else words.duration(hours * 3_600)


def answering_pace(figures: AnswerFigures, days: int) -> str | None:
    """The number of answers in the period of the figures, and the median time to answer; None without answers."""
    if figures.to_answer.hours is None:
        return None
    return say_many(
        "You answered %(n)s in the last %(days)s days (median time to answer %(time)s).",
        "You answered %(n)s in the last %(days)s days (median time to answer %(time)s).",
        figures.answers,
        days=days,
        time=hours_in_words(figures.to_answer.hours),
    )

"""Labels: how many there are and will be, sources and times, those in doubt, and the changes of the last snapshot.

The effect of a visible score on decisions, in words: with it, without it, and the difference.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from features.message import message
from models.labels import VALUES, EvidenceLevel
from models.messages.english import in_english
from models.policies.learning import LabelPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.brands.store import brands
from serving.cases.policy import MaskedScorePolicy
from serving.cases.rules.masked_score import Answers, ScoreEffect, score_effect
from serving.cases.store import masked_scores
from serving.guards import ModelReader, TheRuntime
from serving.learning.policy import LabelSourcePolicy
from serving.learning.rules.retraining import HeavySource, heavy_sources
from serving.learning.service.labelling import label_changes, label_state
from serving.learning.service.publish import SnapshotFiles
from serving.learning.store import learning, links, second_reviews
from serving.learning.store.learning import StoredSnapshot
from serving.learning.store.second_reviews import SecondReviews
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.model.model_charts import wilson
from serving.web.model.model_report import EVIDENCE
from serving.web.model.notices_part import OF
from serving.web.rendering import StaffPage, respond
from serving.web.series_charts import Layer, StackedArea, stacked_area
from serving.web.wording import words
from serving.web.wording.vocabulary import CHOICE_OF
from training.snapshots.snapshot import SnapshotRefused
from training.snapshots.summary import SnapshotSummary, summarise

# Days of decisions, for their author and for data scientists: a quarter, as with standings.
COMPARED_DAYS: Final = 90


def leaning_card(comparison: ScoreEffect, *, masked_share: float, is_own: bool) -> SimpleNamespace:
    """The card; `is_own` addresses the reviewer of these decisions, `masked_share` is the current share."""
    rows = (
        _answers_row("Score visible", comparison.shown),
        _answers_row("Score masked until the decision", comparison.hidden),
    )
    if comparison.difference is None or comparison.low is None or comparison.high is None:
        return SimpleNamespace(
            rows=rows, difference=None, interval="", text=_why_no_comparison(comparison, masked_share, is_own=is_own)
        )
    interval = f"{_points_in_words(comparison.low)} to {_points_in_words(comparison.high)}"
    text = _meaning_sentence(comparison.low, comparison.high, is_own=is_own)
    return SimpleNamespace(rows=rows, difference=_points_in_words(comparison.difference), interval=interval, text=text)


def _answers_row(what: str, answers: Answers) -> SimpleNamespace:
    if answers.share is None:
        return SimpleNamespace(what=what, counts="no decisions yet", share=None, interval="")
    low, high = wilson(answers.counterfeit, answers.number)
    counts = f"{answers.counterfeit:,} of {answers.number:,}"
    return SimpleNamespace(
        what=what,
        counts=counts,
        share=f"{100 * answers.share:.0f} %",
        interval=f"{100 * low:.0f} to {100 * high:.0f} %",
    )


def _why_no_comparison(comparison: ScoreEffect, masked_share: float, *, is_own: bool) -> str:
    if not masked_share and not comparison.hidden.number:
        return (
            "No comparison: score masking is off. The operator sets the share of cases with a masked score in "
            "TOUCHSTONE_HIDDEN_SCORE_SHARE."
        )
    whose = "you have made no first decision" if is_own else "there is no first decision"
    missing = "with the score visible" if comparison.hidden.number else "with the score masked"
    return (
        f"No comparison yet: {whose} {missing}. A random {100 * masked_share:.0f} % of analyst cases mask the score "
        "until the decision."
    )


def _meaning_sentence(low: float, high: float, *, is_own: bool) -> str:
    who = "you answer" if is_own else "reviewers answer"
    if low <= 0 <= high:
        return (
            f"No significant difference. With the score visible, {who} counterfeit in {-100 * low:.0f} fewer to "
            f"{100 * high:.0f} more of 100 cases (95 % interval). More decisions narrow the interval."
        )
    least, most = sorted((abs(low), abs(high)))
    how, more = ("more", "more") if low > 0 else ("less", "fewer")
    return (
        f"With the score visible, {who} counterfeit {how} often: in {100 * least:.0f} to {100 * most:.0f} {more} of "
        "100 cases (95 % interval). Masking is random, so the score causes the difference, unless "
        f"{'you filter your queue' if is_own else 'reviewers filter their queues'} by score or harm. Such filters "
        "exclude cases with a masked score."
    )


def _points_in_words(difference: float) -> str:
    """A difference of shares in points.

    >>> _points_in_words(0.043), _points_in_words(-0.1), _points_in_words(0.001)
    ('+4', '\u221210', '0')
    """
    points = round(100 * difference)
    return f"{points:+d}".replace("-", "\u2212") if points else "0"


_LISTED: Final = 20


def label_changes_card(
    runtime: Runtime, connection: Connection, marketplace_id: str, newest: Sequence[StoredSnapshot], *, may_open: bool
) -> SimpleNamespace | None:
    """The card of the two newest snapshots, newest first; None where there is none to compare with."""
    if len(newest) < 2:
        return None
    after, before = newest[:2]
    try:
        changes = label_changes(
            connection, marketplace_id, runtime.services[SnapshotFiles], before, after, runtime.policies[LabelPolicy]
        )
    except SnapshotRefused as refused:
        return SimpleNamespace(
            before=before, after=after, changes=None, fates={}, listings={}, may_open=may_open, why_not=str(refused)
        )
    fates = {
        "Now genuine, before counterfeit": changes.cleared,
        "Now counterfeit, before genuine": changes.accused,
        **{f"Gone: {_lower_first(in_english(message(code)))}": versions for code, versions in changes.lost.items()},
    }
    named = {version for versions in fates.values() for version in versions[:_LISTED]}
    listings = links.listings_of(connection, marketplace_id, named)
    return SimpleNamespace(
        before=before, after=after, changes=changes, fates=fates, listings=listings, may_open=may_open, why_not=""
    )


def _lower_first(sentence: str) -> str:
    """A sentence after a colon, without its full stop."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")


router = APIRouter(include_in_schema=False)
PLACE: Final = "/models/labels"
_SUSPECTS: Final = 50
_TICKS: Final = 6
# From the bottom up, the strongest evidence first.
_TONES: Final = {
    EvidenceLevel.APPEAL: "f-act",
    EvidenceLevel.TEST_BUY: "f-aud",
    EvidenceLevel.BRAND: "f-ask",
    EvidenceLevel.TWO_REVIEWERS: "f-ana",
    EvidenceLevel.ONE_REVIEWER: "f-ins",
}


@router.get(PLACE)
def get_labels(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, labels_page(runtime, session.person, scope), session)


def labels_page(runtime: Runtime, person: Person, scope: PlaceScope) -> StaffPage:
    marketplace_id, now = scope.marketplace_id, runtime.clock.now()
    may_see_suspects = not person.may(Permission.REVIEW_CASES)
    may_open = marketplace_id in person.marketplaces(Permission.REVIEW_CASES)
    limit = runtime.policies[LabelSourcePolicy]
    with runtime.store.read() as connection:
        labels = label_state(connection, marketplace_id, runtime.policies[LabelPolicy], now)
        newest = learning.snapshots(connection, marketplace_id, 2)
        changes = label_changes_card(runtime, connection, marketplace_id, newest, may_open=may_open)
        looks = second_reviews.review_counts(connection, marketplace_id)
        suspects = second_reviews.suspects(connection, marketplace_id, _SUSPECTS) if may_see_suspects else None
        models = learning.models(connection, marketplace_id, 1)
        answers = masked_scores.first_answer_counts(connection, marketplace_id, now - timedelta(days=COMPARED_DAYS))
        summary, why = (
            _read_summary(runtime, newest[0].digest)
            if newest
            else (None, "No snapshot yet. The first training writes one.")
        )
        users = [name.removeprefix("user:") for name in summary.sources] if summary else []
        names = {f"user:{user_id}": name for user_id, name in accounts.names(connection, users).items()}
        names |= {
            f"brand:{brand.brand_id}": brand.name for brand in brands.enrolled_brands(connection, marketplace_id, now)
        }
    report = models[0].report if models else {}
    return StaffPage(
        "models_labels.html",
        "/models",
        scope=scope,
        labels=labels,
        over_time=_labels_chart(summary, now) if summary else None,
        snapshot=newest[0].snapshot_id if newest else "",
        why_no_summary=why,
        summary=summary,
        names=names,
        heavy=_heavy_sources(summary, limit) if summary else {},
        kinds=OF,
        reviewer_share=limit.reviewer_share,
        changes=changes,
        withheld=tuple((in_english(message(code)).rstrip("."), number) for code, number in labels.reasons),
        report=report,
        capped_groups=report["weights"]["capped"] if report.get("weights") else {},
        looks=looks,
        agreement=_agreement_in_words(looks),
        leaning=leaning_card(
            score_effect(*answers), masked_share=runtime.policies[MaskedScorePolicy].share, is_own=False
        ),
        compared_days=COMPARED_DAYS,
        suspects=suspects,
        values=VALUES,
        answers=CHOICE_OF,
    )


def _read_summary(runtime: Runtime, digest: str) -> tuple[SnapshotSummary | None, str]:
    try:
        return summarise(runtime.services[SnapshotFiles].path(digest), digest), ""
    except SnapshotRefused as refused:
        return None, str(refused)


def _labels_chart(summary: SnapshotSummary, now: datetime) -> StackedArea | None:
    """Labels by the week in which they matured, and by evidence level."""
    if not summary.matured:
        return None
    first = min(at for at, _ in summary.matured)
    weeks = int((max(at for at, _ in summary.matured) - first) / timedelta(days=7)) + 1
    counts = {level: [0.0] * weeks for level in _TONES}
    for at, level in summary.matured:
        counts[EvidenceLevel(level)][int((at - first) / timedelta(days=7))] += 1
    layers = [
        Layer(EVIDENCE[level.value], tone, tuple(counts[level])) for level, tone in _TONES.items() if any(counts[level])
    ]
    ticks = [(i, words.day(first + timedelta(days=7 * i), now)) for i in range(0, weeks, max(1, weeks // _TICKS))]
    sums = ", ".join(f"{layer.name} {sum(label_count or 0 for label_count in layer.values):,.0f}" for layer in layers)
    return stacked_area(layers, ticks, f"Labels by week of maturity: {sums}.")


def _heavy_sources(summary: SnapshotSummary, policy: LabelSourcePolicy) -> dict[str, HeavySource]:
    heavy = heavy_sources(
        summary.sources, summary.by_source, rows=summary.rows, positives=summary.counterfeit, policy=policy
    )
    return {source.source: source for source in heavy}


def _agreement_in_words(looks: SecondReviews) -> str:
    if not looks.answered:
        return ""
    agreed = looks.answered - looks.overturned
    low, high = wilson(agreed, looks.answered)
    return f"{agreed / looks.answered:.0%} ({low:.0%} to {high:.0%}), n = {looks.answered:,}"

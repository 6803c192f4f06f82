"""Labels: how many there are and will be, their sources and times, and those in doubt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.message import message
from models.labels import VALUES, EvidenceLevel
from models.messages.english import in_english
from models.policies.learning import LabelPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.store import brands
from serving.cases.policy import HiddenScorePolicy
from serving.cases.rules.masked_score import leaning
from serving.guards import may, runtime_of
from serving.learning.policy import LabelSourcePolicy
from serving.learning.rules.heavy_sources import heavy_sources
from serving.learning.service.labelling import LabelState, label_state
from serving.learning.service.snapshot_files import SnapshotFiles
from serving.learning.store import learning, second_reviews
from serving.learning.store.learning import Model
from serving.learning.store.second_reviews import SecondReviews, Suspect
from serving.platform.runtime import Runtime
from serving.review.store import masked_scores
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.model.label_changes_card import LabelChangesCard, label_changes_card
from serving.web.model.leaning_card import COMPARED_DAYS, LeaningCard, leaning_card
from serving.web.model.model_charts import wilson
from serving.web.model.model_report import EVIDENCE
from serving.web.model.notices_part import OF
from serving.web.rendering import respond
from serving.web.series_charts import Layer, StackedArea, stacked_area
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.web.wording.vocabulary import CHOICE_OF
from training.snapshot import SnapshotRefused
from training.snapshot_summary import SnapshotSummary, summarise

router = APIRouter(include_in_schema=False)
Reader = Annotated[Session, may(Permission.SEE_MODELS)]
PLACE: Final = "/models/labels"
_SUSPECTS: Final = 50
_SOURCES: Final = 20
_TICKS: Final = 6
# From the bottom up, the strongest evidence first.
_TONES: Final = {
    EvidenceLevel.APPEAL: "f-act",
    EvidenceLevel.TEST_BUY: "f-aud",
    EvidenceLevel.BRAND: "f-ask",
    EvidenceLevel.TWO_REVIEWERS: "f-ana",
    EvidenceLevel.ONE_REVIEWER: "f-ins",
}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source of labels in the newest snapshot: a brand or a reviewer, with its number of labels and counterfeits.

    `heavy` says of a reviewer above the policy's share which share that is.
    """

    name: Shown
    kind: str
    labels: str
    share: str
    counterfeit: str
    heavy: str


@dataclass(frozen=True, slots=True)
class WeightCaps:
    """The label weights in the newest model's training, capped so that no source could bend the model alone."""

    effective: str
    rows: str
    capped: str
    near_duplicates: str
    capped_groups: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SuspectRow:
    """A label in doubt; `case_id` is its second review if there is one, `second_answer` the result.

    Agreement is not stated if the second review was inconclusive.
    """

    listing: Shown
    label: str
    why: str
    case_id: str
    second_answer: str
    otherwise: bool
    agrees: bool


@dataclass(frozen=True, slots=True)
class LabelsPage(AtMarketplace):
    """The page; `suspects` is None for reviewers, because second reviews are blind."""

    template: ClassVar[str] = "models_labels.html"
    place: ClassVar[str] = "/models"

    labels: LabelState
    over_time: StackedArea | None
    snapshot: str
    why_no_sources: str
    sources: tuple[SourceRow, ...]
    most_share: str
    changes: LabelChangesCard | None
    withheld: tuple[tuple[str, int], ...]
    caps: WeightCaps | None
    looks: SecondReviews
    agreement: str
    leaning: LeaningCard
    compared_days: int
    suspects: tuple[SuspectRow, ...] | None


@router.get(PLACE)
def get_labels(request: Request, session: Reader) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, labels_page(runtime, session.person, scope), session)


def labels_page(runtime: Runtime, person: Person, scope: PlaceScope) -> LabelsPage:
    """The content of the page."""
    here, now = scope.marketplace_id, runtime.clock.now()
    may_see_suspects = not person.may(Permission.REVIEW_CASES)
    may_open = here in person.marketplaces(Permission.REVIEW_CASES)
    limit = runtime.policies[LabelSourcePolicy]
    with runtime.store.read() as connection:
        labels = label_state(connection, here, runtime.policies[LabelPolicy], now)
        newest = learning.snapshots(connection, here, 2)
        changes = label_changes_card(runtime, connection, here, newest, may_open=may_open)
        looks = second_reviews.count(connection, here)
        found = second_reviews.suspects(connection, here, _SUSPECTS) if may_see_suspects else []
        models = learning.models(connection, here, 1)
        answers = masked_scores.first_answers(connection, here, now - timedelta(days=COMPARED_DAYS))
        summary, why = (
            _summary(runtime, newest[0].digest) if newest else (None, "No snapshot yet. The first training writes one.")
        )
        users = [name.removeprefix("user:") for name in summary.sources] if summary else []
        names = {f"user:{one}": name for one, name in accounts.names(connection, users).items()}
        names |= {f"brand:{one.brand_id}": one.name for one in brands.registered(connection, here, now)}
    return LabelsPage(
        scope=scope,
        labels=labels,
        over_time=_over_time(summary, now) if summary else None,
        snapshot=newest[0].snapshot_id if newest else "",
        why_no_sources=why,
        sources=_sources(summary, names, limit) if summary else (),
        most_share=f"{limit.reviewer_share:.0%}",
        changes=changes,
        withheld=tuple((in_english(message(code)).rstrip("."), number) for code, number in labels.reasons),
        caps=_weight_caps(models[0]) if models else None,
        looks=looks,
        agreement=_agreement(looks),
        leaning=leaning_card(leaning(*answers), masked_share=runtime.policies[HiddenScorePolicy].share, is_own=False),
        compared_days=COMPARED_DAYS,
        suspects=tuple(_suspect(one) for one in found) if may_see_suspects else None,
    )


def _summary(runtime: Runtime, digest: str) -> tuple[SnapshotSummary | None, str]:
    try:
        return summarise(runtime.services[SnapshotFiles].path(digest), digest), ""
    except SnapshotRefused as refused:
        return None, str(refused)


def _over_time(summary: SnapshotSummary, now: datetime) -> StackedArea | None:
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
    sums = ", ".join(f"{layer.name} {sum(value or 0 for value in layer.values):,.0f}" for layer in layers)
    return stacked_area(layers, ticks, f"Labels by week of maturity: {sums}.")


def _sources(summary: SnapshotSummary, names: dict[str, str], policy: LabelSourcePolicy) -> tuple[SourceRow, ...]:
    heavy = {
        one.source: one
        for one in heavy_sources(
            summary.sources, summary.by_source, rows=summary.rows, positives=summary.counterfeit, policy=policy
        )
    }
    return tuple(
        SourceRow(
            text_view.show(names.get(source, source)),
            "brand" if source.startswith("brand:") else "reviewer",
            f"{number:,}",
            f"{number / summary.rows:.0%}",
            f"{summary.by_source.get(source, 0) / number:.0%}",
            f"{heavy[source].share:.0%} of {OF[heavy[source].among]}" if source in heavy else "",
        )
        for source, number in list(summary.sources.items())[:_SOURCES]
    )


def _weight_caps(model: Model) -> WeightCaps | None:
    found = model.report.get("weights")
    if not found:
        return None
    return WeightCaps(
        effective=f"{found['effective_n']:,.0f}",
        rows=f"{model.report['rows']:,}",
        capped=f"{found['capped_rows']:,}",
        near_duplicates=f"{found['near_duplicates']:,}",
        capped_groups=tuple((name, f"{number:,}") for name, number in sorted(found["held"].items())),
    )


def _agreement(looks: SecondReviews) -> str:
    if not looks.given:
        return ""
    agreed = looks.given - looks.overturned
    low, high = wilson(agreed, looks.given)
    return f"{agreed / looks.given:.0%} ({low:.0%} to {high:.0%}), n = {looks.given:,}"


def _suspect(one: Suspect) -> SuspectRow:
    found = VALUES.get(one.second_judgement) if one.second_judgement else None
    return SuspectRow(
        text_view.show(one.external_id),
        _label(one.label),
        _why(one),
        one.case_id or "",
        CHOICE_OF[one.second_judgement].word if one.second_judgement in CHOICE_OF else "",
        found is not None and found != one.label,
        found is not None and found == one.label,
    )


def _label(value: int) -> str:
    return "counterfeit" if value == 1 else "genuine"


def _why(one: Suspect) -> str:
    if one.why == "alone":
        return "unconfirmed positive: only one reviewer, in the random audit sample"
    return f"out-of-fold probability {one.probability:.2f}" if one.probability is not None else "doubtful"

"""What a person should know before they decide about a model, one line each with a link."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from serving.accounts.store import accounts
from serving.learning.policy import DriftAlarmPolicy, LabelSourcePolicy
from serving.learning.rules.drift_alarm import RedFeature
from serving.learning.rules.retraining import HeavySource, ShareBase, heavy_sources
from serving.learning.service.monitoring import red_features_now
from serving.learning.store.learning import Model
from serving.platform.runtime import Runtime
from serving.web.wording import words

_NAMED: Final = 3
OF: Final = {ShareBase.ALL: "labels", ShareBase.COUNTERFEIT: "counterfeit labels", ShareBase.GENUINE: "genuine labels"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A bold part, a sentence, and where to read more."""

    bold: str
    text: str
    address: str
    link: str


def notices_of(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model | None
) -> tuple[Notice, ...]:
    """The notices of a marketplace and of the model that its page shows."""
    heavy = _heavy_sources(model, runtime.policies[LabelSourcePolicy]) if model else ()
    users = accounts.names(connection, [source.source.removeprefix("user:") for source in heavy])
    loud = [feature for feature in red_features_now(runtime, connection, marketplace_id) if not feature.quiet]
    return (
        *_overridden_gate_notices(model),
        *(_source_notice(source, users) for source in heavy),
        *((_drift_notice(loud, runtime.policies[DriftAlarmPolicy]),) if loud else ()),
    )


def _overridden_gate_notices(model: Model | None) -> tuple[Notice, ...]:
    """That a champion with failed gates is not the measure of this model."""
    reference = (model.report.get("reference") if model else None) or {}
    if not reference.get("overridden"):
        return ()
    digest = reference["digest"]
    measure = f"{digest[:10]}, the last champion that passed" if digest else "the starter scorecard: no champion passed"
    return (
        Notice(
            f"Champion {reference['overridden'][:10]} had not passed its gates.",
            f"The gates compare this model with {measure}.",
            f"/models/{reference['overridden']}",
            "Show its gates",
        ),
    )


def share_in_words(source: HeavySource, name: str) -> str:
    """The share of one reviewer as a sentence without its full stop."""
    return f"{name} gave {source.share:.0%} of the {OF[source.among]}"


def _heavy_sources(model: Model, policy: LabelSourcePolicy) -> tuple[HeavySource, ...]:
    """Older reports do not say who gave the labels."""
    sources = model.report.get("sources", ())
    return heavy_sources(
        {source["source"]: source["labels"] for source in sources},
        {source["source"]: source["counterfeit"] for source in sources},
        rows=model.report["rows"],
        positives=model.report["positives"],
        policy=policy,
    )


def _source_notice(source: HeavySource, users: dict[str, str]) -> Notice:
    name = users.get(source.source.removeprefix("user:"), "A reviewer")
    return Notice(
        f"{share_in_words(source, name)}.",
        "The model learns the habits of one person. Have some of these labels reviewed by others.",
        "/models/labels",
        "Label sources",
    )


def _drift_notice(loud: list[RedFeature], policy: DriftAlarmPolicy) -> Notice:
    worsened = sum(feature.acknowledged is not None for feature in loud)
    named = [feature.name.replace("_", " ") for feature in loud[:_NAMED]]
    more = [f"{len(loud) - _NAMED} more"] if len(loud) > _NAMED else []
    since = f" {worsened} worsened by more than {policy.worsens_by:.0%} after an acknowledgement." if worsened else ""
    has = "has" if len(loud) == 1 else "have"
    return Notice(
        f"{words.many(len(loud), 'feature')} {has} shifted without an explanation.",
        f"{words.join_list([*named, *more]).capitalize()}.{since}",
        "/models/live",
        "Latest drift report",
    )

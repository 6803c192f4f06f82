"""The settings of a training as they are logged in its run."""

from dataclasses import asdict
from typing import Any

from models.classifier import SCALES
from models.policies.deciding import DEFAULT_SCORECARD
from models.policies.learning import DEFAULT_GATES, DEFAULT_PROMISE, DEFAULT_SECOND_REVIEW, DEFAULT_WEIGHTING
from models.policies.version import policy_version
from training.evaluate.splits import JUDGED_SHARES
from training.fit.calibration import BENDS_FROM_POSITIVES, BENDS_FROM_SELLERS, ISOTONIC_FROM_POSITIVES
from training.fit.classifier import INNER_FOLDS
from training.fit.forest import MASK_SHARE, forest_settings
from training.fit.joining import (
    POINTS_PRIOR_SPREAD,
    STACK_FROM_POSITIVES,
    TEXT_WEIGHT_PRIOR,
    TEXT_WEIGHT_PRIOR_POSITIVES,
)
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.fit.text import FEWEST_EPOCHS, MOST_EPOCHS, STEPS, TEXT_COST_ROWS


def fixed_parameters(seed: int, settings: FitSettings = DEFAULT_SETTINGS) -> dict[str, Any]:
    """The settings that are known before the data is read, with the versions of the policies."""
    policies = (DEFAULT_GATES, DEFAULT_WEIGHTING, DEFAULT_PROMISE, DEFAULT_SECOND_REVIEW, DEFAULT_SCORECARD)
    return {
        "seed": seed,
        "judged_shares": ", ".join(map(str, JUDGED_SHARES)),
        "points.prior_spread": POINTS_PRIOR_SPREAD,
        "inner_folds": INNER_FOLDS,
        "masking.share": MASK_SHARE,
        "join.stack_from_positives": STACK_FROM_POSITIVES,
        "join.text_weight_prior": TEXT_WEIGHT_PRIOR,
        "join.text_weight_prior_positives": TEXT_WEIGHT_PRIOR_POSITIVES,
        "text.cost": settings.text_cost,
        "text.cost_rows": TEXT_COST_ROWS,
        "text.steps": STEPS,
        "text.epochs": f"{FEWEST_EPOCHS} to {MOST_EPOCHS}",
        "text.scales": ", ".join(map(str, SCALES)),
        "calibration.isotonic_from_positives": ISOTONIC_FROM_POSITIVES,
        "calibration.bends_from_positives": BENDS_FROM_POSITIVES,
        "calibration.bends_from_sellers": BENDS_FROM_SELLERS,
        **dict(policy_versions(*(policy_version(policy) for policy in policies))),
    }


def policy_versions(*policies: str) -> list[tuple[str, str]]:
    """The versions of policies, each with the name under which it is recorded.

    >>> policy_versions("LabelPolicy:0123456789abcdef")
    [('policy.LabelPolicy', '0123456789abcdef')]
    """
    parted = [policy.partition(":") for policy in policies]
    return [(f"policy.{name}", version) for name, _, version in parted]


def forest_parameters(positives: int, settings: FitSettings = DEFAULT_SETTINGS) -> dict[str, Any]:
    """The forest's settings: those given, or those of the number of counterfeits."""
    forest = settings.forest or forest_settings(positives)
    return {f"forest.{name}": setting for name, setting in asdict(forest).items()}

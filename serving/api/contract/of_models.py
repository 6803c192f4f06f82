"""The responses about models, trainings and golden sets."""

from typing import Any

from serving.api.contract.shapes import Moment, Page, Shape


class Reference(Shape):
    """The model that the gates compared with; `overridden` is the champion that was left out, with failed gates."""

    digest: str | None
    overridden: str | None


class Model(Shape):
    """A model with the measurements of its report."""

    digest: str
    created_at: Moment
    mlflow_run_id: str | None
    mlflow_version: str | None
    rows: int
    waiting: int
    positives: int
    reference: Reference | None
    gates: list[dict[str, Any]]
    judged: dict[str, Any]


class Models(Page):
    """Models, newest first, and the champion."""

    champion: str | None
    models: list[Model]


class Labels(Shape):
    """Labels that are mature or will be in time, and how many a training needs."""

    counterfeit: int
    genuine: int
    counterfeit_needed: int
    genuine_needed: int
    waiting: int
    withheld: int


class TrainingStarted(Shape):
    """The id of a training."""

    job_id: str


class Cause(Shape):
    """Why a training started by itself: `labels`, `drift` with the features that moved, or `schedule`."""

    cause: str
    new_labels: int
    moved: list[str]


class Training(Shape):
    """A training; `cause` is null where somebody requested it."""

    job_id: str
    state: str
    progress: dict[str, Any]
    cause: Cause | None
    digest: str | None
    error: str | None


class Trainings(Page):
    """Trainings, newest first."""

    trainings: list[Training]


class Approval(Shape):
    """The result of an approval."""

    digest: str
    in_force: bool
    approved_by: list[str]
    approvals_missing: int


class Withdrawn(Shape):
    """The model whose approval was withdrawn."""

    digest: str


class Restored(Shape):
    """The previous champion, and whether it is in force again or approvals of it are missing."""

    champion: str
    in_force: bool
    approvals_missing: int


class GoldenSet(Shape):
    """The golden set in force; only the digest, null, where there is none."""

    digest: str | None
    items: int = 0
    positives: int = 0
    frozen_by: str = ""
    frozen_at: Moment = ""

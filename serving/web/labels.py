"""How many labels are ready to learn from, by the same rule that makes the snapshot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.case import CaseLane
from models.labels import AppealState, GivenVerdict, Label, label_from
from models.policies.labels import LabelPolicy
from serving.db import appeals, verdicts
from training.judging import FEWEST_NEGATIVES, FEWEST_POSITIVES


@dataclass(frozen=True, slots=True)
class LabelState:
    """Mature labels of each class, what a training needs at the least, and how many more will be mature in time."""

    counterfeit: int
    genuine: int
    counterfeit_needed: int
    genuine_needed: int
    waiting: int
    held_back: int

    @property
    def enough(self) -> bool:
        """Whether a training would be tried."""
        return self.counterfeit >= self.counterfeit_needed and self.genuine >= self.genuine_needed


def label_state(connection: Connection, marketplace_id: str, policy: LabelPolicy, now: datetime) -> LabelState:
    """The state of a marketplace's labels now. What is held back has an open appeal or no clear answer."""
    given: dict[str, list[GivenVerdict]] = {}
    for one in verdicts.of_marketplace(connection, marketplace_id):
        if one.lane is not CaseLane.APPEAL:
            verdict = GivenVerdict(
                one.verdict_id, one.judgement, one.side, one.user_id, one.known_at, one.superseded_by is not None
            )
            given.setdefault(one.version_id, []).append(verdict)
    contested = appeals.by_version(connection, marketplace_id)
    # Beyond every maturity: what has no label even then is held back for another reason than time.
    later = now + timedelta(days=policy.counterfeit_matures_days + policy.genuine_matures_days)
    mature, waiting, held_back = [0, 0], 0, 0
    for version_id, said in given.items():
        appeal = contested.get(version_id)
        state, decided_at = (appeal.state, appeal.decided_at) if appeal else (AppealState.NONE, None)
        label = label_from(said, state, as_of=now, policy=policy, appeal_decided_at=decided_at)
        if isinstance(label, Label):
            mature[label.value] += 1
            continue
        in_time = label_from(said, state, as_of=later, policy=policy, appeal_decided_at=decided_at)
        waiting += isinstance(in_time, Label)
        held_back += not isinstance(in_time, Label)
    return LabelState(mature[1], mature[0], FEWEST_POSITIVES, FEWEST_NEGATIVES, waiting, held_back)

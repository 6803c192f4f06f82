"""A simulated half year of a marketplace in all lanes, with two models, answers, undone answers and appeals."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from models.case import CaseLane
from models.errors import DomainError
from models.verdict import Judgement
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.listings.service.intake import receive_rows
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionEvent, ActionKind, ActionState
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import EVIDENCE, Site, a_row, a_suspect_row, judge, open_cases
from tests.serving.web.reports import admit_model

STEPS: Final = 13  # Of two weeks each.
_WORDS: Final = (
    *("aurelle", "solenne", "tote", "bag", "leather", "mirror", "quality", "silk"),
    *("scarf", "1:1", "genuine", "vintage", "new", "box", "belt"),
)
_JUDGEMENTS: Final = (
    *(Judgement.COUNTERFEIT, Judgement.GENUINE) * 3,
    Judgement.GREY_MARKET,
    Judgement.LICENSED,
    Judgement.CANNOT_TELL,
)
# The models give probabilities of .02 to .06. The second flags fewer listings, so that most of what the first sends to
# a person the second passes.
_FIRST: Final = {"analyst_from": 0.027, "ask_brand_from": 0.036}
_SECOND: Final = {"analyst_from": 0.036, "ask_brand_from": 0.04}


@dataclass(slots=True)
class HalfYear:
    """The marketplace; equal seeds play equally. Draws are below one in ten, so that many listings are sampled.

    `appeals` is whether each appeal is decided.
    """

    site: Site
    rows_a_step: int
    random: random.Random
    appeals: dict[str, bool] = field(default_factory=dict)

    def play(self) -> None:
        """Six months; the scorecard scores the first step, and the second model the second half."""
        drawing = replace(self.site, runtime=replace(self.site.runtime, draw=lambda: self.random.random() * 0.1))
        for step in range(STEPS):
            if step in {1, STEPS // 2}:
                promote(self.site, admit_model(self.site, **(_FIRST if step == 1 else _SECOND)))
            self.site.clock.forward(days=6)
            receive_rows(drawing.runtime, self.site.marketplace, list(self._rows(step)), source="test")
            self.site.clock.forward(days=6)
            self._review()
            self.site.clock.forward(days=2)
            self._object()

    def _rows(self, step: int) -> Iterator[dict[str, Any]]:
        for number in range(self.rows_a_step):
            known = step and self.random.random() < 0.15
            at = self.random.randrange(step) if known else step
            row_maker = self.random.choice((a_row, a_suspect_row))
            yield row_maker(
                external_id=f"MP-{at}-{number}",
                title=" ".join(self.random.choices(_WORDS, k=6)),
                price=f"{self.random.randrange(5, 900)}.00",
                brand=self.random.choice(("Aurelle", "Aurelle", "Solenne", None)),
                seller={"external_id": f"seller-{self.random.randrange(60)}", "age_days": self.random.randrange(2_000)},
                **(EVIDENCE if number % 2 else {}),
            )
        yield {"external_id": f"thin-{step}", "title": "Bag"}

    def _review(self) -> None:
        """Most open cases get an answer, one in six is undone, and some of these are answered again.

        One in four appeals is never decided.
        """
        for case in open_cases(self.site):
            self.site.clock.forward(minutes=20)
            if case.lane is CaseLane.APPEAL and case.case_id not in self.appeals:
                self.appeals[case.case_id] = self.random.random() < 0.75
            if self.random.random() < 0.2 or not self.appeals.get(case.case_id, True):
                continue
            self._answer(case)

    def _answer(self, case: Case) -> None:
        by_brand = case.lane is CaseLane.ASK_BRAND
        person = (
            self.site.brand_person if by_brand else self.random.choice((self.site.analyst, self.site.second_analyst))
        )
        with suppress(DomainError):  # Somebody who has judged the listing does not decide the appeal.
            judge(self.site, person, case, self.random.choice(_JUDGEMENTS))
            if self.random.random() < 0.16:
                undo_verdict(self.site.runtime, person, case.case_id)

    def _object(self) -> None:
        """Removals are sent, and the sellers of most of them appeal."""
        for removal in self._scheduled_actions():
            assert self.site.write(actions.change, removal, ActionEvent.SEND, {"sent_at": self.site.clock.now()})
            if self.random.random() < 0.6:
                complaint = Complaint(f"appeal-{removal.action_id}", removal.external_id, "They are genuine.")
                file_appeal(self.site.runtime, self.site.marketplace, complaint)

    def _scheduled_actions(self) -> list[StoredAction]:
        kind, state = ActionKind.REMOVE, ActionState.SCHEDULED
        return self.site.read(actions.latest, self.site.marketplace_id, kind=kind, state=state, most=10_000)

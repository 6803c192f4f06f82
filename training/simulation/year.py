"""The year of one arm: listings arrive, the review queue takes some, people answer, and sellers relist."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from features.message import message
from models.bundle import Bundle
from models.case import CaseLane
from models.routing import Lane, Route
from models.verdict import Judgement
from training.simulation.adapting import AdaptingSellers
from training.simulation.arms import Arm, Attack, Poisoner, most_copied_brand
from training.simulation.market import Market, OfferedListing
from training.simulation.memory import Memory
from training.simulation.people import Instead, ListingAnswers, settle
from training.simulation.review_queue import REVIEW_SHARE, Arrival, route_arrivals, score_arrivals

STEP: Final = timedelta(days=6)
_REPORTED: Final = Route(Lane.ASK_BRAND, (message("route.reported"),), 1.0, "")


@dataclass(frozen=True, slots=True)
class Case:
    """A listing with its score, its route and its answers; `settled` is None without a review.

    `reported` is set where a report of the brand gave the answer.
    """

    offered: OfferedListing
    arrival: Arrival
    route: Route
    settled: ListingAnswers | None
    reported: bool = False

    @property
    def is_unplanned(self) -> bool:
        """Whether only a report led to it, not the model or a sample; no planned review was used."""
        return self.route is _REPORTED


@dataclass(frozen=True, slots=True)
class Training:
    """The result of one month's training. `refused_by` holds the sentence of each blocking gate by its name."""

    month: int
    rows: int
    positives: int
    promoted: bool
    refused_by: Mapping[str, str]


@dataclass(slots=True)
class Year:
    """The state of one arm so far.

    `review_share` is the share of listings that can be reviewed; `budget` is the number of remaining reviews.
    `champions` are by the month at whose end they were promoted.
    """

    market: Market
    arm: Arm
    now: datetime
    review_share: float = REVIEW_SHARE
    budget: float = 0.0
    champion: Bundle | None = None
    champions: dict[int, Bundle] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    _sent: int = 0
    _adapting: AdaptingSellers | None = None
    _poisoner: Poisoner | None = None

    def fork(self, arm: Arm) -> "Year":
        """A copy that continues as another arm; its adaptation and its attack start now."""
        answers = sum(len(case.settled.verdicts) for case in self.cases if case.settled)
        return replace(
            self,
            arm=arm,
            cases=list(self.cases),
            trainings=list(self.trainings),
            champions=dict(self.champions),
            memory=self.memory.copy(),
            _adapting=AdaptingSellers(self.market) if arm.adapting else None,
            _poisoner=Poisoner(arm.poison, most_copied_brand(self.market), answers) if arm.poison else None,
        )

    @property
    def planted(self) -> int:
        """The number of planted answers so far."""
        return self._poisoner.planted if self._poisoner else 0

    def pass_days(self, until: datetime) -> None:
        """Advance to a given time, at which all listings that arrived are routed and reviewed."""
        listings = self._come_in(until)
        rows = [self.memory.arrived(offered) for offered in listings]
        arrivals = score_arrivals(
            rows, [listing.draw for listing in listings], self.champion, self.market.taking_part.__contains__
        )
        self.budget += self.review_share * len(listings)
        routes = route_arrivals(arrivals, self.budget, champion=self.champion, explores=self.arm.explores)
        self.now = until
        taken_up = [self._taken_up(*routed_listing) for routed_listing in zip(listings, arrivals, routes, strict=True)]
        for case in self._with_reports(taken_up):
            self._keep(case)

    def _come_in(self, until: datetime) -> list[OfferedListing]:
        listings, start = self.market.listings, self._sent
        while self._sent < len(listings) and listings[self._sent].at <= until:
            self._sent += 1
        fresh = list(listings[start : self._sent])
        if self._adapting is None:
            return fresh
        written = [self._adapting.as_written(offered) for offered in fresh]
        return sorted(
            [*written, *self._adapting.returned(until)], key=lambda listing: (listing.at, listing.external_id)
        )

    def _taken_up(self, offered: OfferedListing, arrival: Arrival, route: Route) -> Case:
        if route.lane is Lane.NO_ACTION:
            return Case(offered, arrival, route, None)
        self.budget -= 1
        instead = self._poisoner.instead if self._poisoner else None
        return Case(offered, arrival, route, self._settled(offered, arrival, CaseLane(route.lane.value), instead))

    def _with_reports(self, cases: list[Case]) -> list[Case]:
        """The cases; the attacker reports and confirms some of the listings without a review.

        Reports of the brand itself come before the analyst answers the open cases of the random sample, which nobody
        outside can tell from other listings.
        """
        if self._poisoner is None:
            return cases
        sampled = self._poisoner.poison.attack is Attack.REPORTED
        open_to_it = (
            case.offered for case in cases if case.settled is None or (sampled and case.route.lane is Lane.AUDIT)
        )
        accused = {offered.external_id for offered in self._poisoner.accused(open_to_it)}
        return [self._reported(case) if case.offered.external_id in accused else case for case in cases]

    def _reported(self, case: Case) -> Case:
        settled = self._settled(case.offered, case.arrival, CaseLane.ASK_BRAND, lambda _o, _s: Judgement.COUNTERFEIT)
        # A listing of the random sample keeps its sampling probability.
        route = _REPORTED if case.settled is None else case.route
        return Case(case.offered, case.arrival, route, settled, reported=True)

    def _settled(
        self, offered: OfferedListing, arrival: Arrival, lane: CaseLane, instead: Instead | None
    ) -> ListingAnswers:
        situation = arrival.situation
        settled = settle(
            offered,
            lane,
            self.now,
            brand_id=situation.brand_id,
            brand_takes_part=situation.brand_takes_part,
            brand_name=situation.brand_name,
            taking_part=self.market.taking_part,
            instead=instead,
        )
        if self._poisoner:
            self._poisoner.answers += len(settled.verdicts)
        return settled

    def _keep(self, case: Case) -> None:
        self.cases.append(case)
        if case.settled is None:
            return
        self.memory.judged(case.offered, case.settled)
        if self._adapting is not None and case.settled.removed_at is not None:
            self._adapting.notice(case.offered, case.settled.removed_at)

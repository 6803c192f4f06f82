"""The play: days pass, rows come in, people answer, removals leave, sellers appeal, the model learns."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote
from zlib import crc32

import numpy as np

from serving.demo.cast import Cast
from serving.demo.front import CONFLICT, FORBIDDEN, CallRefused, SignedInPerson
from serving.demo.reporting import Reporters
from training.gates.gate import blocking_gates
from training.simulation.synthetic import (
    Answer,
    SellerContact,
    SellerEvent,
    SentListing,
    Truth,
    World,
    analyst_answer,
    brand_answer,
    named_brand,
    seller_appeals,
)

STEP: Final = timedelta(days=3)
# Labels of counterfeits mature after 14 days (models.policies.learning); one more day is safe.
MATURITY: Final = timedelta(days=15)
_BATCH: Final = 1_000
_CASES_PER_ANALYST: Final = 60
_UNDO_SHARE: Final = 0.04
_COUNTERFEIT: Final = "counterfeit"
_SECOND_REVIEW: Final = "second_review"
_TIMES_NEEDED: Final = 2  # Half of the labels may belong to sellers who are on both sides of the cut.
_STAFF: Final = 7  # The random stream of the staff, apart from those of the world.
# A visitor who reads a page for longer finds the play going on, but not with a case that they opened.
_PAUSE_SECONDS: Final = 30.0
_LOOKS_FOR_VISITORS_SECONDS: Final = 0.2
_SETTLES_WITHIN_SECONDS: Final = 20.0
_LOOKS_AGAIN_SECONDS: Final = 0.05


@dataclass(slots=True)
class Play:
    """One run of the marketplace, from its first day on."""

    cast: Cast
    world: World
    seed: int
    now: datetime
    progress: Callable[[str, int], None]
    """Hears what goes on, and the number of listings sent."""
    visitors: bool = False
    _reporters: Reporters = field(init=False)
    _ask_counts: Counter[str] = field(default_factory=Counter)
    _opened: frozenset[str] = frozenset()
    _looked_at: float = 0.0
    _waiting: dict[str, tuple[datetime, Answer | None]] = field(default_factory=dict)
    _objections: dict[str, bool] = field(default_factory=dict)
    _sent: int = 0
    _sent_events: int = 0
    _introduced: int = 0

    def __post_init__(self) -> None:
        self._reporters = Reporters(self.cast, self.world, self.seed)

    def until(self, moment: datetime) -> None:
        """Advance to a moment: in each step rows and events come in, then people work."""
        while self.now < moment:
            self.receive(min(self.now + STEP, moment))
            self.work()

    def receive(self, moment: datetime) -> None:
        """Jump to a moment and send the rows and events up to it; nobody works."""
        self.move_clock(moment)
        self._send()
        self._tell_the_day()

    def rest(self, length: timedelta) -> None:
        """Advance without new listings; people and deliveries catch up."""
        until = self.now + length
        while self.now < until:
            self.move_clock(min(self.now + STEP, until))
            self._tell_the_day()
            self.work()

    def work(self) -> None:
        """Let everybody work at this moment."""
        self._approve_pending_removals()
        for person in self.cast.brand_people.values():
            self._answer_questions(person)
        self._reporters.report(self.now)
        for analyst in self.cast.analysts:
            self._review(analyst)
        self._settle()
        self._appeal()

    def move_clock(self, moment: datetime) -> None:
        """Move the simulated clock, and wait until what has become due is done."""
        self._settle()
        self.give_way()
        self.now = moment
        self.cast.marketplace.call("POST", "/api/v1/clock", {"to": moment.isoformat()})
        self._settle()

    def tick(self, length: timedelta) -> None:
        """Let time pass at the machine's speed."""
        self.now += length
        self.cast.marketplace.call("POST", "/api/v1/clock", {"to": self.now.isoformat()})

    def give_way(self) -> None:
        """Wait while a visitor clicks through the pages, and learn which cases are theirs."""
        if not self.visitors or time.monotonic() - self._looked_at < _LOOKS_FOR_VISITORS_SECONDS:
            return
        while True:
            clock = self.cast.marketplace.call("GET", "/api/v1/clock")
            self._looked_at, self._opened = time.monotonic(), frozenset(clock["opened_cases"])
            since = clock["seconds_since_click"]
            if since is None or since > _PAUSE_SECONDS:
                return
            self.progress("paused: somebody looks at the pages", self._sent)
            time.sleep(_LOOKS_FOR_VISITORS_SECONDS)

    def _tell_the_day(self) -> None:
        self.progress(f"day {(self.now - self.world.sent[0].at).days + 1}", self._sent)

    def _settle(self) -> None:
        """Wait until no message and no check is under way, so that what follows depends on no machine's speed.

        After a while it goes on: a message that a killed service had claimed is sent again when the clock has moved.
        """
        until, wait = time.monotonic() + _SETTLES_WITHIN_SECONDS, _LOOKS_AGAIN_SECONDS
        while self.cast.marketplace.call("GET", "/api/v1/clock")["unfinished"] and time.monotonic() < until:
            time.sleep(wait)
            wait = min(2 * wait, _SETTLES_WITHIN_SECONDS / 40)

    def _chance(self, *names: str) -> np.random.Generator:
        """The draws for one question about one listing: they depend on no other question."""
        return np.random.default_rng([self.seed, _STAFF, crc32(" ".join(names).encode())])

    def until_it_can_learn(self, moment: datetime) -> None:
        """Advance to a moment, and further until enough labels are mature for training and evaluation."""
        self.until(moment)
        while True:
            labels = self.cast.data_scientists[0].call("GET", "/api/v1/labels")
            enough = labels["counterfeit"] >= _TIMES_NEEDED * labels["counterfeit_needed"]
            if (enough and labels["genuine"] >= labels["genuine_needed"]) or self.now > self.world.sent[-1].at:
                return
            self.until(self.now + 2 * STEP)

    def train(self, what: str) -> dict[str, Any]:
        """Retrain, and have the data scientists approve the candidate unless a gate blocks it; returns its figures."""
        scientist = self.cast.data_scientists[0]
        try:
            job_id = scientist.call("POST", "/api/v1/trainings", {})["job_id"]
        except CallRefused:
            job_id = scientist.call("GET", "/api/v1/trainings", None)["trainings"][0]["job_id"]
        job = self._wait_for(scientist, job_id, what)
        if job["state"] == "failed":
            raise CallRefused(422, "The training failed: {why}", why=job["error"])
        model = self._model(job["digest"])
        blocked_by = [gate["name"] for gate in blocking_gates(model["gates"])]
        self.give_way()
        for approver in () if blocked_by else self.cast.data_scientists:
            approver.try_call("POST", "/api/v1/promotions", {"digest": job["digest"], "reason": ""})
        return {"digest": job["digest"], "labels": model["rows"], "blocked_by": blocked_by}

    def _wait_for(self, scientist: SignedInPerson, job_id: str, what: str) -> dict[str, Any]:
        while True:
            job: dict[str, Any] = scientist.call("GET", f"/api/v1/trainings/{job_id}")
            self.progress(f"{what}: {job['progress'].get('stage', 'waiting')}", self._sent)
            if job["state"] in {"done", "failed"}:
                return job
            time.sleep(0.25)

    def _model(self, digest: str) -> dict[str, Any]:
        models = self.cast.data_scientists[0].call("GET", "/api/v1/models")["models"]
        return next(model for model in models if model["digest"] == digest)

    def _send(self) -> None:
        """Send contacts, events and rows of the days up to now."""
        contacts = _rows_up_to(self.world.contacts, self._introduced, self.now)
        for introduced in _batches(contacts):
            body: dict[str, Any] = {"contacts": [contact.row for contact in introduced]}
            self.cast.marketplace.call("POST", "/api/v1/seller-contacts", body)
            self._introduced += len(introduced)
        events = _rows_up_to(self.world.events, self._sent_events, self.now)
        for batch in _batches(events):
            body = {"events": [event.row for event in batch], "complete_since": self.world.sent[0].at.isoformat()}
            self.cast.marketplace.call("POST", "/api/v1/seller-events", body)
            self._sent_events += len(batch)
        rows = _rows_up_to(self.world.sent, self._sent, self.now)
        for row_batch in _batches(rows):
            self.cast.marketplace.call("POST", "/api/v1/listings", [sent.row for sent in row_batch])
            self._sent += len(row_batch)

    def _approve_pending_removals(self) -> None:
        """Approve the removals pending since the last step: the analyst and the account manager agree."""
        reason = "Checked the listings; they match the confirmation."
        for person in (*self.cast.analysts[:2], *self.cast.managers):
            for removal in person.call("GET", "/api/v1/pending-removals")["pending"]:
                with contextlib.suppress(CallRefused):  # Their own confirmation, or approved in an earlier step.
                    path = f"/api/v1/pending-removals/{removal['action_id']}/votes"
                    person.try_call("POST", path, {"decision": "approve", "reason": reason})

    def _answer_questions(self, person: SignedInPerson) -> None:
        for case in person.call("GET", "/api/v1/cases?most=500")["cases"]:
            answer = self._considered(case, brand_answer)
            if answer is None:
                continue
            verdict = self._judge(person, case, answer)
            drawn = self._chance("undo", case["listing_external_id"]).random()
            if verdict and verdict["action_id"] and drawn < _UNDO_SHARE:
                person.try_call("POST", f"/api/v1/cases/{case['case_id']}/undo", {})

    def _review(self, analyst: SignedInPerson) -> None:
        for case in analyst.call("GET", f"/api/v1/cases?most={_CASES_PER_ANALYST}")["cases"]:
            if case["lane"] == "ask_brand":
                continue
            answer = self._considered(case, analyst_answer)
            if answer is not None:
                self._judge(analyst, case, answer)

    def _considered(self, case: dict[str, Any], ask: Callable[..., Answer | None]) -> Answer | None:
        """The answer to a case after the person's working time; None before, and where the person stays silent."""
        case_id = f"{case['case_id']} {case['lane']}"
        if case_id not in self._waiting:
            listing, lane = case["listing_external_id"], str(case["lane"])
            self._ask_counts[f"{lane} {listing}"] += 1
            answer = ask(self._truth(case), self._chance(lane, listing, str(self._ask_counts[f"{lane} {listing}"])))
            ready = self.now + timedelta(hours=answer.delay_hours if answer else STEP.total_seconds() / 3600)
            self._waiting[case_id] = (ready, answer)
        ready, answer = self._waiting[case_id]
        if self.now + STEP <= ready:
            return None
        del self._waiting[case_id]
        return answer

    def _judge(self, person: SignedInPerson, case: dict[str, Any], answer: Answer) -> Any | None:
        self.give_way()
        if case["case_id"] in self._opened:
            return None
        body: dict[str, Any] = {"version_id": case["version_id"], "judgement": answer.verdict}
        try:
            if case["brand"] is None and answer.verdict == _COUNTERFEIT and case["lane"] != _SECOND_REVIEW:
                body["brand"] = self._named(person, case)
            return person.try_call("POST", f"/api/v1/cases/{case['case_id']}/verdicts", body)
        except CallRefused as refused:
            if refused.status == FORBIDDEN:  # The person who decided the removal leaves the appeal to a colleague.
                return None
            raise

    def _named(self, person: SignedInPerson, case: dict[str, Any]) -> dict[str, str | None]:
        """The brand that the analyst names, found by search, or the mark of a small maker with its owner."""
        named = named_brand(self._truth(case))
        if named.brand_id is None:
            return {"mark": named.name, "owner": named.owner}
        path = f"/api/v1/cases/{case['case_id']}/brands?q={quote(named.name)}"
        return {"brand_id": person.call("GET", path)["matches"][0]["brand_id"]}

    def _truth(self, case: dict[str, Any]) -> Truth:
        return self.world.truth[case["listing_external_id"]]

    def _appeal(self) -> None:
        """Each seller of a removed listing decides once whether to appeal."""
        removed = self.cast.marketplace.call("GET", "/api/v1/actions?kind=remove&state=acknowledged&most=5000")[
            "actions"
        ]
        for listing in (action["listing_external_id"] for action in removed):
            if listing in self._objections:
                continue
            self._objections[listing] = seller_appeals(self.world.truth[listing], self._chance("appeal", listing))
            if self._objections[listing]:
                self._object(listing)

    def _object(self, listing: str) -> None:
        body = {
            "external_id": f"appeal-{listing}",
            "listing_external_id": listing,
            "statement": "These goods are genuine. I can send the receipt.",
        }
        try:
            self.cast.marketplace.call("POST", "/api/v1/appeals", body)
        except CallRefused as refused:
            if refused.status != CONFLICT:
                raise


Timed = TypeVar("Timed", SentListing, SellerEvent, SellerContact)


def _rows_up_to(rows: Sequence[Timed], start: int, moment: datetime) -> Sequence[Timed]:
    end = start
    while end < len(rows) and rows[end].at <= moment:
        end += 1
    return rows[start:end]


def _batches(rows: Sequence[Timed]) -> Iterator[Sequence[Timed]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]

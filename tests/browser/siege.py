"""A data directory in which every text field contains hostile text."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from features.indicators import Direction
from models.case import CaseLane
from models.errors import DomainError
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.service.counter_notices import answer_as_rights_holder, open_counter_notices, submit
from serving.appeals.service.seller_links import new_link
from serving.brands.service.brand_messages import write
from serving.brands.service.indicators import NewIndicator, add_indicator
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.service.saved_filters import save_filter
from serving.cases.service.seller_evidence import upload_document
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.composition import open_runtime
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.platform.settings import Settings
from tests.fixtures.clocks import TestClock
from tests.fixtures.links import path_of, token_of
from tests.fixtures.notifying import notify
from tests.fixtures.reporting import a_marketplace_that_listens, carry_out_action
from tests.fixtures.runtimes import Site, a_suspect_row, invite, judge, open_cases, populate
from tests.serving.appeals.service.test_counter_notices import counter_notice_of

_APART: Final = timedelta(hours=4)
_DOCUMENTS: Final = 3


@dataclass(slots=True)
class Siege:
    """The readers, and the addresses of the filled pages."""

    site: Site
    people: dict[Role, Person]
    texts: Sequence[str]
    removals: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    sellers: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def besiege(home: Path, texts: Sequence[str], *, step: int) -> Siege:
    """Listings, answers, documents, notices and settings, each field with another text; `step` texts a round.

    With a step of one every field holds every text once.
    """
    rounds = range(0, len(texts), step)
    clock = TestClock(datetime.now(UTC) - _APART * (len(rounds) + 2))
    runtime = open_runtime(Settings(home=home, undo_window_seconds=180, random_delay_minutes=0), clock=clock)
    try:
        site = populate(runtime, clock)
        hostile = invite(runtime, "ada@touchstone.example", texts[len(texts) // 3][:190], Role.ADMIN)
        siege = Siege(
            site,
            {
                Role.ANALYST: site.analyst,
                Role.BRAND: site.brand_person,
                Role.ACCOUNT_MANAGER: site.account_manager,
                Role.DATA_SCIENTIST: site.data_scientist,
                Role.ADMIN: hostile,
            },
            texts,
        )
        with a_marketplace_that_listens(site):
            for first in rounds:
                clock.forward(seconds=_APART.total_seconds())
                _Round(siege, [*texts[first:], *texts[:first]]).run(first)
        _settings(site, texts)
        # What an appeal opened is there with the words, the documents and the history of the seller.
        siege.cases = [f"/cases/{case.case_id}" for case in open_cases(site) if case.lane is not CaseLane.ASK_BRAND]
    finally:
        runtime.close()
    return siege


def _settings(site: Site, texts: Sequence[str]) -> None:
    """Texts that brands and staff write for themselves and each other; refused ones leave nothing behind."""
    runtime = site.runtime
    for number, text in enumerate(texts):
        with suppress(DomainError):
            label = NewIndicator("Aurelle", text[:100], f"no such words {number}", Direction.COUNTERFEIT)
            add_indicator(runtime, label, by="test")
        with suppress(DomainError):
            save_filter(runtime, site.analyst, text[:40], "lane=analyst")
        with suppress(DomainError):
            write(runtime, site.brand_person, (site.marketplace_id, site.brand_id), text[:2_000])
    reason = texts[len(texts) // 2][:300]
    switch_rule(runtime, site.marketplace, AutomaticRule.BRAND_REMOVALS, on=False, by="test", reason=reason)


@dataclass(slots=True)
class _Round:
    """One analyst's case, one question, and one removal with all statements about it."""

    siege: Siege
    texts: list[str]
    taken: int = 0

    def run(self, number: int) -> None:
        """Fill them."""
        self._case(f"A{number}")
        self._case(f"Q{number}", CaseLane.ASK_BRAND)
        self._removal(number)
        self.siege.notices.append(self._notice(f"A{number}"))

    def _next(self, longest: int) -> str:
        self.taken += 1
        return self.texts[self.taken % len(self.texts)][:longest]

    def _two(self, longest: int) -> str:
        """Two of them for what only every other round has, so that it has had them all in the end."""
        return f"{self._next(longest // 2 - 1)}\n{self._next(longest // 2 - 1)}"

    def _case(self, name: str, lane: CaseLane = CaseLane.ANALYST) -> Case:
        site = self.siege.site
        row = a_suspect_row(
            external_id=f"{name}-{self._next(150)}",
            title=f"Aure11e 1:1 {self._next(900)}",
            description=f"Factory direct, WhatsApp +86 138 0013 8000 {self._next(5_000)}",
            brand=self._next(190),
            product_type=self._next(400),
            gtin=self._next(40),
            mpn=self._next(90),
            ship_from=self._next(90),
            language=self._next(30),
            seller={"external_id": f"{name} {self._next(150)}", "age_days": 9, "country": "CN"},
        )
        receive_rows(site.runtime, site.marketplace, [row], source="test")
        if lane is CaseLane.ASK_BRAND:
            judge(site, site.analyst, self._case_of(row["external_id"]), Judgement.COUNTERFEIT)
        return self._case_of(row["external_id"])

    def _case_of(self, external_id: str) -> Case:
        """The open case of a listing; asking for all of them each time would take longer the more there are."""
        site = self.siege.site
        with site.runtime.store.read() as connection:
            listing_id = listings.id_of(connection, site.marketplace_id, external_id) or ""
            return cases.open_cases(connection, site.marketplace_id, [listing_id])[listing_id]

    def _removal(self, number: int) -> None:
        site, runtime = self.siege.site, self.siege.site.runtime
        case = self._case(f"R{number}", CaseLane.ASK_BRAND)
        sentence = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, note=self._next(900))
        action = carry_out_action(site, record_verdict(runtime, site.brand_person, sentence).action)
        open_counter_notices(runtime)
        link = new_link(runtime, site.marketplace_id, action.action_id)
        for document in range(_DOCUMENTS):
            content = f"%PDF-1.4\n{number}.{document}\n%%EOF".encode()
            upload_document(runtime, token_of(link), self._next(300), content)
        submit(runtime, site.marketplace_id, action.action_id, self._next(4_000))
        contested = counter_notice_of(site, action).counter_notice_id
        answer_as_rights_holder(
            runtime, site.brand_person, contested, CounterNoticeEvent.MAINTAIN, f"No. {self._next(3_000)}"
        )
        if number % 2:  # Every other one goes on to a person, the rest to the rights holder again.
            file_appeal(runtime, site.marketplace, Complaint(f"a{number}", action.external_id, self._two(4_000)))
        else:
            submit(runtime, site.marketplace_id, action.action_id, f"Again: {self._two(3_000)}")
        self.siege.removals.append(action.action_id)
        self.siege.sellers.append(path_of(link))

    def _notice(self, name: str) -> str:
        site = self.siege.site
        explanation = f"It is a copy, and I know it. {self._next(3_000)}"
        places = (name, f"https://bazaar.example/{self._next(300)}")
        email = f"anna-{name.lower()}@example.org"
        named = self._next(150)
        with suppress(DomainError):
            return path_of(notify(site, *places, explanation=explanation, name=named, email=email).link)
        # What is no line of text is refused as a name, so that the rest is said by somebody whose name is one.
        return path_of(notify(site, *places, explanation=explanation, email=email).link)

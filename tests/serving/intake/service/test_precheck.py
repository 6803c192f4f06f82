from typing import Any

import pytest
from sqlalchemy import Select, func, select

from features.listing import Listing, check
from models.case import CaseLane
from models.routing import Lane
from models.score import ScoreKind
from models.verdict import Judgement
from serving.intake.service.intake import receive
from serving.intake.service.precheck import precheck
from serving.listings.tables import score
from serving.platform.database.schema import metadata
from serving.scoring.service.scoring import Scored
from tests.fixtures.runtimes import Site, a_case, a_row, a_suspect_row, judge


def asked(site: Site, row: dict[str, object]) -> Scored:
    found = check(row, received_at=site.clock.now())
    assert isinstance(found, Listing)
    return precheck(site.runtime, site.marketplace, found)


def test_a_suspect_listing_would_go_to_somebody_and_an_ordinary_one_would_not(any_site: Site) -> None:
    suspect, ordinary = asked(any_site, a_suspect_row()), asked(any_site, a_row())
    assert suspect.score.value > ordinary.score.value
    assert (suspect.route.lane, ordinary.route.lane) == (Lane.ANALYST, Lane.NO_ACTION)
    assert suspect.score.reasons


def test_before_the_first_model_it_is_points_and_never_a_probability(site: Site) -> None:
    found = asked(site, a_suspect_row()).score
    assert (found.kind, found.probability) == (ScoreKind.SCORECARD, None)


def test_nothing_is_kept(any_site: Site) -> None:
    def rows() -> dict[str, int]:
        with any_site.runtime.store.read() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in metadata.tables.items()
            }

    before = rows()
    asked(any_site, a_suspect_row())
    assert rows() == before


def test_it_says_what_an_intake_would_say(site: Site) -> None:
    before = asked(site, a_suspect_row())
    (answer,) = receive(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    assert answer.lane is before.route.lane
    assert site.value(select(score.c.value)) == before.score.value


def test_it_is_never_drawn_for_audit(site: Site) -> None:
    """The random sample consists of stored versions; otherwise frequent requests would be sampled often."""
    assert {asked(site, a_row()).route.lane for _ in range(60)} == {Lane.NO_ACTION}


def test_what_is_known_of_the_seller_counts(site: Site) -> None:
    before = asked(site, a_suspect_row(external_id="MP-10"))
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(days=1)
    after = asked(site, a_suspect_row(external_id="MP-10"))
    elsewhere = asked(site, a_suspect_row(external_id="MP-10", seller={"external_id": "nobody-yet", "age_days": 9}))
    assert after.score.value > before.score.value
    assert after.score.value > elsewhere.score.value


def test_an_authorised_seller_is_known_as_one(site: Site) -> None:
    seller = {"external_id": "maison-brandt", "age_days": 9, "country": "CN"}
    found = asked(site, a_suspect_row(brand="Aurelle", seller=seller))
    other = asked(site, a_suspect_row(brand="Aurelle", seller={**seller, "external_id": "maison-brand"}))
    assert found.route.lane is Lane.NO_ACTION
    assert other.route.lane is not Lane.NO_ACTION


def test_a_listing_of_nobody_is_scored_by_itself(site: Site) -> None:
    assert asked(site, a_suspect_row(seller=None)).route.lane is Lane.ANALYST


def test_a_second_score_builds_no_statement(any_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building the statements took more than half of a score."""
    a_case(any_site)
    asked(any_site, a_suspect_row())
    built: list[object] = []
    original = Select.__init__

    def noted(self: Select[Any], *arguments: Any, **named: Any) -> None:
        built.append(arguments)
        original(self, *arguments, **named)

    monkeypatch.setattr(Select, "__init__", noted)
    asked(any_site, a_suspect_row())
    assert built == []
    with any_site.runtime.store.read() as connection:
        connection.execute(select(score.c.value))
    assert len(built) == 1, "the count works"

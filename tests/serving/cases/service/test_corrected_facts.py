"""Facts that are assembled after a person named the brand of a listing, and those of before."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from features.brands import Method
from features.facts import Facts, assemble_facts, facts_from_json
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from models.case import CaseLane
from models.errors import Conflict, Forbidden
from models.policies.learning import LabelPolicy
from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import Origin, OriginKind
from serving.accounts.store import origins
from serving.audit.tables import audit_entry
from serving.brands.store import authorised_sellers
from serving.cases.rules.case_brand import CaseBrand, Naming
from serving.cases.service.naming import name_brand, undo_naming
from serving.cases.service.opening import open_by_choice
from serving.cases.store import case_brands
from serving.cases.store.cases import Case
from serving.learning.service.labelling import labelled_rows
from serving.listings.service import intake, intake_rows, precheck
from serving.listings.service.intake import receive_rows
from serving.listings.tables import facts as facts_table
from serving.listings.tables import listing_version, score
from serving.scoring.service.scoring import ReferenceContextCache
from tests.fixtures.naming import BRANDLESS, VELA, a_brandless_case, another_brand, naming_of_brand, stored_case
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, judge, open_cases
from tests.serving.notices.service.test_notice_complaints import refused_notice, say


def name(site: Site, case: Case, naming: Naming, person: Person | None = None) -> Case:
    named_case = name_brand(site.runtime, person or site.analyst, case.case_id, naming)
    site.clock.forward(minutes=1)
    return named_case


def send(site: Site, **changes: Any) -> Facts:
    """Send the listing again with these changes; the facts that were assembled for it."""
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(**changes)], source="test")
    site.clock.forward(minutes=1)
    return assembled_facts(site)[-1]


def assembled_facts(site: Site) -> list[Facts]:
    """Every facts of the site, in the order in which they were assembled."""
    query = (
        select(facts_table.c.body)
        .join(score, (score.c.facts_digest == facts_table.c.digest) & (score.c.marketplace_id == site.marketplace_id))
        .order_by(score.c.score_id)
    )
    with site.runtime.store.read() as connection:
        return [facts_from_json(body) for body in connection.execute(query).scalars()]


def brand_id(site: Site, name: str) -> str | None:
    return naming_of_brand(site, name).brand.brand_id


@pytest.mark.both_engines
def test_the_next_version_of_a_listing_has_the_corrected_brand(any_site: Site) -> None:
    name(any_site, a_brandless_case(any_site), naming_of_brand(any_site, "Aurelle"))
    facts = send(any_site, **BRANDLESS, price="3.00")
    assert (facts.brand.name, facts.brand.method) == ("Aurelle", Method.CORRECTED)
    assert facts.correction is not None
    assert facts.resolved.brand_id is None
    [following] = open_cases(any_site)
    assert following.brand == naming_of_brand(any_site, "Aurelle").brand


def test_a_mark_that_is_not_registered_leaves_no_participating_brand(any_site: Site) -> None:
    name(any_site, a_case(any_site), VELA)
    facts = send(any_site, price="3.00")
    assert (facts.brand.brand_id, facts.brand.name, facts.resolved.name) == (None, "Vela Nord", "Aurelle")
    assert (facts.price.listed, facts.seller.authorised) == (None, False)


def test_a_later_correction_replaces_an_earlier_one(any_site: Site) -> None:
    case = a_case(any_site)
    name(any_site, case, VELA)
    name(any_site, case, naming_of_brand(any_site, "Solenne"), any_site.second_analyst)
    assert send(any_site, price="3.00").brand.brand_id == brand_id(any_site, "Solenne")


def test_facts_of_before_a_correction_stay_what_they_were(any_site: Site) -> None:
    case = a_case(any_site)
    [before] = assembled_facts(any_site)
    name(any_site, case, VELA)
    send(any_site, price="3.00")
    first, second = assembled_facts(any_site)
    assert (first, first.correction) == (before, None)
    assert second.correction is not None
    assert first.as_of <= second.correction.known_at < second.as_of


def rebuilt_facts(site: Site, case: Case, as_of: datetime) -> Facts:
    """The facts of the case's listing as of a moment, from what the database has now."""
    listing = assembled_facts(site)[0].listing
    with site.runtime.store.read() as connection:
        context = site.runtime.services[ReferenceContextCache].of(connection, site.marketplace, as_of)
        named = case_brands.of_listings(connection, site.marketplace_id, [case.listing_id])[case.listing_id].history
    return assemble_facts(
        listing, context.references, NOTHING_RECORDED, marketplace=site.marketplace_id, as_of=as_of, named=named
    )


def test_facts_that_are_rebuilt_see_no_correction_before_it_was_known(any_site: Site) -> None:
    case = a_case(any_site)
    named_at = any_site.clock.now()
    name(any_site, case, VELA)
    methods = [rebuilt_facts(any_site, case, named_at + timedelta(seconds=n)).brand.method for n in (0, 1)]
    assert methods == [Method.FOLDED_TITLE, Method.CORRECTED]


@pytest.mark.both_engines
def test_a_backfilled_version_sees_no_correction_of_after_its_time(any_site: Site) -> None:
    case = a_case(any_site)
    any_site.clock.forward(hours=2)
    between = any_site.clock.now() - timedelta(hours=1)
    name(any_site, case, VELA)
    row = a_suspect_row(price="3.00", occurred_at=between.isoformat())
    receive_rows(any_site.runtime, any_site.marketplace, [row], source="test", backfill=True)
    facts = assembled_facts(any_site)[-1]
    assert (facts.as_of, facts.correction, facts.brand.name) == (between, None, "Aurelle")
    [following] = open_cases(any_site)
    assert following.brand == VELA.brand


def test_an_undo_restores_what_was_before_and_is_no_news_of_the_past(any_site: Site) -> None:
    name(any_site, a_brandless_case(any_site), naming_of_brand(any_site, "Aurelle"))
    corrected = send(any_site, **BRANDLESS, price="3.00")
    [following] = open_cases(any_site)
    name(any_site, following, naming_of_brand(any_site, "Solenne"))
    assert undo_naming(any_site.runtime, any_site.analyst, following.case_id).brand == following.brand
    any_site.clock.forward(minutes=1)
    assert send(any_site, **BRANDLESS, price="4.00").brand == corrected.brand
    assert assembled_facts(any_site)[1] == corrected


@pytest.mark.both_engines
def test_an_undo_leaves_an_unresolved_brand_unresolved_again(any_site: Site) -> None:
    case = a_brandless_case(any_site)
    name(any_site, case, naming_of_brand(any_site, "Aurelle"))
    assert undo_naming(any_site.runtime, any_site.analyst, case.case_id).brand == CaseBrand()
    any_site.clock.forward(minutes=1)
    facts = send(any_site, **BRANDLESS, price="3.00")
    assert (facts.brand.brand_id, facts.correction) == (None, None)
    assert not open_cases(any_site)[0].brand.is_named
    with pytest.raises(Conflict, match="nothing to undo"):
        undo_naming(any_site.runtime, any_site.analyst, open_cases(any_site)[0].case_id)


def test_a_question_returns_to_the_brand_whose_correction_is_undone(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    another_brand(site)
    assert name(site, case, naming_of_brand(site, "Marea")).lane is CaseLane.ASK_BRAND
    undone = undo_naming(site.runtime, site.analyst, case.case_id)
    assert (undone.lane, undone.brand) == (CaseLane.ASK_BRAND, case.brand)
    with site.runtime.store.read() as connection:
        query = select(audit_entry.c.act).where(audit_entry.c.act.startswith("brand.naming_undone"))
        assert len(connection.execute(query).all()) == 1


def test_somebody_who_counts_as_one_with_the_decider_by_now_does_not_undo_a_naming(site: Site) -> None:
    complaint = say(site, refused_notice(site))
    name(site, complaint, VELA, site.second_analyst)
    reset = Origin(OriginKind.RESET, site.analyst.user_id, site.clock.now())
    site.write(origins.add_origin, "org_reset", site.second_analyst.user_id, reset)
    with pytest.raises(Forbidden, match="somebody else must name its brand"):
        undo_naming(site.runtime, site.second_analyst, complaint.case_id)


def test_somebody_else_corrects_a_naming_and_does_not_undo_it(site: Site) -> None:
    case = name(site, a_case(site), VELA)
    with pytest.raises(Forbidden, match="Correct it with a reason instead"):
        undo_naming(site.runtime, site.second_analyst, case.case_id)
    assert stored_case(site, case).brand == VELA.brand


def test_a_listing_of_other_goods_is_resolved_again(any_site: Site) -> None:
    case = a_case(any_site, brand="Aurele", title="Aurele tote 1:1 mirror quality, real leather")
    name(any_site, case, naming_of_brand(any_site, "Aurelle"))
    tote = send(any_site, brand="Aurelee", title="Aurele tote, mirror quality, real leather")
    assert tote.brand.method is Method.CORRECTED
    lamp = send(any_site, brand="Lumen", title="Table lamp in brass, 1:1 replica of the master copy")
    assert (lamp.brand.brand_id, lamp.correction) == (None, None)
    assert not open_cases(any_site)[0].brand.is_named


def test_a_score_before_publication_has_the_corrected_brand(site: Site) -> None:
    name(site, a_case(site), naming_of_brand(site, "Solenne"))
    seen: list[Facts] = []

    def noted(*args: Any, **kwargs: Any) -> Facts:
        seen.append(assemble_facts(*args, **kwargs))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precheck, "assemble_facts", noted)
        for external_id in ("MP-9", "MP-10"):
            listing = check(a_suspect_row(external_id=external_id), received_at=site.clock.now())
            assert isinstance(listing, Listing)
            precheck.precheck(site.runtime, site.marketplace, listing)
    assert [facts.brand.name for facts in seen] == ["Solenne", "Aurelle"]


@pytest.mark.both_engines
def test_a_naming_while_a_row_is_taken_in_counts_for_the_row(any_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(any_site)
    calls: list[Any] = []

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        gathered_rows = intake_rows.gather_batch(*args, **kwargs)
        calls.append(gathered_rows)
        if len(calls) == 1:
            name(any_site, case, VELA)
        return gathered_rows

    monkeypatch.setattr(intake, "gather_batch", overtaken)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="3.00")], source="test")
    assert len(calls) == 2
    assert open_cases(any_site)[0].brand == VELA.brand


def test_a_correction_moves_no_other_listing_s_comparison(any_site: Site) -> None:
    """Prices of a brand and the other listings of a seller are compared by what the evidence resolves."""
    name(any_site, a_brandless_case(any_site), naming_of_brand(any_site, "Aurelle"))
    send(any_site, **BRANDLESS, price="3.00")
    columns = (listing_version.c.brand_id, listing_version.c.brand_key, listing_version.c.protected)
    versions = any_site.rows(select(*columns).order_by(listing_version.c.number))
    assert [tuple(version) for version in versions] == [(brand_id(any_site, "Aurelle"), "", False)] * 2


@pytest.mark.both_engines
def test_a_copy_of_a_text_is_compared_with_the_corrected_brand_s_list(any_site: Site) -> None:
    """A seller on the list of the brand that a person named uses the text by right, from the correction on."""
    sellers: dict[str, Any] = {"seller": {"external_id": "boutique"}}
    text: dict[str, Any] = {
        "brand": None,
        "title": "Tote 1:1 mirror quality, real leather",
        "description": "A tote. " * 30 + "Write to bags@example.com.",
    }
    case = a_case(any_site, **text, **sellers)
    any_site.write(
        authorised_sellers.authorise,
        marketplace_id=any_site.marketplace_id,
        brand_id=brand_id(any_site, "Aurelle") or "",
        sellers=["boutique"],
        at=any_site.clock.now(),
    )
    changed = a_suspect_row(**text, **sellers, price="4.00")
    any_site.clock.forward(hours=1)
    receive_rows(any_site.runtime, any_site.marketplace, [changed], source="test")
    [case] = open_cases(any_site)
    copy = {**text, "seller": {"external_id": "copyist"}}
    any_site.clock.forward(hours=1)
    between = any_site.clock.now()
    before = send(any_site, external_id="MP-20", **copy)
    name(any_site, case, naming_of_brand(any_site, "Aurelle"))
    after = send(any_site, external_id="MP-21", **copy)
    copy["seller"] = {"external_id": "another-copyist"}
    past = a_suspect_row(external_id="MP-22", **copy, occurred_at=between.isoformat())
    receive_rows(any_site.runtime, any_site.marketplace, [past], source="test", backfill=True)
    found_duplicates = [facts.near_duplicates for facts in (before, after, assembled_facts(any_site)[-1])]
    assert [
        near_duplicates is not None and bool(near_duplicates.authorised) for near_duplicates in found_duplicates
    ] == [False, True, False]


@pytest.mark.both_engines
def test_a_snapshot_as_of_a_moment_knows_no_later_correction(any_site: Site) -> None:
    case = a_case(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    any_site.clock.forward(days=40)
    as_of = any_site.clock.now()
    any_site.clock.forward(days=1)
    opened = stored_case(
        any_site, replace(case, case_id=open_by_choice(any_site.runtime, any_site.analyst, case.listing_id))
    )
    name(any_site, opened, VELA)
    policy = any_site.runtime.policies[LabelPolicy]
    with any_site.runtime.store.read() as connection:
        rows = [labelled_rows(connection, any_site.marketplace_id, policy, at) for at in (as_of, any_site.clock.now())]
    assert [[label.brand_id for label in snapshot] for snapshot in rows] == [[case.brand_id], [None]]

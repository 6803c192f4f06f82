"""What a report would do is what it does."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from serving.audit.tables import audit_entry
from serving.listings.service.intake import receive_rows
from serving.reports.rules.outcomes import ListingResult
from serving.reports.service.previewing import counts_of, preview_report
from serving.standing.rules.standing import Level
from tests.fixtures.reporting import a_draft, on_sale
from tests.fixtures.runtimes import Site, a_row, a_suspect_row, having
from tests.fixtures.stepping_up import in_level
from tests.fixtures.submitting import submit_report


def of_every_kind(site: Site) -> list[str]:
    """Ordinary listings, an open case, an authorised seller's, one without a brand, and an unknown one."""
    names = on_sale(site, 24, seller=None)
    on_sale(site, 12, 30, seller="one-shop")
    rows = [
        a_suspect_row(brand="Aurelle"),
        a_row(external_id="AU-1", seller={"external_id": "maison-brandt", "age_days": 900, "country": "FR"}),
        a_row(external_id="NO-1", brand=None, title="Leather tote, grey", description="Ships in two days."),
    ]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    return [*names, *(f"RP-{number}" for number in range(30, 42)), "MP-9", "AU-1", "NO-1", "XX-1"]


def assert_same(site: Site, named: list[str], key: str) -> None:
    draft = a_draft(site, named, key)
    foreseen = preview_report(site.runtime, site.brand_person, draft)
    done = submit_report(site.runtime, site.brand_person, draft)
    assert [(forecast.outcome.result, forecast.outcome.code, forecast.outcome.reasons) for forecast in foreseen] == [
        (outcome.result, outcome.code, outcome.reasons) for outcome in done.outcomes
    ]
    assert counts_of(foreseen) == done.counts
    assert sum(done.counts.values()) == len(named)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_listing_becomes_what_was_foreseen(site: Site, draws: st.DataObject) -> None:
    names = having(site, of_every_kind)
    named = draws.draw(st.lists(st.sampled_from(names), min_size=1, max_size=40))
    assert_same(site, named, f"key-{site.runtime.ids.new('key')}")


def test_the_caps_are_foreseen_listing_by_listing(any_site: Site) -> None:
    assert_same(any_site, having(any_site, of_every_kind), "first")


def test_the_quota_of_a_capped_brand_is_foreseen(any_site: Site) -> None:
    in_level(any_site, Level.CAPPED)
    assert_same(any_site, having(any_site, on_sale, 23), "first")


def test_a_preview_records_nothing(site: Site) -> None:
    draft = a_draft(site, having(site, on_sale, 2))

    def entries() -> int:
        return int(site.scalar(select(func.count()).select_from(audit_entry)))

    before = entries()
    assert counts_of(preview_report(site.runtime, site.brand_person, draft))[ListingResult.SCHEDULED] == 2
    assert entries() == before

from serving.listings.service.intake import receive_rows
from tests.fixtures.runtimes import Site, a_row
from tests.serving.web.visits import an_administrator, visit_as, words

PATH = "/operations/quarantine"
ATTACK = "<img src=x onerror=alert(1)>\u202e"


def test_refused_rows_are_counted_by_reason_and_shown_as_text(site: Site) -> None:
    rows = [a_row(external_id=f"MP-{i}", price="-1") for i in range(3)]
    receive_rows(site.runtime, site.marketplace, [*rows, a_row(external_id="MP-9", titel=ATTACK)], source="test")
    admin = visit_as(site, an_administrator(site))
    page = admin.get(PATH)
    text = words(page.text)
    assert "4 refused rows, last 90 days" in text
    assert "negative 3" in text
    assert "unknown field 1" in text
    assert ATTACK not in page.text
    assert "&lt;img src=x" in page.text
    only = words(admin.get(f"{PATH}?code=unknown_field").text)
    assert "Reason: unknown field" in only
    assert "price is below zero" not in only
    assert "Latest rows" in words(admin.get(f"{PATH}?code=%3Cscript%3E").text)


def test_rows_are_shown_fifty_at_a_time(site: Site) -> None:
    receive_rows(
        site.runtime, site.marketplace, [a_row(external_id=f"MP-{i}", price="-1") for i in range(60)], source="test"
    )
    admin = visit_as(site, an_administrator(site))
    first = admin.get(f"{PATH}?code=negative").text
    assert first.count("price is below zero.") == 50
    address = first.partition('href="/operations/quarantine?code=negative&amp;before=')[2].partition('"')[0]
    second = admin.get(f"{PATH}?code=negative&before={address}").text
    assert second.count("price is below zero.") == 10
    assert "Older rows" not in second


def test_an_empty_quarantine_is_described_in_words(site: Site) -> None:
    assert "No refused rows." in words(visit_as(site, an_administrator(site)).get(PATH).text)

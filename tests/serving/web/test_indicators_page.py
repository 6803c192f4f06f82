from features.indicators import Direction
from serving.accounts.rules.access import Grant, Role
from serving.accounts.store import accounts
from serving.brands.service.indicators import NewIndicator, add_indicator, of_brand
from serving.brands.service.mandates import NewMandate, grant_mandate
from serving.listings.service.intake import receive_rows
from tests.fixtures.reporting import a_leader, a_rival
from tests.fixtures.runtimes import Site, a_row, invite
from tests.serving.web.visits import visit_as, words

_PLACE = "/brand/indicators"
_NEW = {"label": "Card in the box", "pattern": "plastic card", "direction": "counterfeit", "where": "any", "do": "add"}


def patterns(site: Site, brand_id: str | None = None) -> list[str]:
    """A brand's indicators that were not withdrawn."""
    indicators = site.read(of_brand, (site.marketplace_id, brand_id or site.brand_id))
    return [indicator.pattern for indicator in indicators if indicator.removed_at is None]


def test_a_brand_adds_an_indicator_and_withdraws_it(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    assert "No indicators yet." in words(visitor.get(_PLACE).text)
    assert visitor.post(_PLACE, {**_NEW, "last_day": "2027-01-31"}).headers["location"] == _PLACE
    text = words(visitor.get(_PLACE).text)
    assert "1 of at most 20 in force" in text
    assert "Card in the box plastic card Counterfeits Title or description" in text
    assert "31 Jan 2027 In force" in text
    [indicator] = site.read(of_brand, (site.marketplace_id, site.brand_id))
    assert visitor.post(f"{_PLACE}/{indicator.indicator_id}/end").status_code == 303
    assert patterns(site) == []
    assert "Undone" in words(visitor.get(_PLACE).text)


def test_a_refusal_says_why_and_gives_back_what_was_typed(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    answer = visitor.post(_PLACE, {**_NEW, "pattern": "(a+)+\\1"})
    assert answer.status_code == 422
    assert "The pattern cannot be read" in words(answer.text)
    assert 'value="Card in the box"' in answer.text
    assert patterns(site) == []
    assert visitor.post(_PLACE, {**_NEW, "direction": "sideways"}).status_code == 422
    assert visitor.post(_PLACE, {**_NEW, "last_day": "soon"}).status_code == 422


def test_a_pattern_is_tried_on_a_text_and_on_the_brands_own_listings_and_nothing_is_kept(site: Site) -> None:
    rows = [a_row(external_id=f"MP-{i}", description=f"With plastic card {i}." if i < 2 else "None.") for i in range(5)]
    other = a_row(external_id="MP-9", title="Solenne bag", brand="Solenne", description="Plastic card.")
    receive_rows(site.runtime, site.marketplace, [*rows, other], source="test")
    visitor = visit_as(site, site.brand_person)
    text = words(visitor.post(_PLACE, {**_NEW, "do": "try", "text": "a PLÁSTIC card inside"}).text)
    assert "The pattern matches the pasted text at “plastic card”." in text
    assert "It matches 2 of your latest 5 listings here." in text
    assert "Solenne bag" not in text
    assert patterns(site) == []
    text = words(visitor.post(_PLACE, {**_NEW, "do": "try", "pattern": "aurelle", "text": "none"}).text)
    assert "The pattern does not match the pasted text." in text
    assert "More than half match." in text


def test_who_does_not_lead_reads_and_changes_nothing(site: Site) -> None:
    add_indicator(site.runtime, NewIndicator("Aurelle", "Zip", "aurele", Direction.COUNTERFEIT), by="test")
    [indicator] = site.read(of_brand, (site.marketplace_id, site.brand_id))
    visitor = visit_as(site, site.brand_person)
    page = visitor.get(_PLACE).text
    assert "Your account can read this page but not change it." in words(page)
    assert "Withdraw" not in page
    assert visitor.post(_PLACE, _NEW).status_code == 403
    assert visitor.post(f"{_PLACE}/{indicator.indicator_id}/end").status_code == 403
    assert patterns(site) == ["aurele"]


def test_an_agent_changes_nothing_even_where_the_marketplace_let_it(site: Site) -> None:
    until, email = site.clock.now().replace(year=2030), site.brand_person.email
    grant_mandate(site.runtime, NewMandate("Aurelle", email, "Roche & Fils", ("EU",), until), by="test")
    visitor = visit_as(site, a_leader(site))
    assert "You act under a power of attorney." in words(visitor.get(_PLACE).text)
    assert visitor.post(_PLACE, _NEW).status_code == 403


def test_an_indicator_of_another_brand_is_not_there(site: Site) -> None:
    add_indicator(site.runtime, NewIndicator("Aurelle", "Zip", "aurele", Direction.COUNTERFEIT), by="test")
    [indicator] = site.read(of_brand, (site.marketplace_id, site.brand_id))
    visitor = visit_as(site, a_rival(site))
    ours = f"{site.marketplace_id}.{site.brand_id}"
    assert "aurele" not in visitor.get(_PLACE).text
    assert visitor.get(f"{_PLACE}?of={ours}").status_code == 404
    assert visitor.post(_PLACE, {**_NEW, "of": ours}).status_code == 404
    assert visitor.post(_PLACE, {**_NEW, "do": "try", "of": ours}).status_code == 404
    assert visitor.post(f"{_PLACE}/{indicator.indicator_id}/end").status_code == 404
    assert visitor.post(f"{_PLACE}/{indicator.indicator_id}/end", {"of": ours}).status_code == 404
    assert patterns(site) == ["aurele"]


def test_who_speaks_for_two_brands_chooses_between_them(site: Site) -> None:
    rival = a_rival(site)
    site.write(
        accounts.add_grants,
        rival.user_id,
        [Grant(Role.BRAND, site.marketplace_id, site.brand_id, leads=True)],
        site.clock.now(),
    )
    visitor = visit_as(site, rival)
    page = visitor.get(f"{_PLACE}?of={site.marketplace_id}.{site.brand_id}").text
    assert "Counterfeit indicators of Aurelle" in page
    assert "Nordfjell" in page
    assert (
        visitor.post(_PLACE, {**_NEW, "of": f"{site.marketplace_id}.{site.brand_id}"})
        .headers["location"]
        .startswith(f"{_PLACE}?of={site.marketplace_id}.")
    )
    assert patterns(site) == ["plastic card"]


def test_text_of_a_brand_is_never_markup(site: Site) -> None:
    attack = "<script>alert(1)</script>"
    visitor = visit_as(site, a_leader(site))
    assert visitor.post(_PLACE, {**_NEW, "label": attack, "pattern": attack}).status_code == 303
    assert attack not in visitor.get(_PLACE).text
    assert attack not in visitor.post(_PLACE, {**_NEW, "do": "try", "pattern": attack, "text": attack}).text


def test_a_colleague_who_is_invited_does_not_lead(site: Site) -> None:
    colleague = invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    assert visit_as(site, colleague).post(_PLACE, _NEW).status_code == 403

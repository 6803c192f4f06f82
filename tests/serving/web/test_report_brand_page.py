"""The brand's page to report listings that it found itself."""

from html import unescape

import pytest
from httpx2 import Response

from models.policies.deciding import EnforcementPolicy
from serving.accounts.service.display_choice import choose
from serving.intake.service.intake import receive
from serving.platform.display import Display
from serving.rights.rules.rights import RightKind
from tests.fixtures.bursts import states
from tests.fixtures.listings import a_row
from tests.fixtures.reporting import on_sale
from tests.fixtures.runtimes import Site
from tests.serving.rights.service.test_rights import withdraw_all
from tests.serving.web.test_told_brands import left_in_english
from tests.serving.web.visits import Visitor, hidden_fields, visit_as, words

PATH = "/brand/reports"


def asked(brand: Visitor) -> dict[str, str]:
    return {**hidden_fields(brand.get(PATH).text), "reason_code": "trademark_counterfeit"}


def with_file(brand: Visitor, name: str, content: bytes) -> Response:
    fields = {"csrf_token": brand.csrf_token, **asked(brand)}
    return brand.client.post(f"{PATH}/preview", data=fields, files={"file": (name, content)}, headers=brand.headers)


def test_a_report_is_previewed_sent_withdrawn_and_retracted(site: Site) -> None:
    names = on_sale(site, 3)
    brand = visit_as(site, site.brand_person)
    assert "Report listings" in words(brand.get("/brand").text)
    fields = {
        **hidden_fields(brand.get(PATH).text),
        "reason_code": "trademark_counterfeit",
        "listings": "\n".join(names),
    }
    assert "Removal scheduled: 3" in words(brand.post(f"{PATH}/preview", fields).text)
    assert states(site) == {}
    assert brand.post(PATH, fields).status_code == 422  # Without the word of good faith.
    done = brand.post(PATH, {**fields, "good_faith": "yes"})
    assert done.status_code == 303
    place = done.headers["location"]
    assert states(site) == {"scheduled": 3}
    assert "Your reports" in words(brand.get(PATH).text)
    assert f'href="{place}"' in brand.get(PATH).text
    assert brand.post(PATH, {**fields, "good_faith": "yes"}).headers["location"] == place
    assert brand.post(f"{place}/withdraw", {}).status_code == 422, "nothing by default"
    assert states(site) == {"scheduled": 3}
    assert brand.post(f"{place}/withdraw", {"item:2": "yes"}).status_code == 303
    assert "Withdrawn: 1" in words(brand.get(place).text)
    assert states(site) == {"scheduled": 2, "withdrawn": 1}
    site.clock.forward(seconds=site.runtime.policies[EnforcementPolicy].undo_window_seconds + 1)
    assert "Retract ticked listings" in words(brand.get(place).text)
    assert brand.post(f"{place}/retract", {}).status_code == 422
    assert brand.post(f"{place}/retract", {**hidden_fields(brand.get(place).text), "all": "yes"}).status_code == 303
    assert "Retracted: 2" in words(brand.get(place).text)


@pytest.mark.parametrize(
    ("content", "many"),
    [(b"url,price\nRP-0,12\nRP-1,13\n", 2), (b"\xef\xbb\xbfRP-0\r\n\r\nRP-1\r\n", 2), (b'"RP-0"', 1)],
)
def test_a_file_names_its_listings_in_the_first_column(site: Site, content: bytes, many: int) -> None:
    on_sale(site, 2)
    ahead = with_file(visit_as(site, site.brand_person), "found.csv", content)
    assert f"Removal scheduled: {many}" in words(ahead.text)


def test_a_file_that_is_no_text_is_refused_with_what_to_do(site: Site) -> None:
    refused = with_file(visit_as(site, site.brand_person), "found.xlsx", b"\xff\xfe\x00")
    assert refused.status_code == 422
    assert "Save it as CSV in UTF-8" in words(refused.text)


def test_the_search_shows_ids_and_titles_and_nothing_that_only_reviewers_know(site: Site) -> None:
    on_sale(site, 2)
    told = words(visit_as(site, site.brand_person).get(f"{PATH}?q=Colline").text)
    assert "RP-0" in told
    assert "number RP-1" in told
    assert not any(word in told.lower() for word in ("score", "risk", "lane", "closet-rp-0"))


def test_the_preview_warns_of_goods_that_only_fit_those_of_the_brand(site: Site) -> None:
    strap = a_row(external_id="RP-9", title="Strap compatible with Aurelle Colline tote, grey")
    receive(site.runtime, site.marketplace, [strap], source="test")
    brand = visit_as(site, site.brand_person)
    text = words(brand.post(f"{PATH}/preview", {**asked(brand), "listings": "RP-9"}).text)
    assert "Removal scheduled: 1" in text
    assert "Look at this listing again: its wording is that of a legitimate use (“compatible with”)" in text


def test_what_was_typed_is_kept_and_is_text(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    typed = '"><script>alert(1)</script>'
    fields = {**asked(brand), "listings": typed}
    page = brand.post(f"{PATH}/preview", fields).text
    assert "<script>alert" not in page
    assert typed in unescape(page)
    assert "Not known yet: 1" in words(page)


def test_without_a_right_nothing_can_be_reported(site: Site) -> None:
    for kind in RightKind:
        withdraw_all(site, kind)
    assert "Preview report" not in words(visit_as(site, site.brand_person).get(PATH).text)


def test_an_analyst_has_no_such_page(site: Site) -> None:
    assert visit_as(site, site.analyst).get(PATH).status_code == 403


def test_a_report_is_written_sent_and_read_in_the_language_of_the_brand(site: Site) -> None:
    names = on_sale(site, 2)
    choose(site.runtime, site.brand_person, Display(), {"language": "zh"})
    brand = visit_as(site, site.brand_person)
    fields = {**asked(brand), "listings": "\n".join([*names, names[0]])}
    rights = ("WIPO", *(f"-{kind}" for kind in RightKind))
    named = ("Colline tote in grained leather, grey, number", "RP", "CSV", "UTC", "PDF", "PNG", "JPEG", "MB")
    data = (*names, *rights, *named)
    pages = [brand.get(PATH), brand.post(f"{PATH}/preview", fields)]
    pages.append(brand.get(brand.post(PATH, {**fields, "good_faith": "yes"}).headers["location"]))
    for page in pages:
        assert '<html lang="zh-Hans"' in page.text
        assert left_in_english(page.text, *data) == []

"""Every figure of a brand is the same on every page that shows it, to the brand and to its account manager."""

import re
from collections import defaultdict

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.standing.rules.standing import Level
from serving.standing.service import sweep_standings
from tests.fixtures.complaining import end_answering_time
from tests.fixtures.factors import on_real_time
from tests.fixtures.reporting import a_marketplace_that_listens, reinstate_on_appeal, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, judge
from tests.fixtures.stepping_up import in_full_standing, in_level, with_a_small_hour
from tests.serving.web.test_large_report_pages import a_day_old, with_code
from tests.serving.web.visits import visit_as, words

_FIGURE = re.compile(r"<dt>([^<]+)</dt><dd><b>([^<]*)</b><span>([^<]*)</span>")
_LINE = re.compile(r'<th scope="row">([^<]+)</th><td class="num"><b>([^<]*)</b>(?:<div class="mut sm">([^<]*)</div>)?')
_SHARE = re.compile(r"(\d+) of (\d+)\D{0,40}?(\d+\.\d+)%")


def a_history(site: Site) -> None:
    """Answers fast and slow, the first at the edge of 90 days, with reinstatements, and ended removals."""
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-old")
        site.clock.forward(days=76, hours=6)
        removals = [removal_by_brand(site, f"MP-{number}") for number in range(8)]
        for removal in removals[:2]:
            reinstate_on_appeal(site, removal)
    slow = a_case(site, CaseLane.ASK_BRAND, external_id="MP-slow")
    site.clock.forward(days=3, hours=23)
    judge(site, site.brand_person, slow, Judgement.COUNTERFEIT)
    end_answering_time(site)
    sweep_standings(site.runtime)


def pages_of_brand(site: Site) -> dict[str, str]:
    """The pages that show figures of the brand: its own, and those of its account manager."""
    brand, manager = visit_as(site, site.brand_person), visit_as(site, site.account_manager)
    own = {path: brand.get(path).text for path in ("/brand", "/brand/dashboard", "/brand/standing")}
    managed = (f"/brands/{site.brand_id}", f"/brands/{site.brand_id}/dashboard")
    return own | {path: manager.get(path).text for path in managed}


def test_every_page_of_a_brand_shows_the_same_figures(site: Site) -> None:
    a_history(site)
    shown: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for path, page in pages_of_brand(site).items():
        outcomes = page.partition("Outcomes of your answers")[2].partition("</table>")[0]
        for name, figure, base in _FIGURE.findall(page) + _LINE.findall(outcomes):
            shown[name.lower()][figure, base].add(path)
        for part, whole, share in _SHARE.findall(words(page)):
            shown[f"share of {part} of {whole}"][share, ""].add(path)
    different = {name: dict(values) for name, values in shown.items() if len(values) > 1}
    assert different == {}
    common = {name for name, values in shown.items() if {len(paths) for paths in values.values()} == {3}}
    assert common >= {"accepted", "rejected", "median time to answer", "median time to removal", "seller objections"}
    assert any(name.startswith("share of") for name in shown)


def test_the_pace_above_the_questions_is_the_median_of_the_figures(site: Site) -> None:
    a_history(site)
    page = pages_of_brand(site)["/brand"]
    (median,) = re.findall(r"Median time to answer</th><td class=\"num\"><b>([^<]*)</b>", page)
    assert f"in the last 90 days (median time to answer {median})." in words(page)


@pytest.mark.parametrize(("level", "is_told"), [(Level.SUSPENDED, False), (Level.FULL, True)])
def test_a_brand_is_told_of_places_only_where_a_confirmation_removes_at_once(
    site: Site, level: Level, is_told: bool
) -> None:
    site = on_real_time(with_a_small_hour(in_full_standing(site)), public_url="http://testserver")
    visitor = with_code(site, a_day_old(site))
    in_level(site, level)
    page = words(visitor.get("/brand/limits").text)
    assert bool(re.search(r"\d left", page)) is is_told
    assert ("What you confirm now goes to an analyst." in page) is not is_told

import pytest

from models.errors import Invalid
from models.verdict import Judgement
from serving.platform.database.types import UtcTime  # noqa: F401
from serving.takedowns.tables import action as action_table
from sqlalchemy import func, select
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site

BRANDLESS = {"title": "Tote 1:1 mirror quality, real leather", "brand": None}


def removals(site: Site) -> int:
    with site.runtime.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(action_table)).scalar_one())


def test_counterfeit_is_refused_while_nobody_has_named_the_brand(any_site: Site) -> None:
    case = a_case(any_site, **BRANDLESS)
    assert case.brand_id is None
    with pytest.raises(Invalid):
        judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    assert removals(any_site) == 0

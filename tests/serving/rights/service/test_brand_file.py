"""Who may change what a brand has on file, asked at the rule itself and not by way of a page."""

import pytest

from models.errors import Forbidden, NotFound
from serving.rights.service.brand_file import require_lead
from tests.fixtures.brand_people import a_leader, a_rival
from tests.fixtures.runtimes import Site


def test_who_leads_another_brand_meets_nothing_where_who_does_not_lead_is_told_so(site: Site) -> None:
    pair, rival = (site.here, site.brand_id), a_rival(site)
    with site.runtime.store.read() as connection:
        with pytest.raises(NotFound):
            require_lead(connection, rival, pair)
        with pytest.raises(NotFound):
            require_lead(connection, site.account_manager, pair)
        with pytest.raises(Forbidden):
            require_lead(connection, site.brand_person, pair)
    leader = a_leader(site)
    with site.runtime.store.read() as connection:
        assert require_lead(connection, leader, pair) == f"user:{leader.user_id}"

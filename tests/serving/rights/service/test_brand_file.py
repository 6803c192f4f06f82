"""The people who may change a brand's file, tested at the rule itself and not through a page."""

import pytest

from models.errors import Forbidden, NotFound
from serving.rights.service.brand_file import require_lead
from tests.fixtures.reporting import a_leader, a_rival
from tests.fixtures.runtimes import Site


def test_only_users_of_the_brand_learn_that_they_lack_lead_rights(site: Site) -> None:
    pair, rival = (site.here, site.brand_id), a_rival(site)
    with site.runtime.store.read() as connection:
        with pytest.raises(NotFound):
            require_lead(connection, rival, pair)
        with pytest.raises(NotFound):
            require_lead(connection, site.account_manager, pair)
        with pytest.raises(Forbidden):
            require_lead(connection, site.brand_person, pair)
    leader = a_leader(site)
    assert site.read(require_lead, leader, pair) == f"user:{leader.user_id}"

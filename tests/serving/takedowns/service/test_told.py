"""Who is told of removals: the mails, the link that stops them, and what happens where nobody can be told."""

import pytest

from models.verdict import Judgement
from serving.accounts.service.auth import session_of, sign_in
from tests.fixtures.mails import by_mail, post
from tests.fixtures.reviewing import a_drawn_case, judge
from tests.fixtures.runtimes import PASSWORD, Site


@pytest.mark.attack
def test_the_owner_of_a_stolen_session_is_told_of_its_first_removal_within_the_hour(site: Site) -> None:
    case = a_drawn_case(site)
    with by_mail(site) as (mailing, box):
        stolen = session_of(mailing.runtime, sign_in(mailing.runtime, site.analyst.email, PASSWORD).token)
        judge(mailing, stolen.person, case, Judgement.COUNTERFEIT)
        site.clock.forward(minutes=1)
        post(mailing)
        assert box.to(site.analyst.email)

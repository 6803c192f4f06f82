import pytest

from serving.accounts.rules.access import Role
from serving.learning.service.learn import request_training
from serving.operations.service.presence import Presence
from serving.platform import jobs
from tests.fixtures.runtimes import Site, invite
from tests.serving.web.visits import visit_as, words

PATH = "/operations/jobs"


@pytest.mark.both_engines
def test_processes_queues_and_retrainings_are_shown_on_both_engines(any_site: Site) -> None:
    Presence(any_site.runtime).swept({"removal_checks": 3}, 0.25)
    request_training(any_site.runtime, any_site.marketplace, by=f"user:{any_site.data_scientist.user_id}")
    text = words(visit_as(any_site, any_site.analyst).get(PATH).text)
    assert "removal checks 3" in text
    assert "0.25 s" in text
    assert "Training and publishing 1" in text
    assert "waiting, 0 %" in text
    assert "Wei Zhang" in text


def test_a_job_that_failed_says_why_as_text(site: Site) -> None:
    with site.runtime.store.write() as connection:
        site.runtime.jobs.enqueue(connection, jobs.SEND_MAIL, jobs.MAILS, "mail:a", site.marketplace_id, "mai_1")
        connection.exec_driver_sql("UPDATE workflow_status SET status = 'ERROR', error = '<b>boom</b>'")
    page = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)).get(PATH).text
    assert "&lt;b&gt;boom" in page
    assert "mail:a" in page
    assert "boom" not in visit_as(site, site.data_scientist).get(PATH).text, "it may name anything"


def test_a_fresh_home_says_that_nothing_ran(site: Site) -> None:
    text = words(visit_as(site, site.analyst).get(PATH).text)
    assert "No process has run yet." in text
    assert "No jobs in the last 24 hours." in text
    assert "No training runs yet." in text

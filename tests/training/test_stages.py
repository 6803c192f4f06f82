import pytest

from training.evaluate.splits import TIME_FOLDS
from training.fit.stages import FIT_ALL, FITS, GATES, JUDGE, PEERS, READ, REGISTER, STAGES, fit_progress, whole_progress


def heard_stages() -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """What a training reports in the order of `training.runs.pipeline`, and what its listener hears."""
    reports: list[tuple[str, float]] = []
    passed_on: list[tuple[str, float]] = []
    tell = whole_progress(lambda stage, share: passed_on.append((stage, share)))

    def say(stage: str, share: float) -> None:
        reports.append((stage, share))
        tell(stage, share)

    def fit(stage: str) -> None:
        steps = fit_progress(stage, say)
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
    return reports, passed_on


def test_progress_never_falls_and_no_stage_returns() -> None:
    reports, passed_on = heard_stages()
    assert len(reports) == len(passed_on)
    assert [stage for stage, _ in passed_on] == sorted((stage for stage, _ in passed_on), key=STAGES.index)
    shares = [share for _, share in passed_on]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1


def test_the_stages_are_the_whole() -> None:
    shares: list[float] = []
    whole_progress(lambda _stage, share: shares.append(share))(STAGES[-1], 1.0)
    assert shares == [pytest.approx(1.0)]
    assert len(FITS) == TIME_FOLDS


def test_what_comes_late_is_not_passed_on() -> None:
    steps: list[tuple[str, float]] = []
    tell = whole_progress(lambda stage, share: steps.append((stage, share)))
    for stage, share in ((JUDGE, 0.5), (FITS[0], 1.0), (JUDGE, 0.2), (JUDGE, 0.6)):
        tell(stage, share)
    assert [stage for stage, _ in steps] == [JUDGE, JUDGE]
    assert steps[0][1] < steps[1][1]


def test_a_stage_that_is_left_out_counts_as_done() -> None:
    shares: list[float] = []
    tell = whole_progress(lambda _stage, share: shares.append(share))
    tell(READ, 0.0)
    tell(FIT_ALL, 0.0)
    assert shares[1] > 0.7

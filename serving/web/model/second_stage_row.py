"""What the second score of an encoder gained over first answers, out of fold."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from serving.web.wording import words


def second_stage_of(report: Mapping[str, Any]) -> SimpleNamespace | None:
    """The second score of a training's report; None where no encoder took part."""
    found = report.get("second_stage")
    if found is None:
        return None
    gain, titles = found["gain"], f"{found['titles']:,} titles"
    low, high = gain["ap_interval"]
    return SimpleNamespace(
        encoder=found["encoder"],
        says=_says(low, high),
        gains=low is not None and low > 0,
        precision=words.figure(found["out_of_fold"]["ap"]),
        difference=words.signed(gain["ap"], 3),
        interval="" if low is None else f"{words.signed(low, 3)} to {words.signed(high, 3)}",
        weight=f"{found['title_weight']:.0%}",
        titles=f"{titles}, {found['failed']:,} of them unreadable" if found["failed"] else titles,
    )


def _says(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "Whether it sorts better than the first answers cannot be estimated."
    if low > 0:
        return "It sorts better than the first answers: the 95 % interval over sellers excludes zero."
    if high < 0:
        return "It sorts worse than the first answers: the 95 % interval over sellers excludes zero."
    return "It does not sort better than the first answers beyond chance: the 95 % interval over sellers includes zero."

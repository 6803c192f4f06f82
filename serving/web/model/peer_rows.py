"""The model beside simpler ones on the same listings, as `touchstone evaluate` shows them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

from serving.web.wording import words

_FAIR_PEER: Final = "fair_peer"
_METHODS: Final = {
    _FAIR_PEER: "Fair peer: numbers and text, 1 to 2",
    "field_text": "TF-IDF per field",
    "numbers": "LightGBM on raw numbers",
    "best_signal": "Best single signal",
    "forest_alone": "This model's numbers alone",
    "text_alone": "This model's text alone",
}


def peers_of(judged: Mapping[str, Any]) -> SimpleNamespace | None:
    """The comparison of an evaluation; None of one from before there was one."""
    found = judged.get("peers")
    if found is None:
        return None
    low, high = found["difference_interval"]
    whole = found["fitted"] >= found["known"]
    return SimpleNamespace(
        rows={
            "This model": judged["candidate"],
            **{words_for: found["figures"][name] for name, words_for in _METHODS.items()},
        },
        difference="unknown" if found["difference"] is None else words.signed(found["difference"], 3),
        interval="" if low is None else f"{words.signed(low, 3)} to {words.signed(high, 3)}",
        claims=whole and low is not None and low > 0,
        says=_says(low, high) if whole else _sampled(found["fitted"], found["known"]),
    )


def _says(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "The difference to the fair peer cannot be estimated, so no superiority is claimed."
    if low > 0:
        return "Better than the fair peer: the 95 % interval over sellers excludes zero."
    if high < 0:
        return "Worse than the fair peer: the 95 % interval over sellers excludes zero."
    return "Not better than the fair peer beyond chance: the 95 % interval over sellers includes zero."


def _sampled(fitted: int, known: int) -> str:
    return (
        f"No superiority is claimed: to save time the baselines learnt {fitted:,} of the {known:,} rows that the model "
        "learnt."
    )

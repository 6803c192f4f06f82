"""The model beside simpler ones on the same listings, as `touchstone evaluate` shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class PeerRow:
    """A method and its figures; `weighted` is the average precision weighted to all listings."""

    method: str
    is_ours: bool
    precision: str
    interval: str
    roc_auc: str
    at_20: str
    weighted: str


@dataclass(frozen=True, slots=True)
class Peers:
    """The methods, and what their difference shows; `claims` is whether the model is superior to the fair peer."""

    rows: tuple[PeerRow, ...]
    difference: str
    interval: str
    claims: bool
    says: str


def peers_of(judged: Mapping[str, Any]) -> Peers | None:
    """The comparison of an evaluation; None of one from before there was one."""
    found = judged.get("peers")
    if found is None:
        return None
    low, high = found["difference_interval"]
    whole = found["fitted"] >= found["known"]
    claims = whole and low is not None and low > 0
    return Peers(
        rows=(
            _row("This model", judged["candidate"], is_ours=True),
            *(_row(words_for, found["figures"][name]) for name, words_for in _METHODS.items()),
        ),
        difference="unknown" if found["difference"] is None else words.signed(found["difference"], 3),
        interval="" if low is None else f"{words.signed(low, 3)} to {words.signed(high, 3)}",
        claims=claims,
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


def _row(method: str, figures: Mapping[str, Any], *, is_ours: bool = False) -> PeerRow:
    low, high = figures["ap_interval"]
    return PeerRow(
        method,
        is_ours,
        words.figure(figures["ap"]),
        "" if low is None else f"{low:.3f} to {high:.3f}",
        words.figure(figures["roc_auc"]),
        words.figure(figures["precision_at_20"]),
        words.figure(figures.get("random_slice", {}).get("ap")),
    )

"""The figures of an evaluation that may stand beside each other: a champion is left out where it learnt the rows."""

from collections.abc import Mapping
from typing import Any, Final

_OLDER: Final = "Not comparable: the champion learnt some of these rows."
_OF_CHAMPION: Final = frozenset({"champion", "champion_ap", "difference_interval"})


def why_not_comparable(judged: Mapping[str, Any]) -> str | None:
    """Why the champion has no figure beside the candidate's; None where it has one or there is no champion."""
    found = judged.get("not_comparable")
    return found or (_OLDER if judged.get("champion_saw") else None)


def comparable(judged: Mapping[str, Any]) -> Mapping[str, Any]:
    """The evaluation without the figures of a champion that learnt some of its rows; older reports hold them."""
    if why_not_comparable(judged) is None:
        return judged
    found = _without(judged)
    for name in judged.keys() & {"random_slice", "curves"}:
        found[name] = _without(judged[name])
    found["slices"] = [_without(row) for row in judged.get("slices", ())]
    return found


def _without(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in _OF_CHAMPION}

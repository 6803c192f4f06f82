"""The settings of a fit that `touchstone tune` searches, in a file that a person names for a training."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from training.fit.forest import ForestSettings, forest_settings
from training.fit.text import TEXT_COST

_FOREST: Final = "forest"
# Least and most of each number. Beyond them a fit takes hours or learns nothing.
_BOUNDS: Final = {
    "forest.rounds": (1, 5_000),
    "forest.leaves": (2, 1_024),
    "forest.learning_rate": (1e-4, 1.0),
    "forest.rows_per_leaf": (1, 100_000),
    "forest.column_share": (0.01, 1.0),
    "forest.row_share": (0.01, 1.0),
    "forest.l2": (0.0, 1e6),
    "text_cost": (1e-3, 1e6),
}
_WHOLE: Final = frozenset({"forest.rounds", "forest.leaves", "forest.rows_per_leaf"})


@dataclass(frozen=True, slots=True)
class FitSettings:
    """The defaults unless others are given. A forest of None has the settings of the number of positives."""

    forest: ForestSettings | None = None
    text_cost: float = TEXT_COST

    def changed(self) -> dict[str, float]:
        """The settings that are given, by their full names; empty for the defaults."""
        forest = {} if self.forest is None else asdict(self.forest)
        others = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != _FOREST and getattr(self, field.name) != field.default
        }
        return {**{f"{_FOREST}.{name}": setting for name, setting in forest.items()}, **others}

    def parameters(self) -> dict[str, Any]:
        """The settings as parameters of `training.fit.classifier.CounterfeitClassifier`."""
        return {**({} if self.forest is None else asdict(self.forest)), "text_cost": self.text_cost}

    def values(self, positives: int) -> dict[str, float]:
        """Every setting by its full name, as a fit with so many positives uses it."""
        forest = self.forest or forest_settings(positives)
        others = {field.name: float(getattr(self, field.name)) for field in fields(self) if field.name != _FOREST}
        return {**{f"{_FOREST}.{name}": setting for name, setting in asdict(forest).items()}, **others}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The inverse of `changed`.

        Raises ValueError (a name is unknown, a number is out of range, or a forest lacks one of its settings).
        """
        known = {name: _check_setting(name, setting) for name, setting in settings.items()}
        forest: dict[str, Any] = {
            name.removeprefix("forest."): setting for name, setting in known.items() if name.startswith("forest.")
        }
        others = {name: setting for name, setting in known.items() if not name.startswith("forest.")}
        missing = {field.name for field in fields(ForestSettings)} - set(forest)
        if forest and missing:
            raise ValueError(f"The settings of the forest lack {', '.join(sorted(missing))}; give all or none.")
        return cls(ForestSettings(**forest) if forest else None, **others)


DEFAULT_SETTINGS: Final = FitSettings()


def read_settings(path: Path) -> FitSettings:
    """The settings in a file, as `touchstone tune` writes it.

    Raises ValueError (it is no JSON object, or as `FitSettings.of`).
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"The settings {path.name} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"The settings {path.name} are no JSON object.")
    return FitSettings.of(document)


def as_file(settings: FitSettings) -> str:
    return json.dumps(settings.changed(), indent=2) + "\n"


def _check_setting(name: str, setting: Any) -> float:
    if name not in _BOUNDS:
        raise ValueError(f"There is no setting {name}; the known ones are {', '.join(_BOUNDS)}.")
    low, high = _BOUNDS[name]
    if isinstance(setting, bool) or not isinstance(setting, int | float) or not math.isfinite(setting):
        raise ValueError(f"{name} must be a number.")
    if not low <= setting <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}.")
    if name in _WHOLE and setting != int(setting):
        raise ValueError(f"{name} must be a whole number.")
    return int(setting) if name in _WHOLE else float(setting)

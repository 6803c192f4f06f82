"""What the model reads of listings: numbers by name, and the fields of their text; of facts, or of a data frame."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from features.compute import NAMES, ComputedFeatures, matrix
from features.facts import Facts
from features.fields import with_nearest
from features.listing import Listing
from models.arrays import Floats, Rows
from training.fit.text_matrix import TextMatrix

if TYPE_CHECKING:
    import pandas as pd

# What the model reads beside numbers; a rule of the scorecard asks for new goods.
TEXT_FIELDS: Final = ("title", "description", "brand", "product_type", "condition")
_KNOWN: Final = frozenset({*NAMES, *TEXT_FIELDS})


@dataclass(frozen=True, slots=True)
class ListingRows:
    """Numbers of n rows, shape (n, names), with their listings; of a matrix without text, `listings` are None.

    `texts` is the text matrix of the listings, where the caller has it.
    """

    numbers: Floats
    listings: Sequence[Listing] | None
    names: tuple[str, ...] = NAMES
    texts: TextMatrix | None = None

    @classmethod
    def of(cls, facts: Sequence[Facts]) -> Self:
        """The features of these facts."""
        return cls(matrix(facts), [row.listing for row in facts])

    @classmethod
    def of_computed(cls, computed: Sequence[ComputedFeatures]) -> Self:
        """These features; of at least one listing."""
        return cls(np.stack([row.vector for row in computed]), [row.facts.listing for row in computed])

    @classmethod
    def of_frame(cls, frame: "pd.DataFrame") -> Self:
        """A frame as of `training.frame.features_frame`; its further columns must be numbers, and are read after them.

        Raises ValueError (a column lacks, is misspelt, or is neither known nor of numbers).
        """
        check_columns(list(frame.columns), [*NAMES, *TEXT_FIELDS])
        names = (*NAMES, *(name for name in frame.columns if name not in _KNOWN))
        numbers = np.empty((len(frame), len(names)))
        for i, name in enumerate(names):
            if not _has_numbers(frame[name]):
                raise ValueError(f"The column {with_nearest(str(name), _KNOWN)} has no numbers.")
            numbers[:, i] = frame[name].to_numpy(np.float64, na_value=np.nan)
        texts = frame[list(TEXT_FIELDS)].astype(object)
        cells = texts.where(texts.notna(), None).to_dict("records")
        return cls(numbers, [Listing(external_id="", **{str(k): v for k, v in row.items()}) for row in cells], names)

    def __getitem__(self, rows: Rows) -> Self:
        listings = None if self.listings is None else [self.listings[i] for i in rows.tolist()]
        return replace(self, numbers=self.numbers[rows], listings=listings, texts=None)

    def frame(self) -> "pd.DataFrame":
        """The inverse of `of_frame`."""
        import pandas as pd  # noqa: PLC0415  # the fit itself makes no frame

        frame = pd.DataFrame(self.numbers, columns=list(self.names))
        for name in TEXT_FIELDS:
            frame[name] = pd.array([getattr(listing, name) for listing in self.listings or ()], dtype="str")
        return frame

    def without(self, names: Collection[str]) -> Self:
        """The same rows, in which these numbers are missing."""
        numbers = self.numbers.copy()
        numbers[:, [self.names.index(name) for name in sorted(names)]] = np.nan
        return replace(self, numbers=numbers)

    def with_columns(self, names: Sequence[str], columns: Floats) -> Self:
        """The same rows with further numbers, shape (n, names), after those that they have."""
        return replace(self, numbers=np.column_stack([self.numbers, columns]), names=(*self.names, *names))


def has_text(X: Any) -> bool:  # noqa: N803  # scikit-learn's name
    """Whether this is a frame with a column of text, or with one that is no number."""
    columns = getattr(X, "columns", ())
    return any(name in TEXT_FIELDS for name in columns) or not all(_has_numbers(X[name]) for name in columns)


def check_columns(names: Sequence[Any], needed: Sequence[str]) -> None:
    """Refuse columns that lack one of those needed, or have a name that is nearly one that is not there.

    Raises ValueError.
    """
    missing, unknown = [name for name in needed if name not in names], [name for name in names if name not in _KNOWN]
    absent = [name for name in (*NAMES, *TEXT_FIELDS) if name not in names]
    for name in unknown:
        if (shown := with_nearest(str(name), absent)) != with_nearest(str(name), ()):
            raise ValueError(f"There is no column {shown.replace('nearest field', 'nearest')}.")
    if missing:
        shown = with_nearest(missing[0], [str(name) for name in names]).replace("nearest field", "nearest that is")
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(f"The column {shown}{more} is missing; `features_frame` makes all of them.")


def _has_numbers(column: Any) -> bool:
    return bool(column.dtype.kind in "biuf")

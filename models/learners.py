"""The learners of the numbers: what the classifier asks of one, and the known ones by the name in a bundle."""

from collections.abc import Mapping
from typing import ClassVar, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.forest import Forest


class Learner(Protocol):
    """A fitted learner of the feature columns. Immutable and deterministic; NaN is missing.

    It is kept as text and arrays in files of its own, and reading them executes nothing. `training.fit.forest` has the
    fit of each learner.
    """

    name: ClassVar[str]
    file_names: ClassVar[tuple[str, ...]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in order, as `models.classifier.learner_columns` names them."""
        ...

    def raw(self, matrix: NDArray[np.float64], *, threads: int = 1) -> NDArray[np.float64]:
        """Log-odds, shape (n,), of rows of shape (n, columns); they need not be calibrated."""
        ...

    def contributions(self, matrix: NDArray[np.float64], *, threads: int = 1) -> NDArray[np.float64]:
        """The part of each column in `raw`, shape (n, columns + 1); the last column is the base. Rows sum to `raw`."""
        ...

    def files(self) -> dict[str, bytes]:
        """The content of each of `file_names`; equal learners give equal bytes."""
        ...

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> Self:
        """The learner in its files.

        Raises BundleRefused, ValueError, KeyError, TypeError (a file does not hold what `files` writes).
        """
        ...


LEARNERS: Final[dict[str, type[Learner]]] = {learner.name: learner for learner in (Forest,)}

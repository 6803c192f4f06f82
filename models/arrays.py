"""The arrays that carry figures, labels and positions."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Rows = NDArray[np.intp]
Places = NDArray[np.int64]

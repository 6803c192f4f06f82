"""How long responses to repeatable requests are kept."""

from datetime import timedelta
from typing import Final

KEPT_FOR: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255

"""How long responses to repeatable requests are kept."""

from datetime import timedelta
from typing import Final

KEPT_FOR: Final = timedelta(hours=24)
# No request takes so long. Later, the process that began it has ended; where it stored nothing, another may do it.
ANSWERED_WITHIN: Final = timedelta(minutes=5)
LONGEST_KEY: Final = 255

"""What a demo is doing: a live line on a terminal, a line every few seconds where the output is a file."""

import threading
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console

_EVERY_SECONDS: Final = 5.0


class ProgressLine:
    """Shows the latest thing told until the block ends; `total` is the number of listings to send."""

    def __init__(self, console: Console, total: int) -> None:
        self.total = total
        self._console, self._began = console, time.monotonic()
        self._line, self._over = "", threading.Event()
        self._status = console.status("") if console.is_terminal else None
        self._thread = threading.Thread(target=self._print_lines, name="progress", daemon=True)

    def tell(self, what: str, sent: int) -> None:
        """Say what goes on, and how many listings have been sent."""
        self._line = f"{what}, {sent:,} of {self.total:,} listings sent" if sent else what
        if self._status is not None:
            self._status.update(self._line)

    def __enter__(self) -> Self:
        (self._status or self._thread).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._over.set()
        if self._status is not None:
            self._status.stop()

    def _print_lines(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._console.print(
                f"{time.monotonic() - self._began:4.0f} s  {self._line}", highlight=False, soft_wrap=True
            )

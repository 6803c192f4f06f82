"""A module broken in one place on purpose, and what must be true of such a breakage."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NOTHING = "nothing is changed"


@dataclass(frozen=True, slots=True)
class Mutant:
    """In the file `module` the text `whole` becomes `broken`, and `tests` must notice; `why` is what is wrong then."""

    module: str
    whole: str
    broken: str
    why: str
    tests: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is broken: such a one must live, or the others die of something else."""
        return self.whole == self.broken

    @property
    def name(self) -> str:
        """Where it is and what is wrong there."""
        return f"{self.module}: {self.why}"

    def text(self) -> str:
        """The module's text with the one place broken.

        Raises
        ------
        ValueError
            The place is not in the module, or more than once, or nothing but its look changes.
        """
        text = Path(self.module).read_text(encoding="utf-8")
        if self.is_whole:
            return text
        if text.count(self.whole) != 1:
            raise ValueError(f"{self.name}: no longer fits; {self.whole!r} is there {text.count(self.whole)} times")
        broken = text.replace(self.whole, self.broken)
        if ast.dump(ast.parse(broken)) == ast.dump(ast.parse(text)):
            raise ValueError(f"{self.name}: says the same as the module")
        return broken


def sabotage(module: str, tests: Sequence[str], *rows: tuple[str, str, str]) -> list[Mutant]:
    """The mutants of one module as (whole, broken, why), after one that changes nothing."""
    return [Mutant(module, *row, tuple(tests)) for row in (("", "", NOTHING), *rows)]

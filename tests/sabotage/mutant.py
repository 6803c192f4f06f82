"""Mutants: modules with one deliberate fault each, and checks that a mutant is valid."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NOTHING = "nothing is changed"


@dataclass(frozen=True, slots=True)
class Mutant:
    """The file `module` with the text `broken` in place of `whole`; `tests` must fail, and `why` names the fault."""

    module: str
    whole: str
    broken: str
    why: str
    tests: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the mutant changes nothing; then its tests must pass, or others fail for another reason."""
        return self.whole == self.broken

    @property
    def name(self) -> str:
        """The module and the fault."""
        return f"{self.module}: {self.why}"

    def text(self) -> str:
        """The module's text with the fault.

        Raises
        ------
        ValueError
            The module does not contain `whole` exactly once, or the change does not affect the code.
        """
        text = Path(self.module).read_text(encoding="utf-8")
        if self.is_whole:
            return text
        if text.count(self.whole) != 1:
            raise ValueError(f"{self.name}: no longer fits; {self.whole!r} occurs {text.count(self.whole)} times")
        broken = text.replace(self.whole, self.broken)
        if ast.dump(ast.parse(broken)) == ast.dump(ast.parse(text)):
            raise ValueError(f"{self.name}: does not change the code")
        return broken


def sabotage(module: str, tests: Sequence[str], *rows: tuple[str, str, str]) -> list[Mutant]:
    """The mutants of one module from (whole, broken, why), after one that changes nothing."""
    return [Mutant(module, *row, tuple(tests)) for row in (("", "", NOTHING), *rows)]

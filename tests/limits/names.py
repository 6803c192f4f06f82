"""Names in the source that say nothing: `python -m tests.limits.names` prints their number as one line of JSON."""

import ast
import json
from collections.abc import Iterator
from typing import Final

from tests.limits.sizes import SOURCE, texts

VAGUE: Final = frozenset({"one", "found", "here", "given", "made", "kept", "wanted", "some", "left"})


def names(text: str) -> Iterator[str]:
    """Every use of a variable, parameter, field or attribute in a module."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name


def main() -> None:
    """Count them."""
    print(json.dumps({"vague names": sum(name in VAGUE for text in texts(SOURCE) for name in names(text))}))  # noqa: T201


if __name__ == "__main__":
    main()

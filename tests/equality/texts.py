"""Files other than code: translation catalogues, templates, and files that a browser loads."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from tests.equality.discover import files

_CODE: Final = frozenset({".py", ".mako"})
_READ_ABOVE: Final = frozenset({".po", ".html"})
_TEMPLATE: Final = re.compile(r"""(?<=["'])[\w/]+/(?=[\w.-]+\.html["'])""")


def texts() -> dict[str, str]:
    """Catalogues by language; templates and other files by name, regardless of their folder."""
    all_texts = {f"catalogue/{path.stem}": "\n".join(_messages(path)) for path in files("*.po")}
    all_texts |= {f"template/{path.name}": _template(path) for path in files("*.html")}
    all_texts["templates"] = "\n".join(sorted(path.name for path in files("*.html")))
    all_texts["files"] = "\n".join(sorted(f"{path.name} {sha256(path.read_bytes()).hexdigest()}" for path in _others()))
    return all_texts


def _messages(path: Path) -> Iterator[str]:
    """The messages, sorted and without their locations."""
    with path.open("rb") as file:
        catalogue = read_po(file)
    yield from sorted(
        f"{message.context or ''}|{message.id!r}\n    {message.string!r}" for message in catalogue if message.id
    )


def _template(path: Path) -> str:
    """The source, without the folders of other templates that it names, because templates may move."""
    return _TEMPLATE.sub("", path.read_text(encoding="utf-8"))


def _others() -> Iterator[Path]:
    for path in files("*"):
        if path.is_file() and path.suffix not in _CODE | _READ_ABOVE:
            yield path

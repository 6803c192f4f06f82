"""The languages of the pages: English, the language of the source, and one for every catalogue."""

from functools import cache
from pathlib import Path
from typing import Final, NewType

Language = NewType("Language", str)
ENGLISH: Final = Language("en")
FOLDER: Final = Path(__file__).parent / "locales"


@cache
def languages() -> tuple[Language, ...]:
    """ISO 639 codes, English first. A catalogue is a file such as `fr.po`; its name alone gives the language."""
    return (ENGLISH, *(Language(path.stem) for path in sorted(FOLDER.glob("*.po"))))

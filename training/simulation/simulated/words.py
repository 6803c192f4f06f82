"""The wording of sellers on the synthetic marketplace, honest ones and counterfeiters, in four languages.

The source is `training/simulation/simulated/data/texts.tsv`, with one text in all four languages per line.
"""

import csv
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

Words = tuple[str, ...]


class Language(StrEnum):
    """A language in which sellers write."""

    EN = "en"
    ZH = "zh"
    RU = "ru"
    ES = "es"


ByLanguage = Mapping[Language, Words]


class Story(StrEnum):
    """The claimed origin of the goods; counterfeiters and honest sellers claim the same origins."""

    RETAIL = "retail"
    OUTLET = "outlet"
    SECOND_HAND = "second_hand"
    IMPORT = "import"


@cache
def read_table(name: str) -> Sequence[Mapping[str, str]]:
    """The rows of a packaged table, in file order."""
    text = files("training.simulation.simulated").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def read_texts(of: str, among: str = "texts.tsv") -> ByLanguage:
    """A set of texts in all four languages, in the same order."""
    rows = [row for row in read_table(among) if row["set"] == of]
    return {language: tuple(row[language] for row in rows) for language in Language}


COLOURS: Final = read_texts("colours")
# A seller mostly uses one of these, so the shape of a title is a habit.
TITLES: Final = read_texts("titles")
# Endings of some titles. Cut tags and a missing box are in the lexicon, although honest outlets mention them.
TITLE_ENDINGS: Final[Mapping[Story, ByLanguage]] = {story: read_texts(f"title_endings {story}") for story in Story}
PART_TITLES: Final = read_texts("part_titles")

# Sentences of descriptions by honest sellers and, copied, by counterfeiters.
ABOUT: Final = read_texts("about")
SERVICE: Final = read_texts("service")
STORIES: Final[Mapping[Story, ByLanguage]] = {story: read_texts(f"stories {story}") for story in Story}
# Honest claims about copies and authenticity: lexicon words in genuine listings.
VOUCHING: Final = read_texts("vouching")
# Phrases about unbranded goods; suspicious beside a brand's name, harmless here.
UNBRANDED: Final = read_texts("unbranded")

# One line per habit of counterfeiters, the most common first. The lexicon contains none of them (a test ensures this),
# so only labelled listings can teach them. Honest sellers use each of them occasionally.
TELLS: Final = read_texts("tells")
# The wording of obvious counterfeiters, nearly all in features/data/lexicon.tsv.
BLATANT_TITLES: Final = read_texts("blatant_titles")
BLATANT_SENTENCES: Final = read_texts("blatant_sentences")
CONTACTS: Final = read_texts("contacts")
# Replacements for a brand name, to evade searches.
HINTS: Final = read_texts("hints")

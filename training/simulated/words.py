"""The wording of sellers on the synthetic marketplace, in four languages, and the wording that identifies
counterfeiters.

All of it stands in `training/simulated/data/texts.tsv`, one text in its four languages a line.
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
    """Where a listing says that the goods come from; counterfeiters tell the same stories as honest sellers."""

    RETAIL = "retail"
    OUTLET = "outlet"
    SECOND_HAND = "second_hand"
    IMPORT = "import"


@cache
def table(name: str) -> Sequence[Mapping[str, str]]:
    """The rows of a packaged table, in its order."""
    text = files("training.simulated").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def words(of: str, among: str = "texts.tsv") -> ByLanguage:
    """A set of texts in all four languages, in the same order in each."""
    rows = [row for row in table(among) if row["set"] == of]
    return {language: tuple(row[language] for row in rows) for language in Language}


COLOURS: Final = words("colours")
# A seller keeps to one or two of these, so the shape of a title is a habit, not a coin.
TITLES: Final = words("titles")
# Added to a title now and then. Cut tags and a missing box are in the lexicon, and honest outlets do write them.
TITLE_ENDINGS: Final[Mapping[Story, ByLanguage]] = {story: words(f"title_endings {story}") for story in Story}
PART_TITLES: Final = words("part_titles")

# Sentences of descriptions that honest sellers write and counterfeiters copy.
ABOUT: Final = words("about")
SERVICE: Final = words("service")
STORIES: Final[Mapping[Story, ByLanguage]] = {story: words(f"stories {story}") for story in Story}
# Honest listings that talk about copies or vouch for themselves: lexicon words without a fake behind them.
VOUCHING: Final = words("vouching")
# Said of unbranded goods; suspicious beside a brand's name, harmless here.
UNBRANDED: Final = words("unbranded")

# One line per supplier's habit. The lexicon knows none of them (a test holds that), so only labelled listings can teach
# them; honest sellers say each of them now and then.
TELLS: Final = words("tells")
# The wording of obvious counterfeiters; nearly all of it is in features/data/lexicon.tsv.
BLATANT_TITLES: Final = words("blatant_titles")
BLATANT_SENTENCES: Final = words("blatant_sentences")
CONTACTS: Final = words("contacts")
# Their replacements for a name that a search must not find.
HINTS: Final = words("hints")

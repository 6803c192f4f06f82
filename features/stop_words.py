"""Words that say nothing of the goods, in the languages of the lexicon."""

from functools import cache
from importlib.resources import files

from features.fold import fold


@cache
def stop_words() -> frozenset[str]:
    """The folded stop words of all languages together, because many listings do not name their language.

    Source: `features/data/manifest.json`.
    """
    text = files("features").joinpath("data/stop_words.txt").read_text(encoding="utf-8")
    return frozenset(fold(word) for word in text.splitlines())

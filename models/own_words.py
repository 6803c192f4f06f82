"""Words that name the goods of a listing, its brand and category, and are therefore never quoted as wording."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from features.brands import compact, pieces
from features.facts import Facts
from features.fold import fold
from features.words import LONGEST_WORD, is_unspaced, spaced_words, unspaced_runs

# Plurals and cases: two words with a common beginning of four letters and at most three letters more.
_ENDING, _STEM, _SHORTEST_STEM = 3, 4, 3


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Words of brands, with obfuscation undone, and of categories, folded.

    `unspaced` are names of both in scripts without blanks; `parts` are two or more successive characters of them.
    """

    brands: frozenset[str]
    categories: frozenset[str]
    unspaced: frozenset[str]
    parts: frozenset[str]

    @classmethod
    def of(cls, facts: Facts) -> "OwnWords":
        """Those of one listing: its brand as declared, resolved, mentioned or misspelt, and its category."""
        brand, naming = facts.brand, facts.naming
        names = [facts.listing.brand, brand.name, *(mention.name for mention in brand.mentions)]
        if naming is not None:
            names += [word for near in naming.near_misses for word in (near.word, near.name)]
            names += [*naming.described, naming.declared_near.name if naming.declared_near else None]
        return cls.named((name for name in names if name), [facts.listing.product_type or ""])

    @classmethod
    def named(cls, brands: Iterable[str], categories: Iterable[str]) -> "OwnWords":
        """Those of names of brands and of categories."""
        names, folded = list(brands), [fold(category) for category in categories]
        forms = {form for name in names for form in (compact(name), *pieces(name))}
        words = {word for category in folded for word in spaced_words(category)}
        unspaced = {run for text in (*map(fold, names), *folded) for run in unspaced_runs(text)}
        parts = {part for run in unspaced for part in _character_runs(run)}
        return cls(frozenset(forms), frozenset(words), frozenset(unspaced), frozenset(parts))

    def include(self, word: str) -> bool:
        """Whether a folded word names a brand or a category: in the singular or plural, alone, compounded or in part.

        In scripts without blanks, a word that contains a name is a compound, and so is one that ends with a name of one
        character.
        """
        if compact(word) in self.brands or not self.brands.isdisjoint(pieces(word)):
            return True
        if self.unspaced and is_unspaced(word):
            return (
                word in self.parts or word[-1] in self.unspaced or not self.unspaced.isdisjoint(_character_runs(word))
            )
        return any(_have_one_stem(word, category) for category in self.categories)


def _character_runs(run: str) -> Iterator[str]:
    """Two or more successive characters of a run; of a longer one than a word, none."""
    if len(run) > LONGEST_WORD:
        return
    for start in range(len(run) - 1):
        for end in range(start + 2, len(run) + 1):
            yield run[start:end]


def _have_one_stem(word: str, category: str) -> bool:
    """Whether two words have one stem, or the word is a compound of the other: 'handbag' and 'bags'."""
    if word == category:
        return True
    stem = category.removesuffix("s") if len(category) > _SHORTEST_STEM else category
    if len(stem) >= _SHORTEST_STEM and (word.startswith(stem) or word.removesuffix("s").endswith(stem)):
        return True
    common = next(
        (i for i, (a, b) in enumerate(zip(word, category, strict=False)) if a != b), min(len(word), len(category))
    )
    return common >= _STEM and max(len(word), len(category)) - common <= _ENDING

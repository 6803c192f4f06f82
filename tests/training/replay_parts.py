"""The part of the model that changes when honest listings are in two languages, in addition to `replay_figures`.

`python -m tests.training.replay_parts [LISTINGS] [SEEDS]` prints the second table of the ADR on rewritten listings: the
increase in honest listings shown when only one part comes from the rewritten listing.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.listing import Listing
from models.calibration import expits
from models.classifier import Classifier
from tests.training.replay_figures import LISTINGS, SEEDS, candidate
from training.obfuscation import TRANSFORMS
from training.replay import facts_of_changed, rewritten_facts

_MIXED: Final = next(way for way in TRANSFORMS if way.name == "mixed languages")
_COLUMNS: Final = ("text_scripts", "text_description_words", "text_repetition")
_PHOTOGRAPHS: Final = (
    ", photos réelles du produit",
    ", echte Fotos",
    ", fotos reales del producto",
    ", foto reali",
    ", реальные фото",
    "，实物拍摄",
)


def parts(listings: int, seed: int) -> Mapping[str, float]:
    """Increase in the share of honest listings shown, by the only part from the rewritten listing."""
    model, held_out, references = candidate(listings, seed)
    honest = [one for one, label in zip(held_out.facts, held_out.labels, strict=True) if not label]
    before = [facts_of_changed(one, one.listing, references) for one in honest]
    after = [rewritten_facts(one, _MIXED, references, (), seed=seed) for one in honest]
    numbers, changed = matrix(before), matrix(after)
    texts, written = [one.listing for one in before], [one.listing for one in after]
    shown = _shown(model.model_, numbers, texts, held_out.shown_from)

    def rise(some: NDArray[np.float64], inputs: Sequence[Listing]) -> float:
        return _shown(model.model_, some, inputs, held_out.shown_from) - shown

    unread = [_phrases(own, mixed, _unread) for own, mixed in zip(texts, written, strict=True)]
    unpictured = [_phrases(own, mixed, _without_photographs) for own, mixed in zip(texts, written, strict=True)]
    found = {
        "everything": rise(changed, written),
        "text score": rise(numbers, written),
        "text score, phrases in letters never read": rise(numbers, unread),
        "text score, phrases without the photographs": rise(numbers, unpictured),
        "everything, phrases without the photographs": rise(changed, unpictured),
        "all features": rise(changed, texts),
    }
    for name in _COLUMNS:
        one = numbers.copy()
        one[:, NAMES.index(name)] = changed[:, NAMES.index(name)]
        found[name] = rise(one, texts)
    return found


def _shown(model: Classifier, numbers: NDArray[np.float64], listings: Sequence[Listing], shown_from: float) -> float:
    return float((expits(model.log_odds(numbers, listings)) >= shown_from).mean())


def _phrases(own: Listing, mixed: Listing, change: Callable[[str], str]) -> Listing:
    """The rewritten listing with changed phrases around its own description."""
    if not own.description:
        return replace(mixed, description=change(mixed.description or ""))
    before, description, after = (mixed.description or "").partition(own.description)
    return replace(mixed, description=change(before) + description + change(after))


def _unread(phrase: str) -> str:
    """Georgian letters for all letters: as many n-grams, but none that the market contains."""
    return "".join(chr(0x10D0 + ord(letter) % 33) if letter.isalpha() else letter for letter in phrase)


def _without_photographs(phrase: str) -> str:
    for words in _PHOTOGRAPHS:
        phrase = phrase.replace(words, "")
    return phrase


def main(listings: int, seeds: int) -> None:
    """Print the table."""
    runs = [parts(listings, seed) for seed in range(seeds)]
    print("| read from the rewritten listing | more shown | by market |")  # noqa: T201  # the result
    print("| --- | --- | --- |")  # noqa: T201  # as above
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"| {name} | {np.mean(values):+.4f} | {' '.join(f'{one:+.4f}' for one in values)} |")  # noqa: T201  # as above


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LISTINGS, int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS)

"""The phrases that reasons may quote: counted in the training rows by brand, category and language."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.brands import Brand
from features.facts import Facts
from features.fold import fold
from features.words import BREAK, is_unspaced, may_stand_alone, pairs_of
from models.arrays import Floats, Labels, Places
from models.own_words import OwnWords
from models.phrases import (
    LIFT,
    MOST_ENTRIES,
    SUPPORT,
    Cell,
    CellKey,
    PhraseCount,
    PhraseTable,
    cell_keys,
    has_lift,
    words_by_field,
)

# A shop's own name or set phrase is wording of one seller, and near-copies of a listing repeat every word of it.
FEWEST_SELLERS: Final = 5
_BREAK: Final = 0  # The place of the break, which separates words that are not adjacent.
_LISTINGS, _COUNTERFEIT, _WEIGHT, _COUNTERFEIT_WEIGHT = range(4)


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """Phrases, and each pair of a row and a phrase that it has, once: `rows` and `places` have one shape."""

    phrases: list[str]
    rows: Places
    places: Places


def fit_phrases(
    facts: Sequence[Facts], labels: Labels, weights: Floats, groups: NDArray[np.intp], brands: Iterable[Brand]
) -> PhraseTable:
    """The table of n training rows with labels in {0, 1}, label weights and seller groups, all of shape (n,).

    A phrase is quoted in a cell where at least `SUPPORT` listings of `FEWEST_SELLERS` sellers have it and its lift is
    sufficient: the lower bound over the listings, the lower bound over the sellers, and the lift itself over the label
    weights. A person counts listings, a seller repeats a phrase in each of them, and the model was fitted on weights.
    Stop words and words that name a brand or a category are never part of a phrase.

    A cell wider than brand, category and language mixes goods with many and with few counterfeits, and the name of a
    model would have the lift of its goods. The share of counterfeits to exceed is therefore at least that of goods as
    those with the phrase.

    Of more than `MOST_ENTRIES` counts, those of the phrases with the most counterfeits beyond the share of their cell
    are kept.
    """
    occurrences = _phrase_occurrences(facts, _own_words(facts, brands))
    keys, cells_of = _cell_places(facts)
    each = np.column_stack([np.ones(len(labels)), labels, weights, labels * weights])
    in_cell = _row_sums_by_place(cells_of.ravel(), np.repeat(each, cells_of.shape[1], axis=0), len(keys))
    # A pair of cell and phrase for each row that has the phrase and each of its cells.
    rows = np.repeat(occurrences.rows, cells_of.shape[1])
    pairs = (cells_of[occurrences.rows] * len(occurrences.phrases) + occurrences.places[:, None]).ravel()
    codes, place, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    frequent_codes = np.flatnonzero(counts >= SUPPORT)
    sums = _row_sums_by_place(place, each[rows], len(codes))[frequent_codes]
    cell, phrase = np.divmod(codes[frequent_codes], max(len(occurrences.phrases), 1))
    around = in_cell[cell]
    usual = (
        _row_sums_by_place(place, _counterfeit_shares(in_cell[cells_of])[rows, None], len(codes))[frequent_codes, 0]
        / sums[:, _LISTINGS]
    )
    sellers = _seller_sums(place, groups[rows], labels[rows], len(codes))[frequent_codes]
    around_sellers = _seller_sums(
        cells_of.ravel(), np.repeat(groups, cells_of.shape[1]), np.repeat(labels, cells_of.shape[1]), len(keys)
    )[cell]
    quoted = (
        (sellers[:, _LISTINGS] >= FEWEST_SELLERS)
        & has_lift(sums[:, _LISTINGS], sums[:, _COUNTERFEIT], 1.0, np.maximum(usual, _counterfeit_share(around)))
        & has_lift(sellers[:, _LISTINGS], sellers[:, _COUNTERFEIT], 1.0, _counterfeit_share(around_sellers))
        & _has_weight(sums, around)
    )
    excess = sums[:, _COUNTERFEIT] - sums[:, _LISTINGS] * around[:, _COUNTERFEIT] / around[:, _LISTINGS]
    entries: dict[str, list[PhraseCount]] = {}
    most: dict[str, float] = {}
    for i, (n, counterfeit) in enumerate(sums[:, :_WEIGHT].astype(np.int64).tolist()):
        name = occurrences.phrases[phrase[i]]
        entries.setdefault(name, []).append(PhraseCount(int(cell[i]), n, counterfeit, bool(quoted[i])))
        if quoted[i]:
            most[name] = max(most.get(name, 0.0), float(excess[i]))
    ordered = sorted(most, key=lambda name: (-most[name], name))
    cells = [
        Cell(key, n, counterfeit)
        for key, (n, counterfeit) in zip(keys, in_cell[:, :_WEIGHT].astype(np.int64).tolist(), strict=True)
    ]
    return _phrase_table(cells, [(name, entries[name]) for name in ordered])


def _phrase_table(cells: Sequence[Cell], ordered: Sequence[tuple[str, Sequence[PhraseCount]]]) -> PhraseTable:
    """The table of the first phrases whose counts fit, with the cells that they name; equal rows give equal tables."""
    by_phrase: dict[str, Sequence[PhraseCount]] = {}
    room = MOST_ENTRIES
    for name, entries in ordered:
        room -= len(entries)
        if room < 0:
            break
        by_phrase[name] = entries
    used = sorted({count.cell for entries in by_phrase.values() for count in entries})
    place = {cell: i for i, cell in enumerate(used)}
    return PhraseTable(
        tuple(cells[cell] for cell in used),
        {
            name: tuple(count._replace(cell=place[count.cell]) for count in by_phrase[name])
            for name in sorted(by_phrase)
        },
    )


def _counterfeit_shares(counts: Floats) -> Floats:
    """The share of counterfeits of goods as each row's, shape (n,), from its cells' sums, shape (n, cells, columns).

    The narrowest cells are small, so each is smoothed with `SUPPORT` listings of the share of the next wider one.
    """
    shares = counts[:, -1, _COUNTERFEIT] / counts[:, -1, _LISTINGS]
    for i in reversed(range(counts.shape[1] - 1)):
        shares = (counts[:, i, _COUNTERFEIT] + SUPPORT * shares) / (counts[:, i, _LISTINGS] + SUPPORT)
    return shares


def _seller_sums(places: Places, groups: NDArray[np.intp], labels: Labels, size: int) -> Floats:
    """The sellers by place, and the sum of the shares of their listings that are counterfeits, shape (size, 2)."""
    many = int(groups.max(initial=0)) + 1
    pairs, pair, listings = np.unique(places * many + groups, return_inverse=True, return_counts=True)
    shares = np.bincount(pair, labels, len(pairs)) / listings
    return _row_sums_by_place(pairs // many, np.column_stack([np.ones(len(pairs)), shares]), size)


def _counterfeit_share(counts: Floats) -> Floats:
    return np.asarray(counts[:, _COUNTERFEIT] / counts[:, _LISTINGS])


def _has_weight(part: Floats, whole: Floats) -> NDArray[np.bool_]:
    """Whether the counterfeits' share of the weight in each pair is at least `LIFT` times that in its cell."""
    counterfeit = part[:, _COUNTERFEIT_WEIGHT]
    has = counterfeit * whole[:, _WEIGHT] >= LIFT * whole[:, _COUNTERFEIT_WEIGHT] * part[:, _WEIGHT]
    return np.asarray((counterfeit > 0) & has)


def _row_sums_by_place(places: Places, values: Floats, size: int) -> Floats:
    """The sums of the rows of `values` by place, shape (size, columns)."""
    return np.column_stack([np.bincount(places, column, size) for column in values.T])


def _distinct_by_place(places: Places, groups: NDArray[np.intp], size: int) -> Places:
    """The number of different groups by place, shape (size,)."""
    pairs = np.unique(np.column_stack([places, groups]), axis=0)
    return np.bincount(pairs[:, 0], minlength=size)


def _own_words(facts: Sequence[Facts], brands: Iterable[Brand]) -> OwnWords:
    """The words of all brands and categories of the rows, and of all registered names."""
    names = {name for brand in brands for name in (brand.name, *brand.aliases)}
    for row in facts:
        names.update(filter(None, (row.listing.brand, row.brand.name, *(named.name for named in row.brand.mentions))))
    return OwnWords.named(names, {row.listing.product_type for row in facts if row.listing.product_type})


def _cell_places(facts: Sequence[Facts]) -> tuple[list[CellKey], Places]:
    """The keys of all cells, and the places of each row's cells among them, shape (n, cells of a row)."""
    place_by_key: dict[CellKey, int] = {}
    places = [[place_by_key.setdefault(key, len(place_by_key)) for key in cell_keys(row)] for row in facts]
    ordered = sorted(place_by_key, key=lambda key: [(part is not None, part or "") for part in key])
    rank = np.empty(len(place_by_key), np.int64)
    rank[[place_by_key[key] for key in ordered]] = np.arange(len(place_by_key))
    return ordered, rank[np.array(places, np.int64)]


def _phrase_occurrences(facts: Sequence[Facts], own: OwnWords) -> _Occurrences:
    """The phrases that enough rows have: words, and pairs of adjacent words. Both words of a pair with a blank are such
    words."""
    words, ids, rows = _tokens(facts)
    enough = _distinct_by_place(ids, rows, len(words)) >= SUPPORT
    enough[_BREAK] = False
    allowed = np.array([bool(enough[i]) and _may_be_quoted(word, own) for i, word in enumerate(words)])
    unspaced = np.array([is_unspaced(word) for word in words])
    # Pairs without a blank are among the words already.
    both = allowed[ids[:-1]] & allowed[ids[1:]] & ~(unspaced[ids[:-1]] & unspaced[ids[1:]])
    codes = ids[:-1][both] * len(words) + ids[1:][both]
    distinct, place = np.unique(codes, return_inverse=True)
    of_pair = rows[:-1][both]
    often = _distinct_by_place(place, of_pair, len(distinct)) >= SUPPORT
    frequent_pairs = often[place]
    phrases = [*words, *(f"{words[code // len(words)]} {words[code % len(words)]}" for code in distinct.tolist())]
    pairs = np.column_stack(
        [
            np.concatenate([rows[allowed[ids]], of_pair[frequent_pairs]]),
            np.concatenate([ids[allowed[ids]], place[frequent_pairs] + len(words)]),
        ]
    )
    once = np.unique(pairs, axis=0)
    return _Occurrences(phrases, once[:, 0], once[:, 1])


def _may_be_quoted(word: str, own: OwnWords) -> bool:
    return word not in stop_words() and not own.include(word)


def _tokens(facts: Sequence[Facts]) -> tuple[list[str], Places, Places]:
    """The distinct words, and the word and the row of each token, in the order of the text, each of shape (n_tokens,).

    A break ends every field, so that no pair of adjacent words crosses it. Pairs of words without a blank follow their
    field, each between breaks: one text's pair may be a word of another.
    """
    place = {BREAK: _BREAK}
    ids, lengths = array("q"), array("q")
    for row in facts:
        before = len(ids)
        ids.extend(_token_places(words_by_field(row), place))
        lengths.append(len(ids) - before)
    rows = np.repeat(np.arange(len(facts)), np.array(lengths, np.int64))
    return list(place), np.array(ids, np.int64), rows


def _token_places(fields: Iterable[Sequence[str]], place: dict[str, int]) -> Iterator[int]:
    for words in fields:
        alone = (word if may_stand_alone(word) else BREAK for word in words)
        for word in (*alone, *_unspaced_pairs(words), BREAK):
            yield place.setdefault(word, len(place))


def _unspaced_pairs(words: Sequence[str]) -> Iterator[str]:
    """The pairs of adjacent words without a blank, each after a break."""
    for pair, (word, next_word) in pairs_of(words):
        if is_unspaced(word) and is_unspaced(next_word) and stop_words().isdisjoint((word, next_word)):
            yield BREAK
            yield pair


@cache
def stop_words() -> frozenset[str]:
    """The folded stop words of all languages together, because many listings do not name their language.

    Source: `features/data/manifest.json`.
    """
    text = files("features").joinpath("data/stop_words.txt").read_text(encoding="utf-8")
    return frozenset(fold(word) for word in text.splitlines())

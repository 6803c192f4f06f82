"""Ways in which a seller rewrites a listing so that people can still read it but a model cannot.

Each transform is a pure function of a listing, the seller's market knowledge, and chance, and names its source.
"FashionReps" is translated titles of that replica forum, as in `features/data/lexicon.tsv`, with the number of titles
written so. "Own choice" is our judgement, without a published source.
"""

import math
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from features.listing import Listing

Random = random.Random

# The share of words, other than the brand's, that an obfuscation changes. A fully obfuscated text attracts no
# buyers.
_OTHER_WORDS: Final = 0.25
_LONGEST: Final = 48  # Characters of a truncated title, as in a search result.
_STUFFED_WORDS: Final = 40
_BELOW_MEDIAN: Final = 0.97


@dataclass(frozen=True, slots=True)
class Market:
    """The seller's market knowledge: brand name, usual price in the listing's currency, and honest descriptions."""

    brand: str | None
    usual_price: float | None
    honest_descriptions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Transform:
    """One way of rewriting; `by_honest_sellers` is whether honest sellers use it as well."""

    name: str
    means: str
    source: str
    by_honest_sellers: bool
    apply: Callable[[Listing, Market, Random], Listing]


TRANSFORMS: Final[list[Transform]] = []
_Rewrite = Callable[[str, Random], str]


def _register_transform(
    name: str, source: str, *, by_honest_sellers: bool = False
) -> Callable[[Callable[[Listing, Market, Random], Listing]], Callable[[Listing, Market, Random], Listing]]:
    def register(apply: Callable[[Listing, Market, Random], Listing]) -> Callable[[Listing, Market, Random], Listing]:
        means = (apply.__doc__ or "").strip()
        TRANSFORMS.append(Transform(name, means, source, by_honest_sellers, apply))
        return apply

    return register


def rewrite(transform: Transform, listing: Listing, market: Market, *, seed: int) -> Listing:
    """The listing rewritten one way; equal seeds give equal results for a listing and a transform."""
    return transform.apply(listing, market, Random(f"{seed} {transform.name} {listing.external_id}"))


# Obfuscated letters.

_LEET: Final = str.maketrans("oieasOIEAS", "0134501345")
_SIGNS: Final = str.maketrans("asAS", "@$@$")
_LOOK_ALIKES: Final = str.maketrans("aeopcyxijsABEHKMOPCTXIJS", "аеорсухіјѕАВЕНКМОРСТХІЈЅ")
_ACCENTS: Final = "\u0301\u0300\u0308\u0323\u0331"
_ZERO_WIDTH: Final = ("\u200b", "\u200c", "\u2060", "\u00ad")
_MARKS: Final = ("\u200e", "\u200f", "\u202a\u202c", "\u2066\u2069")
_EMOJI: Final = ("🔑", "❤️", "🔥", "👜", "✨", "💎", "🎁", "⭐")
_PUNCTUATION: Final = ("-", ".", "/", "_", "·")


@_register_transform("leet", "FashionReps, 13: N1ke, DI0R")
def _use_digits(listing: Listing, market: Market, chance: Random) -> Listing:
    """Digits for letters."""
    return _rewrite_words(listing, market, chance, lambda word, _: word.translate(_LEET))


@_register_transform("signs", "FashionReps, 19: l@nd, CL@NE")
def _use_signs(listing: Listing, market: Market, chance: Random) -> Listing:
    """Signs for letters."""
    return _rewrite_words(listing, market, chance, lambda word, _: word.translate(_SIGNS))


@_register_transform("homoglyphs", "FashionReps, 2: YЕЕZY with Cyrillic Е; Unicode UTS 39")
def _use_homoglyphs(listing: Listing, market: Market, chance: Random) -> Listing:
    """Look-alike letters of another script."""
    return _rewrite_words(listing, market, chance, lambda word, _: word.translate(_LOOK_ALIKES))


@_register_transform("accents", "Unicode UTS 39: marks above and below letters")
def _add_accents(listing: Listing, market: Market, chance: Random) -> Listing:
    """A mark on every second letter."""

    def marked(word: str, chance: Random) -> str:
        return "".join(c + chance.choice(_ACCENTS) if i % 2 else c for i, c in enumerate(word))

    return _rewrite_words(listing, market, chance, marked)


@_register_transform("zero width", "FashionReps, 18: gu[U+200B]cci")
def _add_zero_width(listing: Listing, market: Market, chance: Random) -> Listing:
    """Zero-width characters inside words."""
    return _rewrite_words(listing, market, chance, lambda word, chance: chance.choice(_ZERO_WIDTH).join(word))


@_register_transform("direction marks", "Unicode UAX 9: invisible marks")
def _add_direction_marks(listing: Listing, market: Market, chance: Random) -> Listing:
    """Marks of writing direction inside words."""
    return _rewrite_words(listing, market, chance, lambda word, chance: chance.choice(_MARKS).join(word))


@_register_transform("reversed by marks", "Boucher and Anderson 2021: Trojan Source (CVE-2021-42574)")
def _reverse_by_marks(listing: Listing, market: Market, chance: Random) -> Listing:
    """Words stored in reverse, which direction marks display in the right order."""
    return _rewrite_words(listing, market, chance, lambda word, _: f"\u202e{word[::-1]}\u202c")


@_register_transform("spaced letters", "FashionReps, 1: B a c p m")
def _space_letters(listing: Listing, market: Market, chance: Random) -> Listing:
    """A space after each letter."""
    return _rewrite_words(listing, market, chance, lambda word, _: " ".join(word))


@_register_transform("split by punctuation", "FashionReps, 7, and eBay men's perfume, 1: A-v-entus, D-V-N")
def _split_by_punctuation(listing: Listing, market: Market, chance: Random) -> Listing:
    """A punctuation mark inside words."""

    def split(word: str, chance: Random) -> str:
        at = 1 + chance.randrange(max(1, len(word) - 1))
        return word[:at] + chance.choice(_PUNCTUATION) + word[at:]

    return _rewrite_words(listing, market, chance, split)


@_register_transform("starred", "FashionReps, 42: B*rberry, Herme*")
def _star_letters(listing: Listing, market: Market, chance: Random) -> Listing:
    """A star in place of a letter."""

    def starred(word: str, chance: Random) -> str:
        at = 1 + chance.randrange(max(1, len(word) - 1))
        return f"{word[:at]}*{word[at + 1 :]}"

    return _rewrite_words(listing, market, chance, starred)


@_register_transform(
    "full width", "Unicode UAX 15, NFKC: full-width forms of East Asian keyboards", by_honest_sellers=True
)
def _widen_letters(listing: Listing, market: Market, chance: Random) -> Listing:
    """Full-width letters."""
    return _rewrite_words(listing, market, chance, lambda word, _: "".join(_shift_character(c, 0xFEE0) for c in word))


@_register_transform("styled letters", "FashionReps, 2: 𝙉𝙀𝙒")
def _style_letters(listing: Listing, market: Market, chance: Random) -> Listing:
    """Bold letters from the mathematical alphabets."""

    def bold(character: str) -> str:
        if "a" <= character <= "z":
            return chr(0x1D41A + ord(character) - ord("a"))
        return chr(0x1D400 + ord(character) - ord("A")) if "A" <= character <= "Z" else character

    return _rewrite_words(listing, market, chance, lambda word, _: "".join(map(bold, word)))


@_register_transform(
    "misspelt brand", "FashionReps, 2, and spreadsheets, 1: Addidas, Luis Vuitton, Yezzy", by_honest_sellers=True
)
def _misspell_brand(listing: Listing, market: Market, chance: Random) -> Listing:
    """The brand's name with a letter dropped, doubled or exchanged with its neighbour."""

    def misspelt(word: str, chance: Random) -> str:
        at = 1 + chance.randrange(max(1, len(word) - 2))
        dropped = word[:at] + word[at + 1 :]
        doubled = word[:at] + word[at] + word[at:]
        swapped = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
        return chance.choice((dropped, doubled, swapped))

    return _rewrite_words(listing, market, chance, misspelt, others=0.0)


# Added and omitted claims.


@_register_transform("brand left out", "FashionReps: a nickname, or no brand name")
def _leave_brand_out(listing: Listing, market: Market, _chance: Random) -> Listing:
    """No brand name and no GTIN."""
    name = market.brand or listing.brand
    if name is None:
        return listing
    pattern = re.compile(re.escape(name), re.IGNORECASE)

    def without(text: str | None) -> str | None:
        return None if text is None else " ".join(pattern.sub(" ", text).split()) or None

    return replace(
        listing, title=without(listing.title), description=without(listing.description), brand=None, gtin=None
    )


@_register_transform("good words", "MITRE ATLAS, AML.CS0003: append good strings", by_honest_sellers=True)
def _append_good_words(listing: Listing, market: Market, chance: Random) -> Listing:
    """Words of honest listings appended to the description."""
    words = " ".join(market.honest_descriptions).split()
    stuffed = " ".join(chance.choice(words) for _ in range(_STUFFED_WORDS)) if words else ""
    return replace(listing, description=" ".join(filter(None, (listing.description, stuffed))) or None)


@_register_transform("copied description", "Own choice: near-duplicates of genuine listings")
def _copy_description(listing: Listing, market: Market, chance: Random) -> Listing:
    """The description of an honest listing."""
    if not market.honest_descriptions:
        return listing
    return replace(listing, description=chance.choice(market.honest_descriptions))


_PHRASES: Final = (
    "Livraison rapide, envoi soigné, photos réelles du produit",
    "Neu und ungetragen, schneller Versand, echte Fotos",
    "Nuevo, envío rápido, fotos reales del producto",
    "Nuovo, spedizione veloce, foto reali",
    "новый товар, быстрая доставка, реальные фото",
    "全新现货，快速发货，实物拍摄",
)


@_register_transform("mixed languages", "FashionReps: sellers mix languages", by_honest_sellers=True)
def _mix_languages(listing: Listing, _market: Market, chance: Random) -> Listing:
    """Everyday phrases of two other languages around the text."""
    before, after = chance.sample(_PHRASES, 2)
    return replace(listing, description=" ".join(filter(None, (before, listing.description, after))))


@_register_transform("cut short", "FashionReps, 15: truncated names; descriptions left empty")
def _cut_text_short(listing: Listing, _market: Market, _chance: Random) -> Listing:
    """A truncated title and no description."""
    return replace(listing, title=listing.title[:_LONGEST].strip() if listing.title else None, description=None)


_RESIDUE: Final = (" \u200b", "\u00a0", " \u200e", "\u2009", "\u00ad ")


@_register_transform(
    "residue of pasting", "FashionReps, 18: zero-width marks, mostly residue of translations", by_honest_sellers=True
)
def _add_residue(listing: Listing, _market: Market, chance: Random) -> Listing:
    """Invisible marks between words, as web pages and translators leave them."""

    def pasted(text: str | None) -> str | None:
        if text is None:
            return None
        words = text.split(" ")
        return "".join(word + (chance.choice(_RESIDUE) if chance.random() < 0.2 else " ") for word in words).strip()

    return replace(listing, title=pasted(listing.title), description=pasted(listing.description))


@_register_transform("emoji", "FashionReps, 56: 🔑 and a stock code", by_honest_sellers=True)
def _add_emoji(listing: Listing, _market: Market, chance: Random) -> Listing:
    """Emoji between words."""

    def decorated(text: str | None) -> str | None:
        if text is None:
            return None
        return "".join(word + (chance.choice(_EMOJI) if chance.random() < 0.5 else " ") for word in text.split())

    return replace(listing, title=decorated(listing.title), description=decorated(listing.description))


@_register_transform("price below the median", "Own choice: an inconspicuous price")
def _lower_price(listing: Listing, market: Market, _chance: Random) -> Listing:
    """A price just below the usual price of such goods."""
    if listing.price is None or market.usual_price is None or not math.isfinite(market.usual_price):
        return listing
    price = Decimal(f"{market.usual_price * _BELOW_MEDIAN:.2f}")
    return replace(listing, price=price) if price > 0 else listing


# Rewriting of words.


def _rewrite_words(
    listing: Listing, market: Market, chance: Random, rewrite: _Rewrite, *, others: float = _OTHER_WORDS
) -> Listing:
    """The listing with the brand name rewritten in all texts and the brand field, and a share of the other words."""
    name = market.brand or listing.brand

    def changed(text: str | None) -> str | None:
        return None if text is None else "".join(_rewrite_pieces(text, name, chance, rewrite, others))

    return replace(
        listing,
        title=changed(listing.title),
        description=changed(listing.description),
        brand=None
        if listing.brand is None
        else "".join(_rewrite_pieces(listing.brand, listing.brand, chance, rewrite, 0.0)),
    )


def _rewrite_pieces(text: str, name: str | None, chance: Random, rewrite: _Rewrite, others: float) -> Iterator[str]:
    named = {word.casefold() for word in re.findall(r"\w+", name or "")}
    for piece in re.split(r"(\w+)", text):
        long_enough = len(piece) > 2 and piece.isalpha()
        if long_enough and (piece.casefold() in named or chance.random() < others):
            yield rewrite(piece, chance)
        else:
            yield piece


def _shift_character(character: str, by: int) -> str:
    return chr(ord(character) + by) if "!" <= character <= "~" else character

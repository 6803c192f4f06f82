"""MinHash signatures that estimate how much text two listings share, and the band keys that find similar ones.

A text is the set of its runs of five characters. `signature` keeps 128 numbers of it (256 bytes). The share of equal
numbers of two signatures estimates the Jaccard similarity of the sets. The method is one-permutation hashing (Li, Owen
and Zhang 2012); an empty bin copies a full one found by hashing (Shrivastava 2017). Texts are compared if one of
sixteen keys of six bins is equal. The chance is 99 % for texts that share 80 % of their runs, 87 % for 70 %, and one in
a thousand for a fifth (docs/decisions gives the argument).

`tests/features/plain.py` is the reference implementation; the kernel must equal it.
"""

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from features.fold import skeleton_codes
from features.listing import Listing
from features.ngrams import GOLDEN, MASK, mix

MINHASH_VERSION: Final = 1

BINS: Final = 128
RUN: Final = 5
BANDS, ROWS = 16, 6
FEWEST_FULL: Final = 32  # About 37 different runs. Two people may write a shorter text independently.
_EMPTY = 0xFFFFFFFF
_LOW = 0x7FFFFFFF  # Bits of the mixed value that are kept, so that no run equals an empty bin.
_TRIES = 1 << 20  # Never reached: a quarter of the bins are full, so a full one is met after four tries on average.

_OLDEST = pow(GOLDEN, RUN, MASK + 1)  # GOLDEN is the base of the rolling hash.

Codes = NDArray[np.uint32]
Signature = NDArray[np.uint16]


def text_of(listing: Listing) -> str:
    """The compared text of a listing: brand, title, category and description."""
    heading = " ".join(filter(None, (listing.brand, listing.title, listing.product_type)))
    return f"{heading} {listing.description or ''}"


def signature_of(listing: Listing) -> Signature | None:
    """The signature of a listing's text, shape (BINS,); None where the text is too short to recognise a copy."""
    listing_signature = signature(skeleton_codes(text_of(listing)))
    return listing_signature if listing_signature.size else None


def similarities(signature: Signature, others: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Estimated Jaccard similarities, shape (n,), of one signature to others of shape (n, BINS)."""
    jaccard: NDArray[np.float64] = (others == signature).mean(axis=1)
    return jaccard


@numba.njit(cache=True)
def signature(codes: Codes) -> Signature:
    """The signature of folded code points, shape (BINS,), or (0,) where fewer than `FEWEST_FULL` bins are full."""
    bins = np.full(BINS, np.uint32(_EMPTY), np.uint32)
    full = 0
    rolling_hash = np.uint64(0)
    for at in range(codes.size):
        rolling_hash = rolling_hash * np.uint64(GOLDEN) + np.uint64(codes[at])
        if at >= RUN:
            rolling_hash -= np.uint64(codes[at - RUN]) * np.uint64(_OLDEST)
        if at >= RUN - 1:
            mixed = mix(rolling_hash)
            into = np.int64(mixed >> np.uint64(57))
            low = np.uint32(mixed & np.uint64(_LOW))
            if bins[into] == np.uint32(_EMPTY):
                full += 1
            bins[into] = min(bins[into], low)
    if full < FEWEST_FULL:
        return np.empty(0, np.uint16)
    full_bins = np.empty(BINS, np.uint16)
    for number in range(BINS):
        source = np.int64(number)
        tries = 0
        while bins[source] == np.uint32(_EMPTY) and tries < _TRIES:
            tries += 1
            source = np.int64(mix(np.uint64(number) << np.uint64(32) | np.uint64(tries)) >> np.uint64(57))
        full_bins[number] = np.uint16(mix(np.uint64(bins[source])) >> np.uint64(48))
    return full_bins


@numba.njit(cache=True)
def band_keys(signature: Signature) -> NDArray[np.int64]:
    """The keys of a signature, shape (BANDS,): equal ones mean that the six bins of that band are equal."""
    keys = np.empty(BANDS, np.int64)
    for band in range(BANDS):
        band_hash = np.uint64(band + 1)
        for row in range(ROWS):
            band_hash = mix(band_hash * np.uint64(GOLDEN) + np.uint64(signature[band * ROWS + row]))
        keys[band] = np.int64(band_hash)
    return keys

"""64-bit fingerprints: of a row's features, equal for rows a model cannot tell apart, of the group it belongs to, of its id."""

import hashlib
import math
from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 4096
GLIMPSED = 4
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = 0x9E3779B97F4A7C15


def row_hashes(features: NDArray[Any]) -> NDArray[np.uint64]:
    """(n,) uint64 hashes of the rows of (n, ...) float32 features; -0 equals 0 and every NaN equals every other.

    Texts, (n, columns) of numpy's StringDType, are hashed as Unicode composes them (NFC), column after column.

    The values, two to a 64-bit word, are mixed in one after the other by steps that can be undone, an exclusive or, an odd
    factor of each word's own (after Knuth 1998, section 6.4) and a shift, and finished by splitmix64 (Steele, Lea & Flood
    2014). Two different rows share a hash with probability about 2**-64.
    """
    if is_text(features):
        return _text_hashes(composed(features).tolist())
    flat = _flat(features)
    hashes = np.empty(len(flat), np.uint64)
    words = np.empty(((flat.shape[1] + 1) // 2, min(len(flat), BLOCK_ROWS)), np.uint64)
    for start in range(0, len(flat), BLOCK_ROWS):
        block = flat[start : start + BLOCK_ROWS]
        hashes[start : start + BLOCK_ROWS] = _block_hashes(_words(block, words[:, : len(block)]))
    return hashes


def glimpses(features: NDArray[Any]) -> NDArray[np.uint64]:
    """(n,) uint64 hashes of up to four values of each row of (n, ...) features, quick to have: equal rows have equal ones."""
    flat = _flat(features)
    chosen = flat[:, :: max(1, flat.shape[1] // GLIMPSED)][:, :GLIMPSED]
    total = np.zeros(len(flat), np.uint64)
    for start in range(0, len(flat), BLOCK_ROWS):
        block = total[start : start + BLOCK_ROWS]
        for column in chosen[start : start + BLOCK_ROWS].T:
            block ^= _canonical(column.astype(np.float32)).view(np.uint32)
            block *= np.uint64(_STEP)
    return total


def is_text(features: NDArray[Any]) -> bool:
    """Whether features are texts and not numbers."""
    return features.dtype.kind == "T"


def composed(texts: NDArray[Any]) -> NDArray[Any]:
    """The texts as Unicode composes them (NFC), so that those that read alike are equal."""
    flat = [normalize("NFC", text) for text in texts.reshape(-1).tolist()]
    return np.array(flat, texts.dtype).reshape(texts.shape)


def folded(text: str) -> str:
    """The text as it reads whatever its case and spacing.

    Compatibility characters are the plain ones and letters have one case (NFKC, full case folding, NFKC; after the Unicode
    Standard, section 3.13), so that ß is ss, ① is 1 and full-width letters are plain ones; white space of any kind is one
    space between words. Accents count, and the dotted and the dotless i of Turkish are letters of their own.
    """
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())


def folded_hashes(texts: NDArray[Any]) -> NDArray[np.uint64]:
    """(n,) uint64 hashes of (n, columns) texts of numpy's StringDType, equal where all columns are once folded."""
    return _text_hashes([[folded(text) for text in row] for row in texts.tolist()])


def _text_hashes(rows: list[list[str]]) -> NDArray[np.uint64]:
    """(n,) uint64: the length before each text keeps those of two columns apart."""
    return np.array([_text_hash("".join(f"{len(text)}:{text}" for text in row)) for row in rows], np.uint64)


def _flat(features: NDArray[Any]) -> NDArray[Any]:
    return features.reshape(len(features), math.prod(features.shape[1:]))


def _block_hashes(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(n,) uint64 hashes of n rows of words (words, n)."""
    mixed, shifted = np.full(words.shape[1], _STEP, np.uint64), np.empty(words.shape[1], np.uint64)
    for j, word in enumerate(words):
        mixed ^= word
        mixed *= np.uint64((j + 1) * _STEP % 2**64 | 1)
        np.right_shift(mixed, np.uint64(29), out=shifted)
        mixed ^= shifted
    return splitmix64(mixed)


def _words(rows: NDArray[Any], into: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`into` (ceil(d / 2), n), filled with the bits of canonical float32 values of (n, d) rows, two to a word."""
    even = np.ascontiguousarray(rows, np.float32)
    if rows.shape[1] % 2:
        even = np.concatenate([even, np.zeros((len(rows), 1), np.float32)], axis=1)
    into[:] = even.view(np.uint64).T
    _canonical(into.view(np.float32))
    return into


def _canonical(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values themselves, changed in place: -0 is 0, and every NaN the same."""
    with np.errstate(invalid="ignore"):  # signalling NaNs
        np.add(values, np.float32(0), out=values)
        if np.isnan(values.max(initial=-np.inf)):  # one NaN makes the highest one
            values[np.isnan(values)] = np.float32("nan")
    return values


def group_hashes(
    texts: Sequence[str | None], codes: NDArray[np.int64], row_key: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """(n,) uint64 hashes of groups: even for those stated, equal where the texts are; odd and a row's own for those that are not.

    texts: the distinct groups, None where it is none; codes (n,): which of them a row has, -1 for an empty cell.
    """
    known = [0 if text is None else _text_hash(text) for text in texts]
    stated = np.array([*(text is not None for text in texts), False], bool)[codes]
    hashes = np.array([*known, 0], np.uint64)[codes]
    return np.where(stated, hashes & ~np.uint64(1), splitmix64(row_key) | np.uint64(1))


def _text_hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def text_hashes(letters: NDArray[np.uint8], ends: NDArray[np.integer[Any]]) -> NDArray[np.uint64]:
    """(n,) uint64 hashes, never 0, of n texts: the bytes from each of (n + 1,) ends to the next.

    The sum of a mixed word for each byte and its place, mixed again with the length (after Zobrist 1970).
    """
    hashes = np.empty(len(ends) - 1, np.uint64)
    for start in range(0, len(hashes), BLOCK_ROWS):
        block = ends[start : start + BLOCK_ROWS + 1].astype(np.int64)
        hashes[start : start + BLOCK_ROWS] = _block_text_hashes(letters[block[0] : block[-1]], block - block[0])
    return np.maximum(hashes, np.uint64(1))


def _block_text_hashes(letters: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    lengths = np.diff(ends)
    place = np.arange(len(letters)) - np.repeat(ends[:-1], lengths)
    words = splitmix64(letters.astype(np.uint64) + np.uint64(256) * place.astype(np.uint64) + np.uint64(_STEP))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(words, dtype=np.uint64)])
    return splitmix64(np.diff(sums[ends]) ^ splitmix64(lengths.astype(np.uint64)))


def combined(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """(n,) uint64 hashes, never 0, of rows from those of their parts, whose order counts."""
    total = np.zeros_like(hashes[0])
    for one in hashes:
        total = splitmix64(total + one)
    return np.maximum(total, np.uint64(1))


def splitmix64(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(n,) uint64 well-mixed values, one to one (Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * _MIX[0]
    x = (x ^ (x >> np.uint64(27))) * _MIX[1]
    return x ^ (x >> np.uint64(31))

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from auditor.hashing import BLOCK_ROWS, folded, folded_hashes, glimpses, row_hashes

few_values = st.sampled_from([-1.0, -0.0, 0.0, 1.0, np.inf, -np.inf, np.nan, 2.0**-149])
tables = arrays(np.float32, st.tuples(st.integers(0, 30), st.integers(1, 5)), elements=few_values)


def text(row: NDArray[np.float32]) -> str:
    """What makes rows the same: their values, one zero and one NaN."""
    return repr((row + np.float32(0)).tolist())


@given(tables)
def test_hashes_are_equal_where_the_rows_are(rows: NDArray[np.float32]) -> None:
    hashes, texts = row_hashes(rows).tolist(), [text(row) for row in rows]
    assert [[a == b for a in hashes] for b in hashes] == [[a == b for a in texts] for b in texts]


def test_the_two_zeros_are_one() -> None:
    assert row_hashes(np.array([[-0.0, 1]], np.float32)) == row_hashes(np.array([[0.0, 1]], np.float32))


def test_every_nan_is_the_same_whatever_its_payload_and_sign() -> None:
    payloads = np.array([0x7FC00000, 0x7FC00001, 0x7F800001, 0xFFC00000, 0xFFFFFFFF], np.uint32)
    assert len(set(row_hashes(payloads.view(np.float32)[:, None]).tolist())) == 1


@pytest.mark.parametrize("width", [2, 3, 4, 7])
def test_the_order_of_columns_matters(width: int) -> None:
    row = np.arange(1, width + 1, dtype=np.float32)
    turned = np.array([np.roll(row, places) for places in range(width)])
    assert len(set(row_hashes(turned).tolist())) == width


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6, 7])
def test_every_column_counts(width: int) -> None:
    rows = np.concatenate([np.zeros((1, width)), np.eye(width)]).astype(np.float32)
    assert len(set(row_hashes(rows).tolist())) == width + 1


def test_images_are_hashed_as_rows_of_their_pixels() -> None:
    images = np.random.default_rng(0).random((5, 4, 3, 2), np.float32)
    np.testing.assert_array_equal(row_hashes(images), row_hashes(images.reshape(5, 24)))
    np.testing.assert_array_equal(
        row_hashes(images.transpose(0, 2, 3, 1)), row_hashes(images.transpose(0, 2, 3, 1).copy())
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_, np.float16, np.float64])
def test_the_same_values_hash_alike_in_every_type(dtype: type[np.generic]) -> None:
    values = np.random.default_rng(0).integers(0, 2 if dtype is np.bool_ else 256, (50, 3, 3))
    np.testing.assert_array_equal(row_hashes(values.astype(dtype)), row_hashes(values.astype(np.float32)))


@pytest.mark.parametrize("shape", [(0, 3), (0, 4, 4), (0,)])
def test_no_rows_have_no_hashes(shape: tuple[int, ...]) -> None:
    assert row_hashes(np.zeros(shape, np.float32)).shape == (0,)


@pytest.mark.parametrize("n", [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 1])
def test_where_a_row_stands_does_not_matter(n: int) -> None:
    rows = np.random.default_rng(n).random((n, 3), np.float32)
    hashes = row_hashes(rows)
    np.testing.assert_array_equal(row_hashes(rows[::-1]), hashes[::-1])
    np.testing.assert_array_equal(row_hashes(rows[n - 5 :]), hashes[n - 5 :])
    np.testing.assert_array_equal(row_hashes(np.asfortranarray(rows)), hashes)


def million_whole_numbers() -> NDArray[np.float32]:
    """A grid: rows as alike as rows can be."""
    return np.indices((1000, 1000), np.float32).reshape(2, -1).T


def million_random_rows() -> NDArray[np.float32]:
    return np.random.default_rng(0).random((10**6, 3), np.float32)


@pytest.mark.parametrize("rows", [million_whole_numbers, million_random_rows])
def test_a_million_distinct_rows_have_a_million_hashes(rows: Callable[[], NDArray[np.float32]]) -> None:
    hashes = np.sort(row_hashes(rows()))
    assert (hashes[1:] != hashes[:-1]).all()


def test_every_bit_of_a_hash_is_used_evenly() -> None:
    hashes = row_hashes(million_whole_numbers()[:100_000])
    ones = np.unpackbits(hashes.view(np.uint8)).reshape(-1, 64).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 0.01  # six standard deviations of a fair bit are 0.0095


@given(tables)
def test_equal_rows_have_equal_glimpses(rows: NDArray[np.float32]) -> None:
    known = dict(zip(row_hashes(rows).tolist(), glimpses(rows).tolist(), strict=True))
    assert [known[row] for row in row_hashes(rows).tolist()] == glimpses(rows).tolist()


@pytest.mark.parametrize("width", [1, 3, 4, 5, 7, 8, 30])
def test_glimpses_of_different_rows_differ_in_their_first_bits(width: int) -> None:
    rows = np.random.default_rng(width).normal(size=(3 * BLOCK_ROWS, width)).astype(np.float32)
    assert len(np.unique(glimpses(rows))) > 0.999 * len(rows)
    assert len(np.unique(glimpses(rows) >> np.uint64(44))) > 0.98 * len(rows)


def test_hashing_leaves_the_rows_as_they_are() -> None:
    rows = np.array([[-0.0, np.nan, 1.0]] * 3, np.float32)
    before = rows.tobytes()
    row_hashes(rows)
    glimpses(rows)
    assert rows.tobytes() == before


# Texts whatever their case and spacing


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("Win  CASH\tnow\r\n", "win cash now"),
        ("\u00a0Win\u3000cash\u2028now ", "win cash now"),
        ("", ""),
        (" \t\u00a0 ", ""),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ΣΟΦΟΣ", "σοφοσ"),
        ("σοφος", "σοφοσ"),
        ("\uff37\uff29\uff2e \uff11", "win 1"),  # full width
        ("ﬁne ①", "fine 1"),
        ("Cafe\u0301", "caf\u00e9"),
        ("CAF\u00c9", "caf\u00e9"),
        ("你好", "你好"),
    ],
)
def test_a_text_is_folded(text: str, reads: str) -> None:
    assert folded(text) == reads


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caf\u00e9", "cafe"),
        ("win, cash", "win , cash"),
        ("wincash", "win cash"),
        ("\u0130zmir", "izmir"),  # dotted capital I
        ("\u0131l\u0131k", "ilik"),  # dotless small i
    ],
)
def test_accents_punctuation_words_and_turkish_letters_count(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=8))
def test_texts_that_are_equal_as_they_stand_are_equal_once_folded(rows: list[tuple[str, str]]) -> None:
    texts = np.array(rows, np.dtypes.StringDType())
    exact, whatever = row_hashes(texts).tolist(), folded_hashes(texts).tolist()
    assert len(set(zip(exact, whatever, strict=True))) == len(set(exact))


def test_a_word_does_not_move_from_one_text_of_a_pair_to_the_other() -> None:
    rows = [["win cash", "now"], ["WIN  cash", "now "], ["win", "cash now"], ["now", "win cash"], ["win cash now", ""]]
    pairs = np.array(rows, np.dtypes.StringDType())
    hashes = folded_hashes(pairs).tolist()
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_no_texts_have_no_hashes() -> None:
    assert folded_hashes(np.zeros((0, 2), np.dtypes.StringDType())).shape == (0,)

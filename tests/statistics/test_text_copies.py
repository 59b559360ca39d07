"""Texts of test that equal a training text only once folded, counted against how often training texts so equal each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auditor.statistics import Difference, Proportion, TextCopies, text_copies

Keys = tuple[NDArray[np.uint64], NDArray[np.uint64]]


def keys(*texts: str) -> Keys:
    """A number for each text in small letters, and one for each text as it stands."""
    folded = [int.from_bytes(text.lower().encode(), "big") for text in texts]
    exact = [int.from_bytes(text.encode(), "big") for text in texts]
    return np.array(folded, np.uint64), np.array(exact, np.uint64)


def found(test: Keys, train: Keys, enough: int = 0) -> TextCopies:
    return text_copies(test, train, test[0], enough)


def test_a_worked_example() -> None:
    train = keys("a", "A", "b", "c", "c", "D", "e", "f")
    copies = found(keys("B", "c", "C", "d", "x", "X", "f", "a"), train)
    assert copies.rows.tolist() == [0, 2, 3]
    assert copies.first.tolist() == [2, 3, 5]
    assert copies.share == Proportion(3, 8)
    assert copies.test == Proportion(3, 5)  # c, f and a stand in train as they are
    assert copies.train == Proportion(2, 6)  # a and A, of all but the two c
    assert copies.any_test == Proportion(6, 8)
    assert copies.any_train == Proportion(4, 8)


def test_the_excess_is_that_over_what_rows_without_an_equal_do_by_nature() -> None:
    copies = found(keys("B", "c", "C", "d", "x", "X", "f", "a"), keys("a", "A", "b", "c", "c", "D", "e", "f"))
    assert copies.excess == Difference(Proportion(3, 5), Proportion(1, 3), 5 / 8)
    assert copies.excess.value == pytest.approx((3 / 5 - 2 / 6) * 5 / 8)
    assert copies.any_excess == Difference(Proportion(6, 8), Proportion(2, 4))


def test_a_training_row_that_stands_alone_may_equal_one_that_repeats() -> None:
    assert found(keys("x"), keys("a", "a", "a", "A", "b")).train == Proportion(1, 2)


def test_where_too_few_training_rows_are_alone_one_of_each_text_is_asked() -> None:
    train = keys("a", "a", "A", "A", "b", "b", "c")
    few, plenty = found(keys("x"), train, 2), found(keys("x"), train, 1)
    assert (few.alone, few.train) == (False, Proportion(2, 4))
    assert (plenty.alone, plenty.train) == (True, Proportion(0, 1))


def test_rows_that_are_not_judged_count_among_those_of_the_file() -> None:
    copies = text_copies(keys("B", "x"), keys("a", "b"), keys("B", "x", "a", "b")[0])
    assert copies.share == Proportion(1, 2)
    assert copies.any_test == Proportion(3, 4)


@pytest.mark.parametrize(("test", "train"), [((), ()), (("a",), ()), ((), ("a", "A"))])
def test_without_rows_nothing_is_found(test: tuple[str, ...], train: tuple[str, ...]) -> None:
    copies = found(keys(*test), keys(*train))
    assert (len(copies.rows), copies.share.k) == (0, 0)
    assert copies.excess.lower(0.05) is None


def test_where_all_test_rows_stand_in_train_as_they_are_nothing_is_left_to_bound() -> None:
    copies = found(keys("a", "b"), keys("a", "b", "A"))
    assert (copies.share, copies.excess.value) == (Proportion(0, 2), None)


@given(st.lists(st.sampled_from("aAbBcC"), max_size=9), st.lists(st.sampled_from("aAbBcC"), max_size=9), st.randoms())
def test_it_is_what_counting_finds_and_the_order_of_rows_does_not_matter(
    test: list[str], train: list[str], random
) -> None:
    shuffled = random.sample(train, len(train))
    copies = found(keys(*test), keys(*train))
    lower = [text.lower() for text in train]
    near = [i for i, text in enumerate(test) if text not in train and text.lower() in lower]
    single = [text for text in train if train.count(text) == 1]
    assert copies.rows.tolist() == near
    assert copies.first.tolist() == [lower.index(test[i].lower()) for i in near]
    assert copies.train == Proportion(sum(text.swapcase() in train for text in single), len(single))
    assert copies.any_train.k == sum(lower.count(text) > 1 for text in lower)
    other = found(keys(*test), keys(*shuffled))
    assert (other.test, other.train, other.any_train) == (copies.test, copies.train, copies.any_train)

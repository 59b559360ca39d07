"""What near rows do: counted by hand, and held at limits that they surely pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.statistics import Contrast, Contrasts, Difference, Proportion

LIMITS = {"gain": 0.005, "apart": 0.1, "most": 0.75, "enough": 30}


def test_rows_are_counted_in_all_and_by_class():
    near = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    right = np.array([1, 1, 0, 1, 0, 0, 1], bool)
    found = Contrasts.of(near, right, np.array([0, 2, 2, 0, 0, 2, 2]), 3)
    assert found.whole == Contrast(3, 2, 4, 2)
    assert found.classes == (Contrast(1, 1, 2, 1), Contrast(0, 0, 0, 0), Contrast(2, 1, 2, 1))
    assert found.beside(2) == Proportion(1, 3)


def test_there_are_no_classes_where_rows_have_several_labels_or_none():
    near, right = np.array([1, 0], bool), np.array([1, 1], bool)
    assert Contrasts.of(near, right, np.array([[0, 1], [1, 1]]), 2).classes == ()
    assert Contrasts.of(near, right).whole == Contrast(1, 1, 1, 1)


@given(st.integers(0, 2**32 - 1))
def test_what_near_rows_add_is_accuracy_on_all_less_that_on_the_others(seed):
    draw = np.random.default_rng(seed)
    near, right = draw.random((2, 50)) < 0.5
    gain = Contrasts.of(near, right).whole.gain.value
    if near.all() or not near.any():
        assert gain is None or not near.all()
    else:
        assert gain == pytest.approx(right.mean() - right[~near].mean())


def test_rows_that_add_to_accuracy_are_told_with_their_bound():
    found = Contrasts(Contrast(400, 396, 600, 400), (Contrast(200, 199, 300, 200), Contrast(200, 197, 300, 200)))
    harm = found.harm(**LIMITS)
    assert (harm.done, harm.gains, harm.gaining, harm.swallows, harm.swallowed, harm.apart) == (
        True, True, 0, False, None, None,
    )  # fmt: skip
    effect, alpha = harm.effect(found)
    expected = Difference(Proportion(396, 400), Proportion(400, 600), 0.4)
    assert (effect, alpha) == (expected, 0.005)
    assert effect.lower(alpha) > 0.1


def test_rows_that_add_to_one_class_alone_are_told_at_its_share_of_the_level():
    found = Contrasts(Contrast(30, 30, 4970, 4900), (Contrast(0, 0, 4900, 4880), Contrast(30, 30, 70, 20)))
    harm = found.harm(**LIMITS)
    assert (harm.gains, harm.gaining) == (False, 1)
    assert harm.effect(found) == (found.classes[1].gain, 0.0025)


def test_near_rows_that_are_no_easier_do_no_harm():
    harm = Contrasts(Contrast(400, 300, 600, 450), (Contrast(200, 150, 300, 225),) * 2).harm(**LIMITS)
    assert not harm.done


@pytest.mark.parametrize(
    ("near", "others", "told"), [(740, 10, True), (740, 30, False), (60, 12, False), (90, 5, True)]
)
def test_few_others_cannot_tell(near, others, told):
    harm = Contrasts(Contrast(near, near, others, others)).harm(**LIMITS)
    assert harm.swallows is told
    assert harm.effect(Contrasts(Contrast(near, near, others, others))) is None


def test_few_others_of_a_class_cannot_tell():
    classes = (Contrast(0, 0, 500, 450), Contrast(100, 100, 3, 3))
    harm = Contrasts(Contrast(100, 100, 503, 453), classes).harm(**LIMITS)
    assert (harm.gains, harm.swallowed, harm.apart) == (True, None, 1)
    harm = Contrasts(Contrast(100, 100, 503, 503), classes).harm(**LIMITS)
    assert (harm.gains, harm.swallowed, harm.apart) == (False, 1, 1)


def test_a_class_whose_rows_are_near_more_often_than_others_is_told():
    shares = Contrasts(Contrast(62, 60, 938, 900), (Contrast(2, 2, 798, 770), Contrast(60, 58, 140, 130)))
    assert shares.harm(**LIMITS).apart == 1
    assert shares.harm(**(LIMITS | {"apart": 0.4})).apart is None
    even = Contrasts(Contrast(62, 60, 938, 900), (Contrast(50, 48, 750, 720), Contrast(12, 12, 188, 180)))
    assert even.harm(**LIMITS).apart is None

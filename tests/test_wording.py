"""Numbers as they are spoken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import wording


@given(st.floats(0, 1))
def test_a_share_is_called_none_or_all_only_where_it_is(value):
    for text in (wording.ratio(value), wording.short_ratio(value)):
        assert (text in ("0%", "0.0%")) == (value == 0)
        assert (text in ("100%", "100.0%")) == (value == 1)


@pytest.mark.parametrize(
    ("value", "long", "short"),
    [
        (0.12, "12.0%", "12%"),
        (0.98, "98.0%", "98%"),
        (0.9999, "99.9%", "99.9%"),
        (0.0316, "3.2%", "3.2%"),
        (1e-9, "0.1%", "0.1%"),
        (None, "–", "–"),
        (float("nan"), "–", "–"),
    ],
)
def test_ratios(value, long, short):
    assert (wording.ratio(value), wording.short_ratio(value)) == (long, short)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1234, "0.123"),
        (-0.5, "−0.500"),
        (0.99996, "0.99996"),
        (1, "1.000"),
        (0, "0.000"),
        (-0.00002, "−0.00002"),
        (None, "–"),
    ],
)
def test_numbers_keep_their_sign_and_are_not_rounded_to_a_limit(value, text):
    assert wording.number(value) == text


def test_counts_plurals_and_p_values():
    assert wording.count(1234567) == "1,234,567"
    assert wording.count(333.33) == "333.3"
    assert wording.plural(1, "row") == "1 row"
    assert wording.plural(2, "class", "classes") == "2 classes"
    assert wording.p_value(0.0004) == "p < 0.001"
    assert wording.p_value(0.0321) == "p = 0.032"


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (np.datetime64("2026-01-31", "us"), "2026-01-31"),
        (np.datetime64("2026-01-31T12:30", "us"), "2026-01-31 12:30:00"),
        (np.datetime64("2026-01-31T12:30:00.5", "us"), "2026-01-31 12:30:00.500000"),
        (np.datetime64("20260-01-31", "us"), "20260-01-31"),
        (np.float64(20260131), "20260131"),
        (1.5, "1.5"),
    ],
)
def test_times_are_told_without_what_is_zero(time, said):
    assert wording.moment(time) == said


def test_names_from_files_are_cut_and_lose_control_characters():
    assert wording.name("a\x1b[31mb") == "a�[31mb"
    assert len(wording.name("x" * 5000)) == wording.NAME_LENGTH


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("recall[fraud]", "Recall on fraud"),
        ("macro_f1", "Macro F1"),
        ("roc_auc", "ROC-AUC"),
        ("weighted_precision", "Weighted precision"),
        ("recall[a[0]]", "Recall on a[0]"),
    ],
)
def test_metrics_in_words(metric, words):
    assert wording.metric(metric) == words


def test_sentences():
    assert wording.sentence(" it is so") == "It is so."
    assert wording.sentence("Is it?") == "Is it?"
    assert wording.first_sentence("Label 115 more. Then it passes.") == "Label 115 more."
    assert wording.lower_first("Recall on x") == "recall on x"
    assert wording.lower_first("ROC-AUC is") == "ROC-AUC is"


@pytest.mark.parametrize(
    ("given", "guess"),
    [("shared-row", ' (did you mean "shared-rows"?)'), ("SHARED-ROWS", ' (did you mean "shared-rows"?)'), ("zzz", "")],
)
def test_a_name_that_is_close_to_a_known_one_is_guessed(given, guess):
    assert wording.meant(given, ["shared-rows", "prior-shift"]) == guess

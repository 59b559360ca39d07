"""The headline has at most 30 words, and what it leaves out follows."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.findings import Direction, Finding, Severity, Status
from auditor.headline import MOST_WORDS, headline, sentence
from auditor.policy import PRESETS, Policy
from auditor.testing import from_confusion, measured
from auditor.verdict import decide

MEASURED = measured(from_confusion([[80, 20], [20, 80]]), class_names=["a", "b"], positive="b")
POLICY = Policy(PRESETS["balanced"], (), confirmed=True)
PASS = Finding(Status.PASS, "Met.", gate=True)
TRAINING = (
    "The model acts as in training in 3 parts (layers.0 (Dropout), layers.2 (BatchNorm1d), layers.5 (Dropout)) and writes "
    "to 3 buffers while it answers (layers.2.running_mean, layers.2.running_var): outputs move by up to 1.33 standard deviations"
)


def told(message: str, severity: Severity = Severity.MAJOR, **more: Any) -> tuple[str, str]:
    outcome = decide([PASS, Finding(Status.FAIL, message, severity, remedy="Mend it.", **more)], POLICY)
    return headline(outcome, MEASURED), sentence(outcome, MEASURED)


def test_a_short_warning_is_told_whole_and_once() -> None:
    said, under = told("The loss rises from epoch 12 on.")
    assert (
        said == "80.0% accuracy and every condition is met, but the loss rises from epoch 12 on: ready, with warnings."
    )
    assert under.endswith("Mend it.")
    assert "epoch 12" not in under


def test_a_long_warning_is_cut_at_a_clause_and_follows_whole() -> None:
    message = (
        "Training accuracy is 99.0% and test accuracy 80.0% (a gap of 19 points; 95% interval 17 to 21), which is more "
        "than the 10 points that a model of this size shows when it has learnt and not memorised."
    )
    said, under = told(message)
    assert said == (
        "80.0% accuracy and every condition is met, but training accuracy is 99.0% and test accuracy 80.0% (a gap of 19 "
        "points; 95% interval 17 to 21): ready, with warnings."
    )
    assert under.startswith(message)


def test_a_model_in_training_mode_is_told_in_thirty_words() -> None:
    said, under = told(TRAINING, Severity.BLOCKER, direction=Direction.DEFLATES, validity=True)
    assert len(said.split()) <= MOST_WORDS
    assert said.startswith("80.0% accuracy, but the model acts as in training in 3 parts")
    assert said.endswith(": the figures are not trustworthy.")
    assert under.startswith(TRAINING)


def test_below_a_headline_cut_after_a_clause_stands_the_rest_of_the_sentence() -> None:
    left = "without them accuracy on the 1,953 clean rows left is 97.2%, not 97.0%"
    message = f"280 of 2,233 test rows stand in the training file; {left}. More."
    said, under = told(message, Severity.BLOCKER, direction=Direction.FLATTERS, validity=True)
    assert (
        said
        == "80.0% accuracy, but 280 of 2,233 test rows stand in the training file: the figures are not trustworthy."
    )
    assert under == "Without them accuracy on the 1,953 clean rows left is 97.2%, not 97.0%."


@example(["word"] * 7 + ["(of"] + ["x" * 50] * 4)  # cut where a clause ends, and not at the last word that fits
@given(
    st.lists(st.sampled_from(["word", "50%", "(of", "9)", "one;", "two,", "three:", "x" * 50]), min_size=1, max_size=80)
)
@pytest.mark.parametrize("severity", [Severity.MAJOR, Severity.BLOCKER])
def test_no_headline_is_longer(severity: Severity, words: list[str]) -> None:
    said, under = told(" ".join(words), severity)
    assert len(said.split()) <= MOST_WORDS
    assert all(word.strip(".:;") in f"{said} {under}".casefold() for word in words)

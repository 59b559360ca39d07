"""Texts of test that differ from training texts in case and spacing alone are found; texts that repeat by nature are not accused."""

from functools import cache
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import Confidence, Direction, Measurements, Severity, Status
from auditor.checking import built_in
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.states import FoldedTexts, Task
from auditor.testing import compute, measured, rows
from tests.states.generating import measured as of_rows

NAMES = ["a", "b"]
TASK = Task(("a", "b"), 1)
WORDS = np.array(
    ["win", "cash", "straße", "now", "hello", "friend", "σοφος", "meet", "noon", "café", "at", "é", "ж", "money"]
)
PER_TEXT = 12


@cache
def near_duplicates():
    return next(check for check in built_in() if check.id == "near-duplicates")


def texts(n, seed, *, words=PER_TEXT):
    """Texts of so many random words, in small letters."""
    return np.array([" ".join(row) for row in np.random.default_rng(seed).choice(WORDS, (n, words))], object)


def batch(written, *, seed=0, right=0.8, labels=None):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, len(written)) if labels is None else labels
    predicted = np.where(draw.random(len(written)) < right, labels, 1 - labels)
    return rows(labels, predicted=predicted, features=np.array(written.tolist(), np.dtypes.StringDType()))


def finding_on(test, train, **settings_):
    limits = settings_.pop("limits", None)
    m = measured(test, train=train, class_names=NAMES, positive="b", **settings_)
    (finding,) = compute(near_duplicates(), m, limits=limits)
    return finding


def finding_on_hashes(test, train):
    """The same from what it needs alone."""
    splits = {
        name: SplitMeasurements(name, RowCounts(), {FoldedTexts: of_rows(FoldedTexts(TASK), written)})
        for name, written in (("test", test), ("train", train))
    }
    m = Measurements(TASK, splits["test"], splits["test"], {"train": splits["train"]})
    (finding,) = compute(near_duplicates(), m)
    return finding


def with_copies(n_copies, change=str.upper, **settings_):
    """What is said of 1,000 test rows of which the first are changed copies of training rows that the model has right."""
    train, test = texts(4000, 1), texts(1000, 2)
    test[:n_copies] = [change(text) for text in train[:n_copies]]
    known, new = batch(train, seed=3, right=1.0), batch(test, seed=4)
    new.labels[:n_copies] = known.labels[:n_copies]
    new.scores.decided[:n_copies] = known.labels[:n_copies]
    return finding_on(new, known, **settings_)


def test_no_copy_is_a_pass_with_its_counts():
    finding = with_copies(0)
    assert finding.status is Status.PASS
    assert finding.message == "None of 1,000 test rows equals a training row but for case and spacing."


@pytest.mark.parametrize(("copies", "severity"), [(10, Severity.MINOR), (40, Severity.MAJOR), (120, Severity.BLOCKER)])
def test_copies_are_confirmed_and_weighed_by_their_excess(copies, severity):
    finding = with_copies(copies)
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, severity, Confidence.CONFIRMED)
    assert finding.direction is Direction.FLATTERS
    assert finding.validity is (severity is Severity.BLOCKER)
    assert finding.value == pytest.approx(copies / 1000)
    assert finding.message.startswith(
        f"{copies} of 1,000 test rows ({copies / 1000:.1%}) equal a training row but for case and spacing; 0 of 4,000 training "
        f"rows (0%) so equal another one: all {copies} have the label of the first such training row, and the model is right on "
        f"{copies} of them (100%), and on "
    )


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        str.title,
        str.swapcase,
        lambda text: f"\t{text}\n",
        lambda text: text.replace(" ", "   "),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in text),
    ],
    ids=["upper", "title", "swapped", "ends", "wide", "no-break", "full width"],
)
def test_any_change_of_case_spacing_or_width_is_seen_through(change):
    assert with_copies(40, change).message.startswith("40 of 1,000 test rows (4.0%)")


def test_reworded_texts_are_not_found():
    assert with_copies(200, lambda text: f"{text} indeed").status is Status.PASS


def test_the_first_pairs_are_named_by_their_rows():
    train, test = texts(4000, 1), texts(1000, 2)
    test[[7, 30, 31]] = train[[9, 2000, 8]] + " "
    test[500:540] = [text.upper() for text in train[100:140]]
    finding = finding_on(batch(test), batch(train))
    assert finding.remedy == (
        "Compare lower-cased texts with collapsed spaces before the split, and take those that are copies out of the test file: "
        "the first pairs, test row and training row, are 8 and 10, 31 and 2,001, 32 and 9, 501 and 101, 502 and 102."
    )


def test_it_says_how_often_labels_agree_and_the_model_is_right():
    train, test = texts(4000, 1), texts(1000, 2)
    test[:40] = [text.upper() for text in train[:40]]
    known, new = batch(train), batch(test, seed=5)
    agree, right = new.labels[:40] == known.labels[:40], new.right
    message = finding_on(new, known).message
    assert f"{agree.sum()} of the 40 have the label of the first such training row" in message
    assert f"the model is right on {right[:40].sum()} of them ({right[:40].mean():.1%})" in message
    assert f"on {right[40:].sum()} of the 960 others ({right[40:].mean():.1%})" in message


def test_exact_copies_are_left_to_shared_rows():
    train = texts(1000, 1)
    finding = finding_on(batch(train[:300]), batch(train))
    assert (finding.status, finding.message) == (Status.SKIP, "No test row is left to compare.")


def test_changed_copies_are_found_beside_exact_ones():
    train, test = texts(4000, 1), texts(1000, 2)
    test[:100] = train[:100]
    test[100:140] = [text.upper() for text in train[100:140]]
    finding = finding_on(batch(test), batch(train))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.CONFIRMED)
    assert finding.message.startswith("40 of 900 test rows (4.4%) equal")


def test_changed_copies_are_found_where_train_was_oversampled():
    train, test = texts(4000, 1), texts(1000, 2)
    test[:100] = [text.upper() for text in train[:100]]
    finding = finding_on(batch(test), batch(np.concatenate([train, np.tile(train[:500], 9)])))
    assert finding.severity is Severity.BLOCKER
    assert "0 of 3,500 training rows that equal no other as they stand (0%) so equal another one" in finding.message
    doubled = finding_on(batch(test), batch(np.tile(train, 2)))
    assert doubled.severity is Severity.BLOCKER
    assert "0 of 4,000 training rows, one of each text (0%) so equal another one" in doubled.message


# What repeats by nature


def short(n, seed, *, cased=True):
    """Texts of one or two words of a small vocabulary, some of them capitalised or in capitals."""
    draw = np.random.default_rng(seed)
    share = 1 / np.arange(1, 41)
    words = np.array([f"word{i}" for i in range(40)])[draw.choice(40, (n, 3), p=share / share.sum())]
    lengths, how = draw.integers(1, 4, n), draw.choice(3, n, p=[0.7, 0.2, 0.1]) * cased
    made = [" ".join(row[:length]) for row, length in zip(words, lengths, strict=True)]
    return np.array(
        [(str, str.capitalize, str.upper)[which](text) for text, which in zip(made, how, strict=True)], object
    )


def test_short_texts_that_repeat_in_both_files_are_not_accused():
    found = [finding_on(batch(short(1000, seed)), batch(short(4000, 100 + seed))) for seed in range(10)]
    assert all("equal a training row but for case and spacing" in finding.message for finding in found)
    assert {finding.severity for finding in found} <= {Severity.INFO, Severity.MINOR}
    assert sum(finding.status is Status.FAIL for finding in found) <= 2  # of 5% that may be, in 99% of cases


def test_a_vocabulary_of_a_few_words_in_any_case_and_spacing_is_not_accused():
    def answers(n, seed):
        draw = np.random.default_rng(seed)
        words, changes = ("ok", "no", "yes", "thanks"), (str, str.capitalize, str.upper)
        drawn = zip(draw.integers(0, (4, 3), (n, 2)).tolist(), draw.geometric(0.3, n).tolist(), strict=True)
        return np.array([changes[how](words[which]) + " " * spaces for (which, how), spaces in drawn], object)

    finding = finding_on(batch(answers(1000, 1)), batch(answers(4000, 2)))
    assert finding.status is Status.PASS
    assert "training rows, one of each text" in finding.message


def test_copies_among_texts_that_repeat_are_found():
    train, test = np.concatenate([short(3400, 1), texts(600, 1)]), np.concatenate([short(850, 2), texts(150, 2)])
    test[850:] = [text.upper() for text in train[3400:3550]]
    finding = finding_on(batch(test), batch(train))
    assert (finding.severity, finding.confidence) == (Severity.BLOCKER, Confidence.CONFIRMED)
    assert "of 1,000 test rows (" in finding.message
    assert "of those that equal none as they stand) equal a training row" in finding.message


def test_texts_that_repeat_by_nature_are_suspected_where_one_file_was_lower_cased():
    test = np.array([text.upper() for text in short(1000, 1, cased=False)], object)
    finding = finding_on(batch(test), batch(short(4000, 2, cased=False)))
    assert (finding.status, finding.confidence) == (Status.FAIL, Confidence.SUSPECTED)
    assert "of the training rows another one: these may be texts that repeat by nature" in finding.message


def test_texts_written_in_several_ways_and_split_at_random_are_minor():
    kinds = texts(1500, 1)
    pool = np.concatenate([kinds, [text.upper() for text in kinds], [text.title() for text in kinds]])
    pool = pool[np.random.default_rng(3).permutation(len(pool))]
    finding = finding_on(batch(pool[:900]), batch(pool[900:]))
    assert (finding.status, finding.severity, finding.validity) == (Status.FAIL, Severity.MINOR, False)
    assert "as where texts are written in several ways and the file was split at random" in finding.message
    assert "Keep texts that are equal once lower-cased on one side of the split" in finding.remedy


# Odd files


def test_texts_without_a_word_are_all_one_text():
    train, test = texts(4000, 1), texts(1000, 2)
    train[0], test[:40] = "", [" " * (1 + i) for i in range(40)]
    assert finding_on(batch(test), batch(train)).message.startswith("40 of 1,000 test rows (4.0%)")


def test_a_training_file_of_one_text_cannot_say_how_often_texts_repeat():
    finding = finding_on(batch(np.array(["HELLO"] * 50)), batch(np.array(["hello"] * 200)))
    assert finding.status is Status.SKIP
    assert finding.message.startswith(
        "1 training row that differs from all others: too few to know how often texts nearly"
    )


def test_a_training_file_without_a_row_is_told():
    finding = finding_on(batch(texts(50, 1)), batch(texts(0, 2)))
    assert finding.status is Status.SKIP
    assert finding.message.startswith("0 different training rows: too few")


def test_without_training_data_it_says_so():
    finding = finding_on(batch(texts(50, 1)), None)
    assert (finding.status, finding.message) == (Status.SKIP, "No training data was given.")


def test_pairs_are_compared_text_by_text():
    train = np.stack([texts(2000, 1), texts(2000, 2)], axis=1)
    test = np.stack([texts(500, 3), texts(500, 4)], axis=1)
    test[:40] = [[one.upper(), other.title()] for one, other in train[:40]]
    test[40:80, 0] = train[40:80, 0]
    test[80:120] = train[80:120, ::-1]
    test[120:160, 0], test[120:160, 1] = [f"{one} {other}".upper() for one, other in train[120:160]], ""
    assert finding_on(batch(test), batch(train)).message.startswith("40 of 500 test rows (8.0%)")


def test_where_rows_have_several_labels_all_have_to_agree():
    train, test = texts(3000, 1), texts(600, 2)
    test[:40] = [text.upper() for text in train[:40]]
    draw = np.random.default_rng(0)
    labels, test_labels = draw.integers(0, 2, (3000, 2)), draw.integers(0, 2, (600, 2))
    test_labels[:40] = labels[:40]
    test_labels[:10, 1] = 1 - labels[:10, 1]
    known = rows(labels, predicted=labels, features=np.array(train.tolist()))
    new = rows(test_labels, predicted=test_labels, features=np.array(test.tolist()))
    m = measured(new, train=known, class_names=["x", "y"])
    (finding,) = compute(near_duplicates(), m)
    assert "30 of the 40 have the label of the first such training row" in finding.message


def test_limits_can_be_set():
    assert with_copies(10, limits={"major": 0.002}).severity is Severity.MAJOR
    assert with_copies(10, limits={"minor": 0.05}).status is Status.PASS


CASES = (str.upper, str.lower, str.title, str.swapcase, str.capitalize)
SPACES = (" ", "  ", "\t", "\n", "\u00a0", "\u3000", " \r\n ")


@given(
    st.lists(st.integers(0, 599), min_size=20, max_size=40, unique=True),
    st.lists(st.sampled_from(CASES), min_size=1, max_size=5),
    st.lists(st.sampled_from(SPACES), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_copies_are_found_however_case_and_spacing_were_changed_and_rows_ordered(copied, cases, spaces, seed):
    train, test = texts(600, 1), texts(150, 2)
    case, space = cycle(cases), cycle(spaces)
    for place, row in enumerate(copied):
        test[place] = "".join(next(case)(word) + next(space) for word in train[row].split()) + " "
    draw = np.random.default_rng(seed)
    finding = finding_on_hashes(batch(test), batch(train))
    other = finding_on_hashes(batch(draw.permutation(test)), batch(draw.permutation(train)))
    assert finding.message.startswith(f"{len(copied)} of 150 test rows")
    assert finding.severity.rank >= Severity.MAJOR.rank
    assert (finding.value, finding.interval, finding.severity) == (other.value, other.interval, other.severity)
    assert finding.message.split(":")[0] == other.message.split(":")[0]

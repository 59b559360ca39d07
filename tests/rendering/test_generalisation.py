"""Train, validation and test side by side: their values, the gap in its unit, and marks on a line."""

from dataclasses import replace

from auditor.rendering import generalisation, pictures
from auditor.results import Generalisation, Value
from tests.rendering import example
from tests.rendering.parts import share


def by_name(report):
    return {row.name: row for row in generalisation.rows(report)}


def test_a_gap_of_shares_is_said_in_points_with_its_interval():
    row = by_name(example.fraud())["Recall of “fraud”"]
    assert (row.gap, row.interval) == ("49.3 points", "43.0 to 54.3")
    assert {name: value.k for name, value in row.values.items()} == {"train": 490, "validation": 18, "test": 24}


def test_marks_stand_on_a_line_from_none_to_all_and_are_said():
    row = by_name(example.fraud())["Recall of “fraud”"]
    assert row.marks == (("train", 73.5), ("validation", 21.6), ("test", 14.4))
    assert row.alt == "Recall of “fraud”: train 61%, validation 18%, test 12%"


def test_a_loss_has_no_mark_and_a_gap_without_unit():
    report = example.fraud()
    gaps = Generalisation({"log_loss": Value(0.012, 0.003, 0.021)}, None, None)
    row = by_name(replace(report, generalisation=gaps))["Log loss"]
    assert (row.gap, row.interval, row.marks, row.alt) == ("0.012", "0.003 to 0.021", (), "")


def test_without_train_the_metrics_stand_without_a_gap():
    report = example.fraud()
    two = {name: report.measurements[name] for name in ("test", "validation")}
    rows = by_name(replace(report, measurements=two, generalisation=Generalisation({}, None, None)))
    assert set(rows) == {"Accuracy", "Balanced accuracy", "ROC AUC", "Log loss"}
    assert {(row.gap, row.interval) for row in rows.values()} == {("", "")}


def test_a_class_that_a_split_lacks_has_no_mark():
    report = example.fraud()
    train = report.measurements["train"]
    classes = {**train.classes, "fraud": replace(train.classes["fraud"], recall=share(0, 0))}
    changed = {**report.measurements, "train": replace(train, classes=classes)}
    row = by_name(replace(report, measurements=changed))["Recall of “fraud”"]
    assert [name for name, _ in row.marks] == ["validation", "test"]


def test_test_alone_has_nothing_beside_it():
    assert generalisation.splits(example.ready()) == ()


def test_how_well_rows_are_told_apart_is_a_sentence_with_its_chance():
    said = generalisation.told_apart(example.fraud().generalisation)
    assert "the test row has the higher loss in 64.3% of pairs (chance is 50%; 95% interval 63.6% to 65.0%)" in said
    assert generalisation.told_apart(None) == ""


def test_losses_are_one_picture_said_in_words():
    losses, history, *_ = pictures.of_generalisation(example.fraud())
    assert losses.alt.startswith("Rows by log loss. train, 40,000 rows: most rows, ")
    assert "validation, 5,000 rows" in losses.alt
    assert history.title == "Training history: loss"

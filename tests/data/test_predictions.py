"""Tables of predictions: scores found by name, read as one kind, and decisions that outrank them."""

from pathlib import Path

import numpy as np
import pytest

from auditor.batches import OutputKind
from auditor.errors import UsageError
from tests.data.reading import batches, labels, npz, opened, parquet, refusal, says, scores, text

CLASS_COLUMNS = "label,p_good,p_bad\ngood,0.9,0.1\nbad,0.2,0.8\ngood,0.4,0.6\n"


def predictions(tmp_path: Path, content: str) -> Path:
    return text(tmp_path / "predictions.csv", content)


def test_score_columns_are_matched_to_classes_by_name(tmp_path: Path) -> None:
    splits = opened(predictions=predictions(tmp_path, CLASS_COLUMNS))
    found = scores(splits.test)
    assert splits.class_names == ("bad", "good")
    assert found.kind is OutputKind.PROBABILITIES
    assert found.outputs.dtype == np.float64
    assert found.outputs.tolist() == [[0.1, 0.9], [0.8, 0.2], [0.6, 0.4]]
    assert found.predicted.tolist() == [1, 0, 0]
    assert labels(splits.test) == [1, 0, 1]


def test_there_are_no_features(tmp_path: Path) -> None:
    test = opened(predictions=predictions(tmp_path, CLASS_COLUMNS)).test
    assert (test.feature_names, test.feature_shape) == ((), None)
    assert all(batch.features is None for batch in batches(test))


def test_the_prefix_may_be_left_out(tmp_path: Path) -> None:
    splits = opened(predictions=predictions(tmp_path, CLASS_COLUMNS.replace("p_", "")))
    assert scores(splits.test).outputs.tolist() == [[0.1, 0.9], [0.8, 0.2], [0.6, 0.4]]


def test_a_column_p_1_scores_the_class_1(tmp_path: Path) -> None:
    path = parquet(tmp_path / "p.parquet", {"label": [0, 1], "p_1": [0.2, 0.9], "p_0": [0.8, 0.1]})
    assert scores(opened(predictions=path).test).outputs.tolist() == [[0.8, 0.2], [0.1, 0.9]]


def test_classes_of_score_columns_count_although_no_row_has_them(tmp_path: Path) -> None:
    splits = opened(predictions=predictions(tmp_path, "label,p_a,p_b,p_c\na,0.5,0.3,0.2\nb,0.2,0.5,0.3\n"))
    assert splits.class_names == ("a", "b", "c")
    assert splits.class_names_from == "label values of test and the columns of predictions, sorted"


def test_a_column_p_value_beside_decisions_is_no_class(tmp_path: Path) -> None:
    splits = opened(predictions=predictions(tmp_path, "label,predicted,p_value\na,b,0.01\nb,b,0.5\n"))
    assert splits.class_names == ("a", "b")
    assert scores(splits.test).kind is OutputKind.PREDICTED


def test_a_column_score_is_for_the_stated_positive_class(tmp_path: Path) -> None:
    path = predictions(tmp_path, "label,score\nbad,0.9\ngood,0.2\n")
    found = scores(opened(predictions=path, positive="bad").test)
    assert (found.kind, found.scored) == (OutputKind.SIGMOID, 0)
    assert found.predicted.tolist() == [0, 1]


@pytest.mark.parametrize("positive", ["0", "0.0"])
def test_however_the_positive_class_is_written(tmp_path: Path, positive: str) -> None:
    path = predictions(tmp_path, "label,score\n0.0,0.9\n1.0,0.2\n")
    found = scores(opened(predictions=path, positive=positive).test)
    assert found.scored == 0
    assert found.predicted.tolist() == [0, 1]


def test_and_for_the_second_class_where_none_is_stated(tmp_path: Path) -> None:
    rows = "good,0.9\n" * 3 + "bad,0.2\n"
    splits = opened(predictions=predictions(tmp_path, "label,score\n" + rows))
    assert splits.positive == 0
    assert scores(splits.test).scored == 1


def test_one_column_of_two_classes_scores_the_class_it_names(tmp_path: Path) -> None:
    found = scores(opened(predictions=predictions(tmp_path, "label,p_bad\nbad,0.9\ngood,0.2\n")).test)
    assert (found.outputs.shape, found.scored) == ((2, 1), 0)


def test_decisions_outrank_scores(tmp_path: Path) -> None:
    content = "label,p_good,p_bad,predicted\ngood,0.9,0.1,bad\nbad,0.2,0.8,bad\n"
    found = scores(opened(predictions=predictions(tmp_path, content)).test)
    assert found.predicted.tolist() == [0, 0]
    assert found.kind is OutputKind.PROBABILITIES


def test_a_table_of_decisions_alone_has_no_scores(tmp_path: Path) -> None:
    path = predictions(tmp_path, "label,predicted\na,b\nb,b\na,c\n")
    splits = opened(predictions=path)
    found = scores(splits.test)
    assert splits.class_names == ("a", "b", "c")
    assert (found.kind, found.outputs.shape) == (OutputKind.PREDICTED, (3, 0))
    assert found.predicted.tolist() == [1, 1, 2]
    assert found.finite.all()


def test_the_columns_of_labels_and_decisions_can_be_named(tmp_path: Path) -> None:
    path = predictions(tmp_path, "truth,said\na,b\nb,b\n")
    assert scores(opened(predictions=path, target="truth", predicted="said").test).predicted.tolist() == [1, 1]


def test_a_stated_threshold_decides_of_two_classes(tmp_path: Path) -> None:
    path = predictions(tmp_path, CLASS_COLUMNS)
    found = scores(opened(predictions=path, positive="bad", threshold=0.7).test)
    assert (found.scored, found.threshold) == (0, 0.7)
    assert found.predicted.tolist() == [1, 0, 1]


SCORED_OK = "label,p_ok\nok,0.9\nfraud,0.7\nok,0.71\nfraud,0.1\n"


@pytest.mark.parametrize(("threshold", "expected"), [(0.3, [1, 0, 1, 0]), (0.05, [0, 0, 0, 0]), (0.9, [1, 1, 1, 0])])
def test_a_threshold_is_for_the_stated_class_although_the_other_one_is_scored(
    tmp_path: Path, threshold: float, expected: list[int]
) -> None:
    path = predictions(tmp_path, SCORED_OK)
    found = scores(opened(predictions=path, positive="fraud", threshold=threshold).test)
    assert (found.scored, found.threshold) == (0, threshold)
    assert found.predicted.tolist() == expected
    assert found.probabilities[:, 1].tolist() == [0.9, 0.7, 0.71, 0.1]


def test_without_a_threshold_the_column_stays_as_it_is(tmp_path: Path) -> None:
    found = scores(opened(predictions=predictions(tmp_path, SCORED_OK), positive="fraud").test)
    assert (found.scored, found.outputs[:, 0].tolist()) == (1, [0.9, 0.7, 0.71, 0.1])


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("sigmoid", ["1e-20", "0.4", "1", "nan", "inf"]),
        ("logits", ["-46", "-0.4", "800", "nan", "inf"]),
        ("log-probabilities", ["-46", "-0.9", "-1e-20", "nan", "inf"]),
    ],
)
def test_turned_scores_say_what_they_said(tmp_path: Path, kind: str, cells: list[str]) -> None:
    rows = "".join(f"{'ok' if i % 2 else 'fraud'},{cell}\n" for i, cell in enumerate(cells))
    path = predictions(tmp_path, "label,p_ok\n" + rows)
    plain = scores(opened(predictions=path, positive="fraud", output_kind=kind).test)
    found = scores(opened(predictions=path, positive="fraud", output_kind=kind, threshold=0.5).test)
    assert found.finite.tolist() == plain.finite.tolist() == [True, True, True, False, False]
    found, plain = found.rows(found.finite), plain.rows(plain.finite)
    assert found.predicted.tolist() == plain.predicted.tolist() == [0, 0, 1]
    np.testing.assert_allclose(found.log_probabilities, plain.log_probabilities, atol=1e-15)


def test_train_is_a_table_of_predictions_too(tmp_path: Path) -> None:
    train = text(tmp_path / "train.csv", "p_bad,label,p_good\n0.7,bad,0.3\n")
    splits = opened(predictions=predictions(tmp_path, CLASS_COLUMNS), train=train)
    assert splits.train is not None
    assert scores(splits.train).outputs.tolist() == [[0.7, 0.3]]


def test_a_row_without_a_label_needs_no_decision(tmp_path: Path) -> None:
    test = opened(predictions=predictions(tmp_path, "label,predicted\nx,x\n,\nNA,NA\ny,y\n,x\n")).test
    assert labels(test) == [0, -1, -1, 1, -1]
    assert scores(test).predicted.tolist() == [0, -1, -1, 1, 0]


def test_a_decision_for_an_ignored_row_makes_no_class(tmp_path: Path) -> None:
    path = predictions(tmp_path, "label,predicted\n0,0\n-100,-100\n1,0\n")
    assert opened(predictions=path, ignore_index=-100).class_names == ("0", "1")


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ("Yes,yes\nNo,no\nYes,no\n", ['name "yes"', 'labels say "Yes"']),
        ("a,a \nb,b\nb,b\nb,b\n", ['name "a "', 'labels say "a"']),
        ("0,no\n1,yes\n1,yes\n", ['name "no", "yes"', "in 3 of 3 rows", 'the labels are "0", "1"']),
        ("a,c\nb,c\nb,b\na,a\n", ['name "c"', "in 2 of 4 rows", 'the labels are "a", "b"']),
    ],
)
def test_decisions_that_no_label_has_are_refused_where_they_look_like_labels_or_are_many(
    tmp_path: Path, rows: str, parts: list[str]
) -> None:
    path = predictions(tmp_path, "label,predicted\n" + rows)
    assert says(refusal(predictions=path), ["predictions.csv", *parts, "write labels and decisions alike", "classes"])


def test_unless_classes_are_stated_or_scores_name_the_class(tmp_path: Path) -> None:
    path = predictions(tmp_path, "label,predicted\na,c\nb,c\n")
    assert scores(opened(predictions=path, classes=("a", "b", "c")).test).predicted.tolist() == [2, 2]
    path = predictions(tmp_path, "label,predicted,p_a,p_b,p_c\na,c,0,0,1\nb,c,0,0,1\n")
    assert scores(opened(predictions=path).test).predicted.tolist() == [2, 2]


@pytest.mark.parametrize("target", ["label", "truth"])
def test_the_labels_are_no_decisions(tmp_path: Path, target: str) -> None:
    path = predictions(tmp_path, f"{target},score\nx,1\ny,0\n")
    with pytest.raises(UsageError, match=f'--predicted names the label column "{target}".*name the column of'):
        opened(predictions=path, target=target, predicted=target)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (["0.25,0.75", "1,0"], OutputKind.PROBABILITIES),
        (["0.3333,0.6666", "1.0000001,0"], OutputKind.PROBABILITIES),
        (["-0.693147,-0.693147", "0,-inf"], OutputKind.LOG_PROBABILITIES),
        (["-1,-2", "-3,-4"], OutputKind.LOGITS),
        (["3.5,-1", "0.1,0.9"], OutputKind.LOGITS),
        (["nan,0.5", "0.25,0.75"], OutputKind.PROBABILITIES),
    ],
)
def test_class_columns_are_read_by_their_range(tmp_path: Path, rows: list[str], kind: OutputKind) -> None:
    content = "label,p_a,p_b\n" + "".join(f"{'ab'[i]},{row}\n" for i, row in enumerate(rows))
    assert scores(opened(predictions=predictions(tmp_path, content)).test).kind is kind


@pytest.mark.parametrize(("values", "kind"), [("0.2,0.9", OutputKind.SIGMOID), ("-2,0.9", OutputKind.LOGITS)])
def test_a_single_column_is_read_by_its_range(tmp_path: Path, values: str, kind: OutputKind) -> None:
    first, second = values.split(",")
    path = predictions(tmp_path, f"label,score\na,{first}\nb,{second}\n")
    assert scores(opened(predictions=path).test).kind is kind


def test_the_stated_kind_outranks_the_range(tmp_path: Path) -> None:
    path = predictions(tmp_path, CLASS_COLUMNS)
    assert scores(opened(predictions=path, output_kind="logits").test).kind is OutputKind.LOGITS


def test_probabilities_are_freed_from_rounding_and_infinite_ones_are_kept(tmp_path: Path) -> None:
    path = predictions(tmp_path, "label,p_a,p_b\na,1.0000001,0\nb,inf,0\nb,,1\n")
    found = scores(opened(predictions=path).test)
    assert found.outputs[0].tolist() == [1, 0]
    assert found.finite.tolist() == [True, False, False]


def test_the_kind_is_that_of_the_first_rows_and_held_on_the_rest(tmp_path: Path) -> None:
    columns = {"label": [0, 1] * 3000, "score": [0.5] * 5999 + [3.25]}
    message = refusal(predictions=parquet(tmp_path / "p.parquet", columns, row_group_size=2500))
    assert says(message, ["row 6,000", "expected probabilities from 0 to 1", "first rows", "3.25", "output_kind"])


def test_rows_that_do_not_sum_to_one_far_down_are_found(tmp_path: Path) -> None:
    columns = {"label": [0, 1] * 3000, "p_0": [0.5] * 6000, "p_1": [0.5] * 5999 + [0.4]}
    message = refusal(predictions=parquet(tmp_path / "p.parquet", columns))
    assert says(message, ["row 6,000", "sum to 0.9; expected probabilities that sum to 1", "output_kind"])


@pytest.mark.parametrize(
    ("content", "settings", "parts"),
    [
        ("label,a\nx,1\ny,2\n", {}, ["neither scores nor decisions", "p_CLASS", "score", "predicted", '"label", "a"']),
        ("label,p_x,p_y\nx,1,0\ny,0,1\nz,0,1\n", {}, ['no score column for "z"', 'each of "x", "y", "z"']),
        ("label,score\nx,1\ny,0\nz,0\n", {}, ["neither scores nor decisions", "score (two classes)"]),
        ("label,score\nx,1\ny,high\n", {}, ["row 2 (line 3)", 'column "score"', 'expected a number, found "high"']),
        ("label,predicted\nx,x\ny,\n", {}, ["row 2 (line 3)", "the decision is empty"]),
        ("label,predicted\nx,x\ny,z\n", {"classes": ("x", "y")}, ["row 2 (line 3)", 'decision "z" is none of']),
        ("label,said\nx,x\ny,y\n", {"predicted": "sadi"}, ['"sadi" (did you mean "said"?)', "--predicted"]),
        ("truth,score\nx,1\ny,0\n", {}, ['no label column "label"', "--target"]),
        ("label,p_x,p_y\nx,0.9,0.2\ny,0,1\n", {}, ["row 1 (line 2)", "sum to 1.1", "state output_kind"]),
        ("label,score\nx,2\ny,0\n", {"output_kind": "sigmoid"}, ["row 1", "as output_kind says, found 2"]),
        ("label,score\nx,2\ny,0\n", {"output_kind": "log-probabilities"}, ["row 1", "log-probabilities, at most 0"]),
        ("label,score\nx,true\ny,false\n", {}, ['score column "score" holds no numbers']),
    ],
)
def test_what_cannot_be_used_says_so(
    tmp_path: Path, content: str, settings: dict[str, object], parts: list[str]
) -> None:
    message = refusal(predictions=predictions(tmp_path, content), **settings)
    assert says(message, ["predictions.csv", *parts])


def test_columns_that_are_missing_are_found_when_the_file_is_opened(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="neither scores nor decisions"):
        opened(predictions=predictions(tmp_path, "label,a\nx,1\ny,2\n"))


def test_arrays_are_no_table_of_predictions(tmp_path: Path) -> None:
    message = refusal(predictions=npz(tmp_path / "p.npz", x=np.ones((2, 1)), y=[0, 1]))
    assert says(message, ["p.npz holds arrays", "predictions as a table"])


def test_decisions_without_any_label_are_refused_for_the_labels_that_lack(tmp_path: Path) -> None:
    path = predictions(tmp_path, "label,predicted\n,a\n,b\n")
    assert says(refusal(predictions=path), ["has no row with a label"])

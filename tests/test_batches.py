"""What a model said of the rows of a batch: decisions, probabilities, margins and the keys that rank them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax
from scipy.stats import rankdata

from auditor.batches import Batch, OutputKind, Scores
from auditor.findings import NotApplicable
from auditor.hashing import row_hashes
from tests.states.generating import KINDS, Array, Case, cases, outputs_of

SCORED_KINDS = pytest.mark.parametrize("kind", KINDS)

logits = arrays(np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(-15, 15))
single_probabilities = arrays(
    np.float32,
    st.integers(1, 40),
    elements=st.floats(0, 1, width=32) | st.sampled_from([0.0, 1.0, 2.0**-149, 0.5, 1 - 2.0**-24]),
)


def scores(kind: OutputKind, *rows: list[float]) -> Scores:
    return Scores(np.array(rows, np.float32), kind)


# Decisions


@SCORED_KINDS
def test_the_class_of_the_highest_score_is_named_and_the_first_of_equals(kind: OutputKind) -> None:
    stated = outputs_of(kind, np.array([[0.0, 2, 1], [3, 3, 1], [-5, -4, -4], [1000, 0, -1000]]))
    assert Scores(stated, kind).predicted.tolist() == [1, 0, 1, 0]


@SCORED_KINDS
@pytest.mark.parametrize(("scored", "named"), [(1, [0, 0, 1, 1]), (0, [1, 0, 0, 0])])
def test_a_single_output_names_its_class_above_one_half(kind: OutputKind, scored: int, named: list[int]) -> None:
    stated = outputs_of(kind, np.array([[-1000.0], [0], [0.1], [1000]]))
    found = Scores(stated, kind, scored).predicted
    assert found.tolist() == named
    assert found.dtype == np.int64


@SCORED_KINDS
@pytest.mark.parametrize("scored", [0, 1])
@pytest.mark.parametrize("columns", [1, 2])
def test_a_threshold_is_the_probability_from_which_the_scored_class_is_named(
    kind: OutputKind, scored: int, columns: int
) -> None:
    one = np.array([[-2.0], [0.0], [2.0]])
    two = np.hstack([np.zeros((3, 1)), one] if scored == 1 else [one, np.zeros((3, 1))])
    stated = outputs_of(OutputKind.LOGITS, one if columns == 1 else two)
    if kind is not OutputKind.LOGITS:
        stated = outputs_of(OutputKind.PROBABILITIES, stated)
        stated = np.log(stated) if kind is OutputKind.LOG_PROBABILITIES else stated
    for threshold, expected in [(0.0, 3), (0.1, 3), (0.12, 2), (0.49, 2), (0.51, 1), (0.89, 0), (1.0, 0)]:
        found = Scores(stated, kind, scored, threshold).predicted
        assert (found == scored).sum() == expected
        assert set(found.tolist()) <= {0, 1}


def test_a_threshold_itself_names_the_class() -> None:
    assert Scores(np.array([[0.25], [0.24]]), OutputKind.SIGMOID, threshold=0.25).predicted.tolist() == [1, 0]


def test_stated_decisions_outrank_scores_and_threshold() -> None:
    outputs = np.array([[9.0, 0, 0], [0, 9, 0]])
    assert Scores(outputs, OutputKind.LOGITS, threshold=0.5, decided=np.array([2, 0])).predicted.tolist() == [2, 0]


def test_a_table_of_decisions_has_decisions_and_no_scores() -> None:
    table = Scores(np.zeros((2, 0)), OutputKind.PREDICTED, decided=np.array([1, 0]))
    assert table.predicted.tolist() == [1, 0]
    assert table.finite.tolist() == [True, True]
    for reading in (
        lambda: table.probabilities,
        lambda: table.log_probabilities,
        lambda: table.margin(0),
        lambda: table.sort_keys(0),
    ):
        with pytest.raises(NotApplicable, match="decisions and no scores"):
            reading()


# Probabilities


@given(logits)
def test_probabilities_of_every_kind_are_those_of_the_softmax(z: NDArray[np.float64]) -> None:
    for kind in (OutputKind.LOGITS, OutputKind.LOG_PROBABILITIES, OutputKind.PROBABILITIES):
        found = Scores(outputs_of(kind, z), kind)
        np.testing.assert_allclose(found.probabilities, softmax(z, axis=1), atol=1e-14)
        np.testing.assert_allclose(np.exp(found.log_probabilities), softmax(z, axis=1), atol=1e-14)


@SCORED_KINDS
@pytest.mark.parametrize("scored", [0, 1])
def test_a_single_output_gives_the_probabilities_of_both_classes(kind: OutputKind, scored: int) -> None:
    z = np.array([[-1000.0], [-3], [0], [0.5], [1000]])
    found = Scores(outputs_of(kind, z), kind, scored)
    np.testing.assert_allclose(found.probabilities[:, scored], expit(z[:, 0]), atol=1e-15)
    np.testing.assert_allclose(found.probabilities[:, 1 - scored], expit(-z[:, 0]), atol=1e-15)
    assert found.n_classes == 2


@given(logits)
def test_sigmoids_of_several_classes_are_taken_as_they_are(z: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(Scores(expit(z), OutputKind.SIGMOID).probabilities, expit(z))


@given(cases())
def test_nothing_that_is_finite_becomes_nan(case: Case) -> None:
    found = case.rows.scores
    assert found is not None
    assert found.finite.all()
    assert ((found.probabilities >= 0) & (found.probabilities <= 1 + 1e-6)).all()
    assert not np.isnan(found.log_probabilities).any()
    for class_index in range(case.task.n_classes):
        assert not np.isnan(found.margin(class_index)).any()
        assert found.sort_keys(class_index).dtype == np.uint32


@pytest.mark.parametrize("kind", [OutputKind.PROBABILITIES, OutputKind.SIGMOID])
def test_outputs_beside_the_range_of_probabilities_are_read_as_its_ends(kind: OutputKind) -> None:
    found = scores(kind, [-0.1], [-1e-9], [-0.0], [0.0], [0.5], [1.0], [1.0000001], [7.0])
    assert found.probabilities[:, 1].tolist() == [0, 0, 0, 0, 0.5, 1, 1, 1]
    assert (found.log_probabilities <= 0).all()
    assert rankdata(found.sort_keys(1), "dense").tolist() == [1, 1, 1, 1, 2, 3, 3, 3]


def test_log_probabilities_above_0_are_read_as_0() -> None:
    found = scores(OutputKind.LOG_PROBABILITIES, [1e-7], [-1.0])
    assert found.log_probabilities[0].tolist() == [-np.inf, 0]
    assert found.probabilities[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("kind", "finite"),
    [
        (OutputKind.LOGITS, [True, False, False, False]),
        (OutputKind.PROBABILITIES, [True, False, False, False]),
        (OutputKind.SIGMOID, [True, False, False, False]),
        (OutputKind.LOG_PROBABILITIES, [True, False, False, True]),
    ],
)
def test_a_row_is_finite_where_all_its_outputs_are(kind: OutputKind, finite: list[bool]) -> None:
    outputs = np.array([[0, 0], [0, np.nan], [np.inf, 0], [0, -np.inf]])
    assert Scores(outputs, kind).finite.tolist() == finite


# Margins and the keys that rank


@given(logits)
def test_margins_are_the_log_odds_of_one_class_against_the_others(z: NDArray[np.float64]) -> None:
    for class_index in range(3):
        expected = z[:, class_index] - logsumexp(np.delete(z, class_index, axis=1), axis=1)
        for kind in (OutputKind.LOGITS, OutputKind.LOG_PROBABILITIES, OutputKind.PROBABILITIES):
            found = Scores(outputs_of(kind, z), kind).margin(class_index)
            assert found.dtype == np.float32
            moderate = np.abs(expected) < 15  # beyond, 1 - p holds few digits
            np.testing.assert_allclose(found[moderate], expected[moderate], rtol=1e-6, atol=1e-8)


@SCORED_KINDS
@pytest.mark.parametrize("scored", [0, 1])
def test_the_margin_of_a_single_output_is_its_logit(kind: OutputKind, scored: int) -> None:
    z = np.array([[-8.0], [-0.5], [0], [3]])
    found = Scores(outputs_of(kind, z), kind, scored)
    np.testing.assert_allclose(found.margin(scored), z[:, 0], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found.margin(1 - scored), -z[:, 0], rtol=1e-6, atol=1e-7)


def test_two_logits_far_from_0_keep_their_difference() -> None:
    z = np.array([[1000, 1000.5], [-1000, 1000], [500, 400]])
    found = Scores(z, OutputKind.LOGITS)
    assert found.margin(1).tolist() == [0.5, 2000, -100]
    assert found.margin(0).tolist() == [-0.5, -2000, 100]


def test_a_margin_beyond_single_precision_is_infinite() -> None:
    found = Scores(np.array([[-1e300], [1e300]]), OutputKind.LOGITS)
    assert found.margin(1).tolist() == [-np.inf, np.inf]
    assert found.sort_keys(1)[0] < found.sort_keys(1)[1]


@given(single_probabilities, st.sampled_from([0, 1]), st.sampled_from([1, 2]))
def test_keys_rise_with_the_probability_and_tie_only_where_it_does(
    p: NDArray[np.float32], scored: int, columns: int
) -> None:
    other = np.float32(1) - p
    both = [other, p] if scored == 1 else [p, other]
    found = Scores(np.column_stack(both) if columns == 2 else p[:, None], OutputKind.PROBABILITIES, scored)
    np.testing.assert_array_equal(rankdata(found.sort_keys(scored), "dense"), rankdata(p, "dense"))
    mirrored = rankdata(-p if columns == 1 else other, "dense")
    np.testing.assert_array_equal(rankdata(found.sort_keys(1 - scored), "dense"), mirrored)


def test_the_other_class_of_tiny_probabilities_is_ranked_too() -> None:
    found = scores(OutputKind.SIGMOID, [1e-30], [1e-20], [0.0], [1.0])
    assert rankdata(found.sort_keys(0)).tolist() == [3, 2, 4, 1]


@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_keys_of_logits_are_in_the_order_of_the_logits(z: NDArray[np.float32]) -> None:
    one, two = Scores(z[:, None], OutputKind.LOGITS), Scores(np.column_stack([np.zeros_like(z), z]), OutputKind.LOGITS)
    for found in (one, two):
        np.testing.assert_array_equal(rankdata(found.sort_keys(1), "dense"), rankdata(z, "dense"))
        np.testing.assert_array_equal(rankdata(found.sort_keys(0), "dense"), rankdata(-z, "dense"))


# Rows


@given(cases(), st.data())
def test_chosen_rows_keep_all_that_belongs_to_them(case: Case, data: st.DataObject) -> None:
    rows = case.rows
    assert rows.scores is not None
    mask = data.draw(arrays(np.bool_, len(rows)))
    for chosen in (mask, np.flatnonzero(mask)):
        part = rows.rows(chosen)
        assert part.scores is not None
        assert len(part) == mask.sum()
        for found, whole in [
            (part.labels, rows.labels),
            (part.row_key, rows.row_key),
            (part.scores.predicted, rows.scores.predicted),
            (part.scores.probabilities, rows.scores.probabilities),
            (part.row_hashes, rows.row_hashes),
        ]:
            np.testing.assert_array_equal(found, whole[mask])
        assert (part.scores.kind, part.scores.threshold) == (rows.scores.kind, rows.scores.threshold)


def test_stated_decisions_follow_their_rows() -> None:
    decided: Array = np.array([2, 0, 1])
    found = Scores(np.zeros((3, 0)), OutputKind.PREDICTED, decided=decided).rows(np.array([2, 0]))
    assert found.predicted.tolist() == [1, 2]


def test_a_batch_may_hold_labels_alone() -> None:
    batch = Batch(np.array([0, 1, -1]), np.arange(3, dtype=np.uint64))
    assert len(batch.rows(np.array([True, False, True]))) == 2
    with pytest.raises(ValueError, match="without features"):
        _ = batch.row_hashes


def test_the_hashes_of_a_batch_are_those_of_its_features() -> None:
    features = np.random.default_rng(0).random((4, 2, 2), np.float32)
    batch = Batch(np.zeros(4, np.int64), np.arange(4, dtype=np.uint64), features)
    np.testing.assert_array_equal(batch.row_hashes, row_hashes(features))

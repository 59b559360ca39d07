"""The stream of predictions: order, batch size, reading ahead, and fewer rows where memory is short."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Batch, OutputKind
from auditor.errors import InputError
from auditor.models import Model, OutOfMemory
from auditor.prediction import ScoreReading, batch_rows, predicted, read_ahead

READ = ScoreReading(OutputKind.LOGITS, scored=0, threshold=0.25)


def model(forward: Callable[[np.ndarray], np.ndarray], width: int | None = 3) -> Model:
    shape = None if width is None else (width,)
    return Model(
        Path("/models/model.pt2"),
        "torch.export program",
        "",
        runs_code=False,
        device="cpu",
        n_outputs=None,
        class_names=(),
        input_shape=shape,
        notes=(),
        forward=forward,
    )


def batch(n: int, first: int = 0, width: int = 3) -> Batch:
    keys = np.arange(first, first + n, dtype=np.uint64)
    features = np.repeat(keys[:, None], width, axis=1).astype(np.float32)
    return Batch(np.zeros(n, np.int64), keys, features)


def cut(total: int, sizes: list[int]) -> Iterator[Batch]:
    first = 0
    for size in sizes:
        yield batch(min(size, total - first), first)
        first += min(size, total - first)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "auditor-read-ahead"]


def outputs(batches: Iterator[Batch]) -> np.ndarray:
    return np.concatenate([b.scores.outputs for b in batches if b.scores is not None])


def test_batches_keep_their_order_and_rows_and_gain_scores() -> None:
    given_ = [batch(2), batch(0), batch(3, first=2)]
    result = list(predicted(model(lambda x: x[:, :2] * 10), given_, READ))
    assert [len(b) for b in result] == [2, 3]
    for b in result:
        assert b.scores is not None
        assert (b.scores.kind, b.scores.scored, b.scores.threshold) == (OutputKind.LOGITS, 0, 0.25)
        np.testing.assert_array_equal(b.scores.outputs[:, 0], b.row_key.astype(np.float32) * 10)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 9))
def test_order_and_values_hold_for_any_cut_and_any_memory(sizes: list[int], room: int) -> None:
    def forward(features: np.ndarray) -> np.ndarray:
        if len(features) > room:
            raise OutOfMemory("full")
        return features[:, :1]

    result = outputs(predicted(model(forward), cut(sum(sizes), sizes), READ))
    np.testing.assert_array_equal(result[:, 0], np.arange(sum(sizes)))


def test_a_full_device_gets_half_as_many_rows_from_then_on() -> None:
    seen: list[int] = []

    def forward(features: np.ndarray) -> np.ndarray:
        seen.append(len(features))
        if len(features) > 3:
            raise OutOfMemory("full")
        return features

    assert len(list(predicted(model(forward), [batch(8), batch(8)], READ))) == 2
    assert seen == [8, 4, 2, 2, 2, 2, 2, 2, 2, 2]


def test_a_device_without_room_for_one_row_says_so() -> None:
    def forward(_: np.ndarray) -> np.ndarray:
        raise OutOfMemory("CUDA out of memory")

    with pytest.raises(InputError, match=r"model\.pt2: not even one row fits into the memory of cpu"):
        list(predicted(model(forward), [batch(8)], READ))


def test_outputs_that_are_not_finite_stay_in_place() -> None:
    result = outputs(predicted(model(lambda x: np.where(x == 1, np.nan, x)), [batch(3)], READ))
    np.testing.assert_array_equal(np.isnan(result).all(axis=1), [False, True, False])


def test_rows_of_another_width_name_the_data() -> None:
    with pytest.raises(InputError, match=r"model\.pt2 takes rows of 3 features, test\.csv has 2 features"):
        list(predicted(model(lambda x: x), [batch(2, width=2)], READ, source="test.csv"))


def test_data_without_features_says_so() -> None:
    bare = Batch(np.zeros(2, np.int64), np.arange(2, dtype=np.uint64))
    with pytest.raises(InputError, match=r"test\.csv holds no features"):
        list(predicted(model(lambda x: x), [bare], READ, source="test.csv"))


def test_a_number_of_outputs_that_changes_is_an_error() -> None:
    with pytest.raises(InputError, match="gave 2 outputs a row for one batch and 1 for another"):
        list(predicted(model(lambda x: x[:, : len(x)]), [batch(2), batch(1)], READ))


def test_an_error_while_reading_comes_after_the_batches_before_it() -> None:
    def failing() -> Iterator[Batch]:
        yield batch(2)
        raise InputError("row 3 of test.csv is broken")

    stream = predicted(model(lambda x: x), failing(), READ)
    assert len(next(stream)) == 2
    with pytest.raises(InputError, match=r"row 3 of test\.csv"):
        next(stream)
    assert threads() == []


@pytest.mark.parametrize("how", ["closed", "failed", "forgotten"])
def test_whoever_stops_early_leaves_no_thread_and_no_open_source(how: str) -> None:
    closed = threading.Event()

    def endless() -> Iterator[Batch]:
        try:
            while True:
                yield batch(2)
        finally:
            closed.set()

    def forward(features: np.ndarray) -> np.ndarray:
        if how == "failed":
            raise InputError("no")
        return features

    stream: Any = predicted(model(forward), endless(), READ)
    if how == "failed":
        with pytest.raises(InputError):
            next(stream)
    else:
        next(stream)
        assert len(threads()) == 1
    if how == "closed":
        stream.close()
    del stream
    assert closed.wait(2)
    assert threads() == []


def test_an_interrupt_in_the_consumer_ends_the_thread() -> None:
    def consume() -> None:
        for _ in predicted(model(lambda x: x), (batch(1, i) for i in range(10**6)), READ):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()
    assert threads() == []


def test_nothing_is_read_before_the_first_batch_is_asked_for() -> None:
    predicted(model(lambda x: x), (pytest.fail("read") for _ in range(1)), READ)
    assert threads() == []


def test_reading_stays_a_few_items_ahead() -> None:
    taken: list[int] = []

    def counted() -> Iterator[int]:
        for i in range(100):
            taken.append(i)
            yield i

    stream = read_ahead(counted(), depth=4)
    assert next(stream) == 0
    time.sleep(0.05)
    assert 4 <= len(taken) <= 6
    assert list(stream) == list(range(1, 100))


def test_reading_and_predicting_overlap() -> None:
    def slow() -> Iterator[Batch]:
        for i in range(10):
            time.sleep(0.02)
            yield batch(1, i)

    def forward(features: np.ndarray) -> np.ndarray:
        time.sleep(0.02)
        return features

    start = time.perf_counter()
    list(predicted(model(forward), slow(), READ))
    assert time.perf_counter() - start < 0.36  # one after the other they take 0.4 s


@pytest.mark.parametrize(
    ("row_shape", "n_outputs", "device", "rows"),
    [
        ((30,), 2, "cpu", 16_384),
        ((3,), None, "cpu", 16_384),
        ((784,), 10, "cpu", 512),
        ((3, 224, 224), 1000, "cpu", 32),
        ((30,), 1000, "cpu", 4_194),
        ((30,), 10**7, "cpu", 1),
        ((784,), 10, "cuda:0", 16_384),
        ((), None, "cpu", 16_384),
    ],
)
def test_automatic_batches_fit_a_cores_cache(
    row_shape: tuple[int, ...], n_outputs: int | None, device: str, rows: int
) -> None:
    assert batch_rows("auto", row_shape, n_outputs, device) == rows


def test_a_stated_batch_size_is_kept_unless_its_scores_would_be_too_many() -> None:
    assert batch_rows(100_000, (30,), 2) == 100_000
    assert batch_rows(100_000, (30,), 10_000) == 419

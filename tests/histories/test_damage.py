"""Whatever the file holds, the answer is a history or one line that names the file."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.histories import History, read_history
from tests.histories.events import event_file, losses, mlflow_database

CSV = b"epoch,step,train_loss,val_loss\n1,10,0.9,1.0\n2,20,0.5,0.8\n"
LINES = b'{"epoch": 1, "train_loss": 0.9, "m": {"a": 1}}\n{"epoch": 2, "train_loss": 0.5}\n'
STATE = json.dumps({"log_history": [{"epoch": 0.5, "loss": 1.0, "step": 1}, {"epoch": 1.0, "eval_loss": 2, "step": 2}]})
numbers = st.floats() | st.integers() | st.none() | st.text(max_size=3) | st.booleans()
names = st.sampled_from(["epoch", "step", "loss", "val_loss", "train_accuracy", "x", "", "log_history"])


def read(content: bytes) -> History | None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "history"
        path.write_bytes(content)
        try:
            return read_history(path)
        except InputError as error:
            told = str(error)
    if "history" not in told or "\n" in told:
        raise AssertionError(told)
    return None


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("whole")
    events = event_file(folder / "events", [*losses([3, 2, 1], "train_loss"), *losses([3, 2, 1], "val_loss")])
    database = mlflow_database(folder / "mlflow.db", {"a": "run"}, [("a", "loss", 1.0, 1, 0, False)])
    return [CSV, LINES, STATE.encode(), events.read_bytes(), database.read_bytes()]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_history_is_read_or_refused_in_one_line(whole: list[bytes], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(whole)))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    found = read(bytes(content[: cut or len(content)]))
    assert found is None or len(found.epochs) > 0


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(names, st.lists(numbers, max_size=5) | numbers | st.dictionaries(names, numbers))
    | st.lists(st.dictionaries(names, numbers))
)
def test_any_json_is_a_history_or_refused_in_one_line(content: object) -> None:
    found = read(json.dumps(content).encode())
    assert found is None or all(len(column) == len(found.epochs) for column in found.columns.values())

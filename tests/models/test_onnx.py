"""ONNX models: the scores they give, and what they may not open or call."""

import builtins
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli import main
from auditor.errors import FormatUnavailable, InputError, ModelRefused, UsageError
from auditor.models import Model, open_model
from auditor.models.files import ModelFile
from auditor.models.onnx_files import weight_files
from auditor.models.protobuf import parse
from tests.models.onnx_saving import external, field, graph, linear, model, node, tensor, two_inputs, value, varint
from tests.models.saving import config

WEIGHT = np.array([[-8.0, 8.0], [0.5, -0.5]], np.float32)
ROWS = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
LABELS = (ROWS[:, 0] > 0).astype(int)


def opened(path: Path, **settings: Any) -> Model:
    pytest.importorskip("onnxruntime")
    return open_model(config(path, **settings))


@pytest.mark.parametrize("rows", ["rows", 1, 7])
def test_scores_are_those_of_the_arithmetic_for_any_number_of_rows(tmp_path: Path, rows: int | str) -> None:
    found = opened(linear(tmp_path / "model.onnx", WEIGHT, rows=rows))
    assert (found.format, found.runs_code, found.input_shape) == ("ONNX model", False, (2,))
    for n in (1, 7, 400):
        np.testing.assert_allclose(found.forward(ROWS[:n]), ROWS[:n] @ WEIGHT, rtol=1e-5, atol=1e-5)


def test_it_is_audited_without_trust_through_the_command_line(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    linear(tmp_path / "model.onnx", WEIGHT)
    np.savez(tmp_path / "test.npz", x=ROWS, y=LABELS)
    places = [str(tmp_path / name) for name in ("model.onnx", "test.npz", "out")]
    told = CliRunner().invoke(
        main,
        ["run", places[0], "--test", places[1], "--out", places[2], "--format", "json", "--positive", "1", "--quiet",
         "--ignore", "target-leak"],  # the code alone all but tells the label
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["measurements"]["test"]["accuracy"]["value"] == np.mean((ROWS @ WEIGHT).argmax(1) == LABELS)
    assert "its operators are standard ones" in report["provenance"]["model"]["notes"]
    assert report["provenance"]["versions"]["onnxruntime"]


def test_inputs_and_outputs_have_their_names(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    two_inputs(tmp_path / "model.onnx")
    codes = np.random.default_rng(1).integers(0, 2, (400, 1))
    np.savez(tmp_path / "test.npz", age=ROWS[:, :1], code=codes, y=(ROWS[:, 0] + 6 * codes[:, 0] - 3 > 0).astype(int))
    places = [str(tmp_path / name) for name in ("model.onnx", "test.npz", "out")]
    told = CliRunner().invoke(
        main,
        ["run", places[0], "--test", places[1], "--out", places[2], "--format", "json", "--positive", "1", "--quiet",
         "--ignore", "target-leak"],  # the code alone all but tells the label
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["measurements"]["test"]["accuracy"]["value"] == 1
    assert (
        "the model returns several values; `logits` is read, as its form tells"
        in report["provenance"]["model"]["notes"]
    )


def test_weights_beside_the_model_are_read_and_hashed(tmp_path: Path) -> None:
    found = opened(linear(tmp_path / "model.onnx", WEIGHT, location="weights.bin"))
    np.testing.assert_allclose(found.forward(ROWS), ROWS @ WEIGHT, rtol=1e-5, atol=1e-5)
    assert any(note.startswith("weights in weights.bin (sha256 ") for note in found.notes)


def test_weights_outside_the_folder_of_the_model_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(WEIGHT.tobytes())
    (folder / "link").symlink_to(tmp_path / "secret")
    for place in ("../secret", str(tmp_path / "secret"), "link", "a/../../secret", "..\\secret", "C:\\secret", "", "."):
        path = model(folder / "model.onnx", graph([], [tensor("w", WEIGHT, place)], [], []))
        with pytest.raises(ModelRefused, match="outside its own folder: it is not loaded"):
            open_model(config(path))
    with pytest.raises(InputError, match=r"keeps weights in gone\.bin, which is not there; copy it beside"):
        open_model(config(model(path, graph([], [tensor("w", WEIGHT, "gone.bin")], [], []))))


OUTSIDE = tensor("w", WEIGHT, "../secret")
WITHIN = field(1, "value") + field(5, OUTSIDE)
HIDDEN = {
    "a constant": graph([node("Constant", [], ["c"], attribute=WITHIN)], [], [], []),
    "a list of tensors": graph([node("Any", [], [], attribute=field(10, OUTSIDE))], [], [], []),
    "a branch": graph([node("If", ["c"], ["y"], attribute=field(6, graph([], [OUTSIDE], [], [])))], [], [], []),
    "a list of graphs": graph([node("Any", [], [], attribute=field(11, graph([], [OUTSIDE], [], [])))], [], [], []),
    "a sparse tensor": graph([], [], [], []) + field(15, field(1, OUTSIDE)),
    "a sparse attribute": graph([node("Any", [], [], attribute=field(22, field(2, OUTSIDE)))], [], [], []),
    "a second graph": graph([], [], [], []),
    "a function": graph([], [], [], []),
    "a default of a function": graph([], [], [], []),
    "a graph of training": graph([], [], [], []),
    "no location in its data location": graph(
        [], [tensor("w", WEIGHT) + field(13, field(1, "location") + field(2, "../a"))], [], []
    ),
}


@pytest.mark.parametrize("place", HIDDEN)
def test_weights_outside_are_found_wherever_a_file_can_hold_them(tmp_path: Path, place: str) -> None:
    more = {
        "a second graph": field(7, graph([], [OUTSIDE], [], [])),
        "a default of a function": field(25, field(11, WITHIN)),
        "a graph of training": field(20, field(2, graph([], [OUTSIDE], [], []))),
        "a function": field(25, field(7, node("Constant", [], ["c"], attribute=WITHIN))),
    }.get(place, b"")
    with pytest.raises(ModelRefused, match="outside its own folder"):
        open_model(config(model(tmp_path / "model.onnx", HIDDEN[place], more)))


@pytest.mark.parametrize("text", [b"rows", b"\x01x", b"scores"])
def test_names_that_are_no_text_are_one_clear_error(tmp_path: Path, text: bytes) -> None:
    pytest.importorskip("onnxruntime")
    path = linear(tmp_path / "model.onnx", WEIGHT)
    path.write_bytes(path.read_bytes().replace(text, text[:-1] + b"\x80"))
    with pytest.raises(InputError, match=r"model\.onnx .*copy|export it again"):
        open_model(config(path))


def function(name: str, *called: str) -> bytes:
    nodes = b"".join(field(7, node(each, ["x"], ["y"], "own" if each != "Relu" else "")) for each in called)
    opsets = field(9, field(2, 17)) + field(9, field(1, "own") + field(2, 1))
    return field(25, field(1, name) + field(4, "x") + field(5, "y") + nodes + opsets + field(10, "own"))


@pytest.mark.parametrize(
    ("functions", "reason"),
    [
        (
            [function("f0", "Relu", "Relu"), *(function(f"f{n}", *[f"f{n - 1}"] * 2) for n in range(1, 40))],
            "grow to more",
        ),
        ([function("f39", "f39")], "more than 64 deep, or themselves"),
        ([function("f39", "g"), function("g", "f39")], "more than 64 deep, or themselves"),
        ([function("f39", "f0"), *(function(f"f{n}", f"f{n + 1}") for n in range(5000))], "more than 64 deep"),
    ],
)
@pytest.mark.parametrize("branch", [False, True])
def test_functions_that_grow_without_end_are_refused_before_the_runtime_sees_them(
    tmp_path: Path, functions: list[bytes], reason: str, *, branch: bool
) -> None:
    called = node("f39", ["x"], ["y"], "own")
    nodes = [node("If", ["c"], ["y"], attribute=field(6, graph([called], [], [], [])))] if branch else [called]
    content = graph(nodes, [], [value("x", 2)], [value("y", 2)])
    with pytest.raises(InputError, match=reason):
        open_model(config(model(tmp_path / "model.onnx", content, b"".join(functions), ["own"])))


def test_a_function_in_many_places_is_run(tmp_path: Path) -> None:
    names = ["x", *(f"h{n}" for n in range(9)), "y"]
    nodes = [node("f1", [one], [other], "own") for one, other in itertools.pairwise(names)]
    more = function("f0", "Relu") + function("f1", "f0")
    content = graph(nodes, [], [value("x", 2)], [value("y", 2)])
    found = opened(model(tmp_path / "model.onnx", content, more, ["own"]))
    np.testing.assert_array_equal(found.forward(ROWS), np.maximum(ROWS, 0))


@pytest.mark.parametrize(
    "odd",
    [
        external("inside.bin", "../secret"),
        field(14, 1) + field(13, field(1, "x") + field(1, "location") + field(2, "../secret")),
        field(14, 1) + field(13, field(1, "location") + field(2, "inside.bin") + field(2, "../secret")),
        field(14, 1),
    ],
)
def test_a_tensor_that_says_its_place_in_two_ways_is_refused(tmp_path: Path, odd: bytes) -> None:
    (tmp_path / "inside.bin").write_bytes(WEIGHT.tobytes())
    with pytest.raises(InputError, match="a tensor outside the file"):
        open_model(config(model(tmp_path / "model.onnx", graph([], [field(8, "w") + odd], [], []))))


@pytest.mark.parametrize(
    ("domain", "operator"),
    [("evil", "Run"), ("com.microsoft", "EPContext"), ("", "PythonOp"), ("org.pytorch.aten", "ATen")],
)
def test_operators_of_other_libraries_are_refused(tmp_path: Path, domain: str, operator: str) -> None:
    calls = node(operator, ["x"], ["y"], domain)
    for content in (
        graph([calls], [], [value("x", 2)], [value("y", 2)]),
        graph([node("If", ["c"], ["y"], attribute=field(6, graph([calls], [], [], [])))], [], [], []),
    ):
        with pytest.raises(ModelRefused, match=f"calls .*{operator}, which runs code of another library"):
            open_model(config(model(tmp_path / "model.onnx", content)))


def test_functions_that_the_file_defines_itself_are_its_own(tmp_path: Path) -> None:
    body = field(1, "Twice") + field(4, "a") + field(5, "b") + field(7, node("Add", ["a", "a"], ["b"]))
    function = field(25, body + field(9, field(1, "") + field(2, 17)) + field(10, "own"))
    content = graph([node("Twice", ["x"], ["y"], "own")], [], [value("x", 2)], [value("y", 2)])
    found = opened(model(tmp_path / "model.onnx", content, function, domains=["own"]))
    np.testing.assert_array_equal(found.forward(ROWS), ROWS * 2)


@pytest.mark.parametrize(
    ("settings", "help_"),
    [
        ({"precision": "bf16"}, "--precision bf16: an ONNX model runs in the precision it was saved in"),
        ({"device": "mps"}, "--device mps: this onnxruntime runs on"),
    ],
)
def test_what_onnxruntime_cannot_do_is_a_usage_error(tmp_path: Path, settings: dict[str, Any], help_: str) -> None:
    with pytest.raises(UsageError, match=help_):
        opened(linear(tmp_path / "model.onnx", WEIGHT), **settings)


def test_a_damaged_or_foreign_file_is_told_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    path = linear(tmp_path / "model.onnx", WEIGHT)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match=r"model.onnx is no whole ONNX model: .*; copy or download it again"):
        open_model(config(path))
    with pytest.raises(InputError, match="cannot be loaded by onnxruntime") as caught:
        open_model(
            config(model(path, graph([node("NoSuchOperator", ["x"], ["y"])], [], [value("x", 2)], [value("y", 2)])))
        )
    assert "\n" not in str(caught.value)


def test_without_onnxruntime_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return ordinary(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FormatUnavailable, match=r"model.onnx is an ONNX model: install auditor\[onnx\]"):
        open_model(config(linear(tmp_path / "model.onnx", WEIGHT)))


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reading_of_fields(content: bytes) -> None:
    told = ""
    try:
        weight_files(ModelFile(Path("model.onnx"), content))
    except (InputError, ModelRefused) as error:
        told = str(error)
    assert "\n" not in told


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**20))
def test_numbers_are_read_as_they_were_written(number: int, place: int) -> None:
    message = parse(memoryview(varint(place << 3) + varint(number) + field(3, b"text")))
    assert message.numbers[place][0] == number
    assert "text" in message.texts(3)

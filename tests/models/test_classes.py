"""`--model-class module:Class`: where it is looked for, and what is said where it cannot be made."""

import py_compile
import sys
from pathlib import Path

import pytest
from torch import nn

from auditor.errors import InputError, UsageError
from auditor.models.classes import build
from tests.models.saving import NET


@pytest.fixture(autouse=True)
def untouched_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def code(folder: Path, name: str, source: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, "utf-8")
    return folder


def linear(width: int) -> str:
    return f"from torch import nn\n\n\ndef made():\n    return nn.Linear({width}, 2)\n"


def width(module: nn.Module) -> int:
    assert isinstance(module, nn.Linear)
    return module.in_features


def test_the_first_folder_wins_and_the_environment_comes_last(tmp_path: Path) -> None:
    one, two = code(tmp_path / "one", "given.py", linear(1)), code(tmp_path / "two", "given.py", linear(2))
    assert width(build("given:made", {}, (one, two))[0]) == 1
    assert width(build("given:made", {}, (two, one))[0]) == 2
    assert width(build("torch.nn:Linear", {"in_features": 3, "out_features": 1}, (one, two))[0]) == 3


def test_what_is_installed_wins_over_a_file_that_lies_beside_the_model(tmp_path: Path) -> None:
    beside = code(tmp_path / "beside", "torch.py", "raise SystemExit(3)")
    code(beside, "given.py", linear(1))
    given = {"in_features": 3, "out_features": 1}
    assert width(build("torch.nn:Linear", given, (tmp_path,), beside)[0]) == 3
    assert width(build("given:made", {}, (tmp_path,), beside)[0]) == 1
    other = code(tmp_path / "other", "given.py", linear(2))
    assert width(build("given:made", {}, (tmp_path,), other)[0]) == 2


def test_only_what_makes_modules_is_called(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(InputError, match=r"os:mkdir is neither .* was not called"):
        build("os:mkdir", {"path": str(mark)}, (tmp_path,))
    assert not mark.exists()


def test_the_note_names_the_file_and_its_hash(tmp_path: Path) -> None:
    code(tmp_path, "given.py", linear(1))
    assert build("given:made", {}, (tmp_path,))[1][0].startswith(
        f"given:made comes from {tmp_path / 'given.py'} (sha256 "
    )


def test_a_package_a_nested_class_and_a_neighbour_are_found(tmp_path: Path) -> None:
    code(tmp_path / "pack", "__init__.py", "")
    code(
        tmp_path / "pack",
        "net.py",
        "from . import sizes\nimport neighbour\n" + NET + "\n\nclass Outer:\n    Inner = Net\n",
    )
    code(tmp_path / "pack", "sizes.py", "")
    code(tmp_path, "neighbour.py", "")
    assert isinstance(build("pack.net:Outer.Inner", {}, (tmp_path,))[0], nn.Module)


def test_a_folder_without_init_is_a_package_too(tmp_path: Path) -> None:
    code(tmp_path / "spare", "net.py", linear(5))
    assert width(build("spare.net:made", {}, (tmp_path,))[0]) == 5


def test_the_source_runs_and_not_bytecode_that_lies_beside_it(tmp_path: Path) -> None:
    path = code(tmp_path, "given.py", linear(7)) / "given.py"
    py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    path.write_text(linear(8), "utf-8")
    assert width(build("given:made", {}, (tmp_path,))[0]) == 8


@pytest.mark.parametrize("stated", ["net", "net:", ":Net", "net.py:Net:x", "a b:c", "../net:Net"])
def test_a_malformed_name_is_a_usage_error(stated: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"module:Class was expected, for example net:Net"):
        build(stated, {}, (tmp_path,))


@pytest.mark.parametrize(
    ("source", "stated", "help_"),
    [
        ("", "absent:Net", r"neither .* nor the environment has a module absent; run from the folder"),
        ("", "given.deeper:Net", r"has a module given\.deeper"),
        ("import no_such_thing", "given:Net", r"No module named 'no_such_thing'; install what it needs"),
        ("1 / 0", "given:Net", "importing it failed: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "given:Net", "importing it failed: SystemExit: 3"),
        ("def broken(:", "given:Net", "importing it failed: SyntaxError"),
        (NET, "given:Nett", r"given\.py has no class Nett; it has Net"),
        ("x = 1", "given:Net", r"has no class Net; it defines no torch\.nn\.Module"),
        ("def made():\n    return {}", "given:made", r"made a dict: a torch\.nn\.Module was expected"),
        ("Net = dict", "given:Net", "was not called; name the class of the model"),
        ("from os import system", "given:system", "was not called; name the class of the model"),
    ],
)
def test_each_failure_says_what_is_wrong_in_one_line(tmp_path: Path, source: str, stated: str, help_: str) -> None:
    code(tmp_path, "given.py", source)
    with pytest.raises(InputError, match=help_) as caught:
        build(stated, {}, (tmp_path,))
    assert "\n" not in str(caught.value)


def test_wrong_arguments_show_the_parameters(tmp_path: Path) -> None:
    code(tmp_path, "given.py", NET)
    with pytest.raises(
        InputError, match=r"given:Net\(width=3\) failed: TypeError.*\(features: int = 4, hidden: int = 8"
    ):
        build("given:Net", {"width": 3}, (tmp_path,))


@pytest.mark.parametrize("raised", ["asyncio.CancelledError()", "GeneratorExit()"])
def test_what_is_no_plain_exception_is_told_as_well(tmp_path: Path, raised: str) -> None:
    code(tmp_path, "given.py", f"import asyncio\nraise {raised}")
    with pytest.raises(InputError, match="importing it failed"):
        build("given:Net", {}, (tmp_path,))

"""Nothing runs code that nobody allowed: each refusal is tried with a payload that would leave a marker."""

import io
import pickle
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.package.package_exporter import PackageExporter

from auditor.errors import InputError, ModelRefused, UsageError
from auditor.models import open_model
from auditor.models.files import read_model_file
from tests.models.saving import Net, Payload, archive, config, exported, rewritten, saved


@pytest.fixture
def program(tmp_path: Path, net: Net) -> Path:
    return exported(tmp_path / "model.pt2", net, torch.ones(2, 4))


@pytest.fixture
def armed(program: Path, marker: Path) -> Path:
    """A program whose sample inputs are a pickle with a payload."""
    buffer = io.BytesIO()
    torch.save(((Payload(marker),), {}), buffer)
    return rewritten(program, lambda name, old: buffer.getvalue() if "sample_inputs" in name else old)


def test_a_verified_program_needs_no_trust_and_the_report_says_what_was_verified(program: Path) -> None:
    model = open_model(config(program))
    assert not model.runs_code
    assert model.notes[0] == (
        "verified before loading: its 4 operators only compute, its 4 tensors are plain numbers, and nothing else of it "
        "was loaded"
    )


def test_a_program_that_breaks_a_rule_is_refused_until_it_is_allowed(armed: Path, marker: Path) -> None:
    digest = read_model_file(armed).sha256
    with pytest.raises(
        ModelRefused,
        match=rf"rule pickles: data/sample_inputs/model\.pt: its pickle calls (posix|nt)\.mkdir.*--sha256 {digest}, or any with",
    ) as caught:
        open_model(config(armed))
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)
    assert not marker.exists()


def test_the_payload_of_that_test_is_live(armed: Path, marker: Path) -> None:
    open_model(config(armed, trust_model_code=True))
    assert marker.exists()


def test_the_files_own_sha256_allows_it_and_the_report_says_so(program: Path) -> None:
    digest = read_model_file(program).sha256
    for stated in (digest, digest.upper(), f"sha256:{digest}"):
        model = open_model(config(program, sha256=stated))
        assert model.notes[0] == "its sha256 is the one given"
        assert not model.runs_code


def test_trust_given_by_option_is_noted_with_the_rule_that_was_broken(armed: Path) -> None:
    model = open_model(config(armed, trust_model_code=True))
    assert model.runs_code
    assert model.notes[0] == "loading it can run code; --trust-model-code allowed that"
    assert model.notes[1].startswith("it was not verified (rule pickles")


def test_trust_is_not_used_where_it_is_not_needed(program: Path) -> None:
    assert not open_model(config(program, trust_model_code=True)).runs_code


@pytest.mark.parametrize("trusted", [False, True])
def test_another_sha256_is_refused_with_both_named_even_where_trust_is_given(
    armed: Path, marker: Path, *, trusted: bool
) -> None:
    digest = read_model_file(armed).sha256
    with pytest.raises(ModelRefused, match=rf"{digest}, and {'0' * 64} was given"):
        open_model(config(armed, sha256="0" * 64, trust_model_code=trusted))
    assert not marker.exists()


def test_a_sha256_is_checked_for_harmless_formats_too(folder: Path, net: Net) -> None:
    path = saved(folder / "weights.pt", net.state_dict())
    with pytest.raises(InputError, match="not the file that was meant"):
        open_model(config(path, sha256="0" * 64, model_class="net:Net"))
    model = open_model(config(path, sha256=read_model_file(path).sha256, model_class="net:Net"))
    assert model.notes[0] == "its sha256 is the one given"


def test_what_is_no_sha256_is_a_usage_error(program: Path) -> None:
    with pytest.raises(UsageError, match="64 hexadecimal digits were expected"):
        open_model(config(program, sha256="abc"))


def test_a_file_changed_after_hashing_is_not_what_is_loaded(program: Path) -> None:
    file = read_model_file(program)
    program.write_bytes(b"changed")
    assert read_model_file(program).sha256 != file.sha256
    assert torch.export.load(file.stream()).module()(torch.ones(2, 4)).shape == (2, 3)


def refusal(path: Path, **settings: bool | str) -> str:
    with pytest.raises(ModelRefused) as caught:
        open_model(config(path, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


SAFE_FORMS = r"torch\.export\.save\(.*torch\.save\(model\.state_dict\(\)"


@pytest.mark.parametrize("new_format", [False, True])
def test_a_pickled_module_is_refused(tmp_path: Path, marker: Path, *, new_format: bool) -> None:
    path = saved(tmp_path / "model.pt", Payload(marker), _use_new_zipfile_serialization=new_format)
    text = refusal(path)
    assert re.search(r"whatever its pickle calls, (posix|nt)\.mkdir first", text)
    assert re.search(SAFE_FORMS, text)
    assert not marker.exists()


@pytest.mark.parametrize("new_format", [False, True])
def test_a_payload_deep_in_a_checkpoint_is_refused_and_never_falls_back(
    folder: Path, marker: Path, net: Net, *, new_format: bool
) -> None:
    checkpoint = {"state_dict": net.state_dict(), "extra": Payload(marker)}
    path = saved(folder / "model.pt", checkpoint, _use_new_zipfile_serialization=new_format)
    text = refusal(path, model_class="net:Net")
    assert re.search(r"its pickle calls (posix|nt)\.mkdir.*--sha256 [0-9a-f]{64}", text)
    assert not marker.exists()
    assert open_model(config(path, model_class="net:Net", trust_model_code=True)).runs_code
    assert marker.exists()


def test_a_module_inside_a_checkpoint_is_refused_by_its_class(tmp_path: Path, net: Net) -> None:
    text = refusal(saved(tmp_path / "model.pt", {"model": net, "epoch": 3}))
    assert "its pickle calls tests.models.saving.Net" in text


def test_a_plain_pickle_is_refused(tmp_path: Path, marker: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([Payload(marker)]))
    assert "Python pickle" in refusal(path)
    assert not marker.exists()


def test_torchscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    text = refusal(path)
    assert "TorchScript program" in text
    assert "scripted code" in text
    assert re.search(SAFE_FORMS, text)


def test_a_torch_package_is_refused(tmp_path: Path, marker: Path) -> None:
    path = tmp_path / "model.pt"
    with PackageExporter(path) as exporter:
        exporter.extern("**")
        exporter.save_source_string("code", f"open({str(marker)!r}, 'w')")
    assert "torch.package archive" in refusal(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"m/archive_format": b"pt2", "m/data/aotinductor/model/a.so": b""}, "AOTInductor package"),
        ({"model.so": b"\x7fELF"}, "AOTInductor package"),
    ],
)
def test_compiled_libraries_are_refused(tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    text = refusal(archive(tmp_path / "model.pt2", members), trust_model_code=True)
    assert name in text
    assert "shared libraries" in text


@pytest.mark.parametrize(
    ("content", "help_"),
    [
        (b"", r"empty file\): copy or download it again"),
        (b"\x1c\0\0\0ET12\0\0", r"ExecuTorch program\): .* not loaded"),
        (b"version https://git-lfs.github.com/spec/v1\n", r"`git lfs pull`"),
        (b"a,b\n1,2\n", "file of no known format.*is expected"),
        (b"PK\x03\x04 cut", "cut short or damaged"),
        (b"\x93NUMPY\x01\0", "an array, not a model"),
    ],
)
def test_what_is_not_loaded_says_what_to_do(tmp_path: Path, content: bytes, help_: str) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(InputError, match=help_) as caught:
        open_model(config(path, trust_model_code=True))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("program")
def test_a_folder_names_the_models_in_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder, not a saved model; give one of the files in it: model\.pt2"):
        open_model(config(tmp_path))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="give the path of a saved model"):
        open_model(config(empty))
    (empty / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match="TensorFlow SavedModel"):
        open_model(config(empty))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        open_model(config(tmp_path / "none.pt2"))


def test_no_model_at_all_is_a_usage_error(program: Path) -> None:
    with pytest.raises(UsageError, match="no model was given"):
        open_model(config(program).model_copy(update={"model": None}))


def test_a_name_from_the_file_reaches_the_message_without_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x02cmod\x1b[2J\nName\n.")
    assert "\x1b" not in refusal(path)

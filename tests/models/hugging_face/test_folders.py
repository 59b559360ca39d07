"""Which Hugging Face folders are read, what is taken of them, and what is refused before anything is loaded."""

import hashlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from torch import Tensor

from auditor.cli import main
from auditor.errors import AuditorError, FormatUnavailable, InputError, ModelRefused
from auditor.layout import Layout
from auditor.models import fed
from tests.models.hugging_face.saving import TEXTS, VOCABULARY, bert, edited, opened, rows, text_folder, tokenizer
from tests.models.saving import NET, Net, Payload

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return text_folder(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "bert"))


def logits(folder: Path) -> Any:
    return fed(opened(folder), Layout(("text",))).forward(rows(TEXTS))


def weights_of(folder: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> Path:
    """The folder with its tensors changed."""
    path = folder / "model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in change(load_file(path)).items()}, path)
    return folder


def in_shards(folder: Path) -> None:
    module: Any = bert()
    module.save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink()
    assert len(list(folder.glob("model-*.safetensors"))) > 1


def as_checkpoint(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def of_old_names(folder: Path) -> None:
    """As before PyTorch 1.0 called them."""
    weights_of(
        folder,
        lambda found: {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
            for name, tensor in found.items()
        },
    )


def with_a_remnant(folder: Path) -> None:
    weights_of(folder, lambda found: found | {"cls.predictions.bias": torch.zeros(3)})


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (in_shards, "safetensors files: tensors only"),
        (as_checkpoint, "read with weights_only=True"),
        (of_old_names, "made as BertForSequenceClassification"),
        (with_a_remnant, "left out: cls.predictions.bias"),
        (lambda folder: edited(folder, attn_implementation="kernels-community/flash-attn"), "made as Bert"),
    ],
    ids=["shards", "checkpoint", "old names", "remnant", "kernels"],
)
def test_the_same_weights_give_the_same_outputs_however_they_lie_there(
    folder: Path, saved: Path, change: Callable[[Path], object], note: str
) -> None:
    change(folder)
    assert logits(folder) == pytest.approx(logits(saved), abs=1e-6)
    assert any(note in said for said in opened(folder).load_report)


def test_halves_run_in_single_precision(folder: Path, saved: Path) -> None:
    weights_of(folder, lambda found: {name: tensor.half() for name, tensor in found.items()})
    edited(folder, dtype="float16")
    assert "weights stored as float16 run as float32" in opened(folder).load_report
    assert logits(folder) == pytest.approx(logits(saved), abs=0.05)


def test_the_hash_is_that_of_the_lines_of_sha256sum_and_of_what_counts(folder: Path) -> None:
    (folder / "README.md").write_text("a model card")
    names = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    lines = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    digest = hashlib.sha256(lines.encode()).hexdigest()
    assert opened(folder).sha256 == opened(folder / "config.json").sha256 == digest
    assert opened(folder, sha256=digest).load_report[0] == "its sha256 is the one given"
    edited(folder, "tokenizer_config.json", model_max_length=12)
    with pytest.raises(InputError, match="is not the file that was meant"):
        opened(folder, sha256=digest)


def test_nothing_is_asked_of_the_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert logits(folder).shape == (len(TEXTS), 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: edited(folder, auto_map={"AutoModel": "own.Net"}), "config.json names own.Net"),
        (
            lambda folder: edited(folder, "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Tokens", None]}),
            "tokenizer_config.json names own.Tokens",
        ),
        (lambda folder: edited(folder, text_config={"auto_map": {"AutoModel": "x--own.Net"}}), "names x--own.Net"),
    ],
)
def test_a_folder_that_brings_code_along_is_refused_trusted_or_not(
    folder: Path, change: Callable[[Path], object], words: str
) -> None:
    change(folder)
    (folder / "own.py").write_text("raise SystemExit(3)")
    for trust in (False, True):
        with pytest.raises(ModelRefused, match=words):
            opened(folder, trust_model_code=trust)


def test_a_pickle_among_the_weights_is_refused_and_not_run(folder: Path, marker: Path) -> None:
    torch.save({"a": torch.ones(1), "b": Payload(marker)}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelRefused, match="mkdir"):
        opened(folder)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda folder: weights_of(folder, lambda found: {k: t for k, t in found.items() if "classifier" not in k}),
            "does not hold the weights of BertForSequenceClassification: 2 missing: classifier.bias, classifier.weight",
        ),
        (
            lambda folder: weights_of(folder, lambda found: found | {"classifier.weight": torch.zeros(3, 16)}),
            r"1 of another shape: classifier.weight \(3, 16\) instead of \(2, 16\)",
        ),
        (lambda folder: edited(folder, architectures=["BertForMaskedLM"]), "a BertForMaskedLM of type bert"),
        (lambda folder: edited(folder, architectures=["os"]), "holds a os of type bert"),
        (lambda folder: edited(folder, architectures=None), "a model without architectures of type bert"),
        (lambda folder: edited(folder, model_type="no such"), "of type no such"),
        (
            lambda folder: edited(folder, hidden_size=2**20),
            r"describes a model of .* values, and the weights hold 5,394",
        ),
        (lambda folder: edited(folder, hidden_size=-1), "cannot be made by Transformers"),
        (lambda folder: edited(folder, problem_type="regression"), "only classifiers are audited"),
        (lambda folder: edited(folder, quantization_config={"quant_method": "x"}), "quantised weights"),
        (lambda folder: (folder / "config.json").write_text("[1]"), "config.json holds no JSON object"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json holds no JSON object"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "no tokenizer that can be made of its files"),
        (
            lambda folder: (folder / "tokenizer.json").unlink(),
            "no tokenizer .* none of tokenizer.json, vocab.txt, vocab.json",
        ),
        (
            lambda folder: (folder / "tokenizer.json").rename(folder / "vocab.json"),
            "no tokenizer that can be made of its files",
        ),
        (
            lambda folder: tokenizer(vocab=dict(VOCABULARY, more=20)).save_pretrained(folder),
            "knows 21 tokens and the model 20",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "no weights beside it"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x"), "holds no weights"),
        (lambda folder: (folder / "adapter_config.json").write_text("{}"), "an adapter of PEFT"),
    ],
)
def test_what_is_no_whole_classifier_is_told_in_one_line(
    folder: Path, change: Callable[[Path], object], words: str
) -> None:
    change(folder)
    with pytest.raises(AuditorError, match=words) as told:
        opened(folder)
    assert "\n" not in str(told.value)


def test_without_transformers_one_line_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(FormatUnavailable, match=r"install auditor\[hf\]"):
        opened(folder)


def test_a_class_of_ones_own_gets_arguments_and_names_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    net = Net(hidden=5).eval()
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    stated = {"hidden": 5, "dropout": 0.1, "id2label": {"0": "low", "1": "middle", "2": "high"}}
    (tmp_path / "config.json").write_text(json.dumps(stated))
    model = opened(tmp_path, model_class="net:Net")
    features = torch.randn(6, 4)
    with torch.no_grad():
        assert model.forward(features.numpy()) == pytest.approx(net(features).numpy(), abs=1e-6)
    assert model.class_names == ("low", "middle", "high")
    assert "made with hidden as the configuration beside the weights has them" in model.load_report


def test_weights_beside_a_configuration_say_that_the_folder_can_be_given(folder: Path) -> None:
    with pytest.raises(AuditorError, match=r"or give the folder, whose config.json may say it"):
        opened(folder / "model.safetensors")


def test_inspecting_tells_architecture_classes_tokens_and_tensors(folder: Path) -> None:
    told = CliRunner().invoke(main, ["inspect", str(folder)]).stdout
    for words in (
        "Hugging Face folder",
        "Loading it runs no code.",
        "its architecture: BertForSequenceClassification",
        "its classes: 0 ham, 1 spam",
        "its tokenizer: BertTokenizer, at most 16 tokens",
        "bert.embeddings.position_embeddings.weight  16 x 16  float32",
    ):
        assert words in told


def test_inspecting_needs_neither_pytorch_nor_transformers(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from auditor.models.inspection import shown; "
        f"shown(Path({str(folder)!r}), 'text'); assert not {{'torch', 'transformers'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

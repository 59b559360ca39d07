"""Data from loaders and models in memory: through Python, and through `--loader`."""

import hashlib
import itertools
import json
import time
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import auditor
from auditor.cli import main
from auditor.data.batching import items, left_out, taken
from auditor.errors import InputError, UsageError
from auditor.findings import Finding, Status
from auditor.report import Report

DRAW = np.random.default_rng(0)
X = torch.tensor(DRAW.normal(size=(600, 2)), dtype=torch.float32)
Y = (X.sum(dim=1) > 0).long()
TEST, TRAIN = TensorDataset(X[:300], Y[:300]), TensorDataset(X[300:], Y[300:])


class Net(nn.Module):
    """Right wherever its dropout is off."""

    def __init__(self) -> None:
        super().__init__()
        linear = nn.Linear(2, 2)
        linear.weight.data = torch.tensor([[-8.0, -8.0], [8.0, 8.0]])
        linear.bias.data.zero_()
        self.layers = nn.Sequential(nn.Dropout(0.5), linear, nn.BatchNorm1d(2, affine=False))

    def forward(self, features: Tensor) -> Tensor:
        result: Tensor = self.layers(features)
        return result


class Noisy(Dataset[tuple[Tensor, Tensor]]):
    """Rows with an augmentation that is drawn anew each time."""

    def __len__(self) -> int:
        return 300

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return X[index] + 0.01 * torch.randn(2), Y[index]


def accuracy(report: Report) -> float | None:
    return report.measurements["test"].accuracy.value


def of(report: Report, check: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.check == check]


def status(report: Report, check: str) -> Status:
    (finding,) = of(report, check)
    return finding.status


def test_a_module_and_loaders_are_audited_and_the_module_stands_as_before() -> None:
    net = Net()
    net.layers[2].eval()
    modes = [part.training for part in net.modules()]
    threads = torch.get_num_threads()
    report = auditor.audit(
        net,
        DataLoader(TEST, batch_size=32),
        train=DataLoader(TRAIN, batch_size=7, shuffle=True),
        positive="1",
        threads=1,
    )
    assert accuracy(report) == 1
    assert [part.training for part in net.modules()] == modes
    assert torch.get_num_threads() == threads
    assert report.verdict.status == "ready"
    assert report.provenance.model is not None
    assert report.provenance.model.path == "Net"
    assert report.provenance.model.format == "torch.nn.Module in memory"
    assert [(file.split, file.path, file.rows) for file in report.provenance.data] == [
        ("train", "DataLoader in memory", 300),
        ("test", "DataLoader in memory", 300),
    ]
    assert status(report, "shared-rows") is Status.PASS
    assert [finding.message for finding in of(report, "loader-faithful")] == [
        "The train loader gave the same 300 rows twice.",
        "The test loader gave the same 300 rows twice.",
    ]


def test_the_hash_of_a_module_is_that_of_its_weights() -> None:
    one, two = Net(), Net()
    next(two.parameters()).data[0, 0] = 1e-3
    hashes = [auditor.audit(net, DataLoader(TEST)).provenance.model for net in (one, one, two)]
    assert hashes[0] is not None
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_module_stands_as_before_when_the_audit_fails() -> None:
    net = Net()
    with pytest.raises(InputError, match="a layer of it takes 2 values and was given 3"):
        auditor.audit(net, [(torch.ones(9, 3), Y[:9])])
    assert net.training


def one_hot(y: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(y, 2)


@pytest.mark.parametrize(
    "batches",
    [
        [(X[:200], Y[:200]), (X[200:300], Y[200:300])],
        [[X[:300].numpy(), Y[:300].numpy()]],
        [(X[:300].double(), one_hot(Y[:300]))],
        [(X[:300].tolist(), Y[:300].tolist())],
        [(X[:300].bfloat16().float(), Y[:300, None].float())],
        [{"features": X[:300], "labels": Y[:300]}],
        [UserDict(features=X[:300], label=Y[:300])],
        [({"features": X[:300]}, Y[:300])],
        [((X[:300],), Y[:300])],
    ],
)
def test_batches_of_many_forms_are_taken(batches: list[object]) -> None:
    report = auditor.audit(Net(), batches, positive="1")
    assert accuracy(report) == 1
    assert report.measurements["test"].n_samples == 300


class Wide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(2, 1)
        self.table.weight.data = torch.tensor([[-1.0], [1.0]])

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        assert tokens.dtype is torch.int64
        assert mask.dtype is torch.bool
        margin = (self.table(tokens)[..., 0] * mask).sum(1)
        return torch.stack([-margin, margin], 1)


TOKENS = torch.tensor(DRAW.integers(0, 2, (300, 3)))
MASK = torch.tensor([[True, False, False]]).expand(300, 3)


@pytest.mark.parametrize(
    "dataset",
    [
        TensorDataset(TOKENS, MASK, TOKENS[:, 0]),
        [{"tokens": t, "mask": m, "y": t[0]} for t, m in zip(TOKENS, MASK, strict=True)],
    ],
)
def test_several_inputs_keep_their_names_shapes_and_types(dataset: Any) -> None:
    report = auditor.audit(Wide(), DataLoader(dataset, batch_size=64))
    assert accuracy(report) == 1


def test_a_single_input_of_whole_numbers_stays_whole() -> None:
    table = nn.Embedding(2, 2)
    table.weight.data = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    net = nn.Sequential(table, nn.Flatten())
    assert accuracy(auditor.audit(net, DataLoader(TensorDataset(TOKENS[:, :1], TOKENS[:, 0])))) == 1


def test_functions_and_text_labels_are_taken_too() -> None:
    labels = np.where(Y[:300].numpy() == 1, "yes", "no")
    report = auditor.audit(
        lambda x: x.sum(dim=1, keepdim=True), [(X[:300], labels)], positive="yes", output_kind="logits"
    )
    assert accuracy(report) == 1
    assert report.provenance.class_names_from == "label values of test, sorted"


def test_paths_and_objects_may_be_mixed(tmp_path: Path) -> None:
    np.savez(tmp_path / "test.npz", x=X[:300].numpy(), y=Y[:300].numpy())
    report = auditor.audit(Net(), tmp_path / "test.npz", gates=["recall[1]>=0.5"])
    assert accuracy(report) == 1
    assert status(report, "loader-faithful") is Status.SKIP
    with pytest.raises(
        UsageError, match="train is a file and test a loader; give all splits as files or all as loaders"
    ):
        auditor.audit(Net(), DataLoader(TEST), train=tmp_path / "test.npz")


@pytest.mark.parametrize(
    ("batches", "help_"),
    [
        ([], "test loader: it gives no batch"),
        (iter([(X, Y)]), "test loader: an iterator gives its rows only once"),
        ([X], r"test loader, batch 1: it is a Tensor; \(features, labels\) or a mapping was expected"),
        ([(X, Y), (X, Y[:5])], r"test loader, batch 2: input 0 has shape \(600, 2\) and the labels \(5,\)"),
        ([{"a": X}], "batch 1: it holds a; features, and labels under label, were expected"),
        ([{"a": X, "b": Y}], "it holds a, b; features, and labels under label"),
        ([(["text"] * 3, [0, 1, 1])], "batch 1: 0: list of <U4; a tensor or an array of numbers"),
        ([([[1, 2], [3]], [0, 1])], "rows of different shapes; pad them to one shape"),
        ([(X, Y), (X[:, :1], Y)], r"test loader: rows of shape \(1,\) after rows of shape \(2,\)"),
        ([(X, torch.ones(600, 2))], r"test loader row 1: labels of shape \(2,\)"),
        ([(X, torch.ones(600, 2, 2))], r"test loader row 1: labels of shape \(2, 2\)"),
        ([(X[:2], [0, 5]), (X[:1], [2])], "there are 3 classes"),
    ],
)
def test_what_is_no_batch_is_told_by_its_number(batches: Any, help_: str) -> None:
    with pytest.raises(InputError, match=help_) as caught:
        auditor.audit(lambda x: x[:, :2], batches, output_kind="logits")
    assert "\n" not in str(caught.value)


class Endless:
    """Gives the same batch for ever, or so often."""

    def __init__(self, stated: int, given: int | None = None) -> None:
        self.stated, self.given = stated, given

    def __len__(self) -> int:
        return self.stated

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return itertools.repeat((X[:8], Y[:8]), *([] if self.given is None else [self.given]))


def test_a_loader_that_gives_far_more_than_it_says_is_stopped() -> None:
    with pytest.raises(
        InputError, match=r"test loader, batch 1,031: its len\(\) is 3, and it does not end; let it stop"
    ):
        auditor.audit(Net(), Endless(3))


def test_a_length_that_is_merely_wrong_stops_nothing() -> None:
    assert auditor.audit(Net(), Endless(30, 150), positive="1").measurements["test"].n_samples == 1200


def test_how_far_a_loader_was_read_is_shown(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("auditor.progress.LINE_SECONDS", 0)
    auditor.audit(Net(), DataLoader(TEST, 200, shuffle=True), positive="1", quiet=False)
    assert capsys.readouterr().err.splitlines()[:2] == ["auditor: test: 200 rows", "auditor: test: 300 rows"]


def test_an_error_in_a_loader_is_told_by_its_batch() -> None:
    class Failing:
        def __iter__(self) -> Iterator[object]:
            yield X, Y
            raise OSError("disk is gone")

    with pytest.raises(InputError, match="test loader, batch 2: OSError: disk is gone; correct the loader"):
        auditor.audit(Net(), Failing())


@pytest.mark.parametrize(
    ("arguments", "settings", "help_"),
    [
        ((3, [(X, Y)]), {}, "the model is a int; a module or a path was expected"),
        ((Net, [(X, Y)]), {}, "the model is the class Net; an object of it was expected"),
        ((Net(), None), {}, "no data to judge on was given"),
        ((Net(), [(X, Y)]), {"positiv": "1"}, "`positiv` is not a setting"),
        ((Net(), [(X, Y)]), {"device": "cuda:9"}, "--device cuda:9"),
        (
            (Net(), [(X, Y)]),
            {"model_class": "net:Net"},
            "model_class says how a saved model is loaded, and the model is in",
        ),
        ((Net(), [(X, Y)]), {"inputs": {"a": "b"}}, "a loader gives its inputs by the keys of its batches"),
        ((Net(), [(X, Y)]), {"group": "who"}, "--group who: it names a column of files; a loader gives features"),
        ((Net(), [(X, Y)]), {"time": "when"}, "--time when: it names a column of files"),
        ((Net(), [(X, Y)]), {"ids": ("key",)}, "--id key: it names a column of files"),
    ],
)
def test_wrong_arguments_are_usage_errors(arguments: Any, settings: dict[str, Any], help_: str) -> None:
    with pytest.raises(UsageError, match=help_):
        auditor.audit(*arguments, **settings)


@pytest.mark.parametrize(
    ("loader", "message", "severity"),
    [
        (lambda: DataLoader(Noisy()), "The test loader gave 300 rows twice, and not the same ones", "major"),
        (
            lambda: DataLoader(TEST, batch_size=7, shuffle=True, drop_last=True),
            "The test loader gave 294 rows twice, and not the same ones",
            "major",
        ),
        (
            lambda: DataLoader(TEST, batch_size=7, drop_last=True),
            "The test loader never gives 6 of 300 rows, which do not fill a batch",
            "minor",
        ),
    ],
)
def test_a_loader_that_does_not_give_its_rows_is_found(loader: Any, message: str, severity: str) -> None:
    torch.manual_seed(1)
    report = auditor.audit(Net(), loader(), train=DataLoader(TRAIN), positive="1")
    _, finding = of(report, "loader-faithful")
    assert (finding.message, finding.severity, finding.status) == (f"{message}.", severity, Status.FAIL)


def test_rows_that_change_at_each_reading_are_not_compared_in_silence() -> None:
    class Augmented(Noisy):
        pass

    report = auditor.audit(Net(), DataLoader(TEST), train=DataLoader(Augmented()), positive="1")
    train, test = of(report, "loader-faithful")
    assert (train.status, train.severity, test.status) == (Status.FAIL, "minor", Status.PASS)
    for check in ("shared-rows", "generalisation-gap"):
        (finding,) = of(report, check)
        assert finding.status is Status.SKIP
        assert finding.message == "The train loader gives different rows at each reading."
    assert report.overlap is None
    assert report.decision.row_flow.shared == 0


def test_copies_are_found_between_loaders_and_taken_out() -> None:
    both = TensorDataset(X[:400], Y[:400])
    report = auditor.audit(Net(), DataLoader(TEST), train=DataLoader(both), positive="1")
    assert status(report, "shared-rows") is Status.FAIL
    assert report.overlap is not None
    assert report.overlap.n_shared == 300


def test_tensors_in_memory_are_read_in_slices_and_only_where_that_is_the_same() -> None:
    data = TensorDataset(torch.arange(20_000.0)[:, None], torch.zeros(20_000))
    assert [len(batch[0]) for batch in items(DataLoader(data, batch_size=4))] == [16_384, 3_616]  # type: ignore[index]
    for other in (
        DataLoader(data, batch_size=10_000, shuffle=True),
        DataLoader(data, batch_size=10_000, drop_last=True),
        DataLoader(data, batch_size=10_000, collate_fn=lambda rows: rows),
        [data[:10_000], data[10_000:]],
    ):
        assert len(list(items(other))) == 2
    started = time.perf_counter()
    list(items(DataLoader(data)))
    quick = time.perf_counter() - started
    started = time.perf_counter()
    list(DataLoader(data, batch_size=64))
    assert quick < time.perf_counter() - started


def test_rows_left_out_are_counted_where_drop_last_says_so() -> None:
    assert left_out(DataLoader(TEST, batch_size=7, drop_last=True)) == 6
    assert left_out(DataLoader(TEST, batch_size=7)) == left_out([(X, Y)]) == 0


def test_what_is_one_matrix_of_numbers_stays_one() -> None:
    assert taken((X.reshape(-1, 1, 2), Y), "label", "here").parts == ()
    given = taken({"a": X, "b": Y.int(), "label": Y}, "label", "here")
    assert [(part.name, part.start, part.shape, part.dtype) for part in given.parts] == [
        ("a", 0, (2,), None),
        ("b", 2, (), "int32"),
    ]
    np.testing.assert_array_equal(given.parts[1].of(given.features), Y)


DATA = """
import torch


def loader(split):
    draw = torch.Generator().manual_seed({"test": 0, "train": 1}.get(split, 2))
    x = torch.randn(300, 2, generator=draw)
    return None if split == "validation" else [(x, (x.sum(dim=1) > 0).long())]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with weights, their class and a loader."""
    (tmp_path / "rows.py").write_text(DATA)
    (tmp_path / "net.py").write_text("from torch import nn\n\n\ndef net():\n    return nn.Linear(2, 2)\n")
    torch.save({"weight": torch.tensor([[-8.0, -8.0], [8.0, 8.0]]), "bias": torch.zeros(2)}, tmp_path / "weights.pt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Any:
    model = ("weights.pt", "--model-class", "net:net", "--device", "cpu")
    return CliRunner().invoke(main, ["run", *model, "--format", "json", "--quiet", "--positive", "1", *arguments])


def test_a_loader_function_takes_the_place_of_files(home: Path) -> None:
    told = run("--loader", "rows:loader", "--format", "html")
    assert told.exit_code == 0, told.output
    report = json.loads((home / "audit" / "report.json").read_text())
    digest = hashlib.sha256(DATA.encode()).hexdigest()
    origin = f"loader rows:loader ({home / 'rows.py'})"
    assert [tuple(file.values()) for file in report["provenance"]["data"]] == [
        ("train", origin, "loader", digest, 300),
        ("test", origin, "loader", digest, 300),
    ]
    assert report["measurements"]["test"]["accuracy"]["value"] == 1
    assert digest in (home / "audit" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "source", "help_"),
    [
        (("--loader", "rows:loader", "--test", "t.csv"), DATA, "give either --loader or files of rows, not both"),
        (("--loader", "rows"), DATA, "--loader rows: module:function was expected, for example data:loader"),
        (("--loader", "rows:absent"), DATA, "has no function absent"),
        (("--loader", "nowhere_at_all:loader"), DATA, "has a module nowhere_at_all"),
        (("--loader", "rows:loader"), "def loader(split):\n    return None\n", 'loader("test") returned None'),
        (("--loader", "rows:loader"), "def loader(split):\n    return 3\n", 'for "test" it returned a int'),
        (("--loader", "rows:loader"), "def loader():\n    return []\n", 'calling it with "test" failed: TypeError'),
        (("--loader", "rows:loader"), "1 / 0\n", "importing it failed: ZeroDivisionError"),
    ],
)
def test_a_loader_that_cannot_be_used_is_told_in_one_line(home: Path, arguments: Any, source: str, help_: str) -> None:
    (home / "rows.py").write_text(source)
    told = run(*arguments)
    assert told.exit_code == 2
    assert help_ in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_loader_is_taken_only_from_a_file_that_was_named(home: Path) -> None:
    (home / "auditor.toml").write_text('loader = "rows:loader"\n')
    assert "`loader` lets code run" in run().stderr
    assert run("--config", "auditor.toml").exit_code == 0


@pytest.mark.parametrize("positive", [1, np.int64(1), "1"])
def test_a_class_may_be_named_by_a_number(positive: Any) -> None:
    report = auditor.audit(Net(), [(X, Y)], positive=positive, classes=[0, np.int64(1)], prior={1: 0.5})
    assert report.measurements["test"].class_names == ("0", "1")
    assert report.provenance.positive_from == "stated"


def test_a_class_may_be_named_by_a_truth_value() -> None:
    report = auditor.audit(Net(), [(X, Y == 1)], positive=True)
    assert report.measurements["test"].class_names == ("False", "True")
    assert report.provenance.positive_from == "stated"

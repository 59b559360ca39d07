"""Data at an address is copied once, read as any other, and named by its address."""

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
import torch

from auditor import audit
from auditor.addresses import as_written, is_address
from auditor.config import load_config
from auditor.data import open_splits
from auditor.data.formats import shown
from auditor.data.remote import local
from auditor.errors import FormatUnavailable, InputError
from auditor.models.files import read_model_file
from tests.data.reading import ROWS, STUDENT, features, labels, text


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / "web").mkdir()
    handler = functools.partial(Quiet, directory=str(tmp_path / "web"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def opened(test: str, folder: Path) -> tuple[list[int], str, str]:
    """The labels, the address as reports print it, and the hash."""
    config = load_config({"test": Path(test), "model": "m", "quiet": True}, None, folder)
    split = open_splits(config.model_copy(update={"categories": STUDENT})).test
    assert features(split).shape[1] == 2
    assert config.model_dump(mode="json")["test"] == test
    return labels(split), shown(split.path), split.sha256


def test_a_file_of_any_filesystem_is_read(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/bucket/a/test.csv", ROWS.encode())
    memory.pipe("/bucket/a/packed.csv.gz", gzip.compress(ROWS.encode()))
    assert opened("memory://bucket/a/packed.csv.gz", tmp_path)[0] == [1, 0, 1]
    found, address, digest = opened("memory://bucket/a/test.csv", tmp_path)
    assert (found, address) == ([1, 0, 1], "memory://bucket/a/test.csv")
    here = open_splits(
        load_config({"test": text(tmp_path / "t.csv", ROWS), "model": "m"}, None, tmp_path).model_copy(
            update={"categories": STUDENT}
        )
    )
    assert here.test.sha256 == digest


def test_a_folder_of_any_filesystem_is_read(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    for i in range(2):
        memory.pipe(f"/bucket/d/part-{i}.csv", ROWS.encode())
    assert opened("memory://bucket/d", tmp_path)[:2] == ([1, 0, 1] * 2, "memory://bucket/d")


def test_files_of_the_web_are_read(tmp_path: Path, server: str) -> None:
    text(tmp_path / "web" / "test.csv", ROWS)
    assert opened(f"{server}/test.csv", tmp_path)[:2] == ([1, 0, 1], f"{server}/test.csv")


def test_the_address_of_a_file_here_is_its_path(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", ROWS)
    assert local(Path(f"file://{path}")) == path
    assert local(Path(f"file://localhost{path}")) == path


def test_a_history_may_stand_at_an_address(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/b/history.csv", b"epoch,train_loss,val_loss\n1,0.9,0.8\n2,0.5,0.6\n")
    rows = [(torch.ones(30, 2), torch.arange(30) % 2)]
    report = audit(lambda x: x, rows, history="memory://b/history.csv", output_kind="logits")
    assert report.history is not None
    (history,) = [file for file in report.provenance.data if file.split == "history"]
    assert history.path == "memory://b/history.csv"


def test_a_model_at_an_address_is_to_be_copied_first() -> None:
    with pytest.raises(InputError, match=r"^https://host/model\.pt2: a model is read from this machine alone; copy"):
        read_model_file(Path("https://host/model.pt2"))


def test_why_an_address_cannot_be_had_is_told_in_plain_words() -> None:
    with pytest.raises(InputError, match=r"http://127\.0\.0\.1:9/x\.csv cannot be read: Connection refused; check the"):
        local(Path("http://127.0.0.1:9/x.csv"))


def test_errors_name_the_address_and_the_row(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/b/test.csv", b"age,student,label\n31,No,good\n4x,Yes,bad\n5,Yes,bad\n")
    with pytest.raises(InputError, match=r'^memory://b/test.csv row 2 \(line 3\), column "age": expected a number'):
        opened("memory://b/test.csv", tmp_path)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("memory://b/none.csv", "memory://b/none.csv cannot be read: nothing is there; check the address"),
        ("memory://b/../../etc/passwd", "holds '..'"),
        ("WEB/none.csv", "/none.csv cannot be read: HTTP Error 404: File not found; check the address and your access"),
        ("http://127.0.0.1:9/t.csv", "cannot be read: .*refused"),
    ],
)
def test_what_cannot_be_had_says_so(address: str, parts: str, server: str, memory: fsspec.AbstractFileSystem) -> None:
    with pytest.raises(InputError, match=parts):
        local(Path(address.replace("WEB", server)))


def test_what_this_system_cannot_read_says_what_to_install() -> None:
    with pytest.raises(
        FormatUnavailable, match=r"nowhere://a/b cannot be read here .*install what fsspec needs for nowhere"
    ):
        local(Path("nowhere://a/b"))


def test_paths_are_no_addresses() -> None:
    assert [is_address(Path(p)) for p in ("s3://b/k", "https://x.y/z", "a/b", "/a/b", "C:/a", "a:b/c")] == [
        True
    ] * 2 + [False] * 4
    assert as_written(Path("s3://bucket/key.csv")) == "s3://bucket/key.csv"
    assert as_written(Path("/tmp/t.csv")) == "/tmp/t.csv"  # noqa: S108

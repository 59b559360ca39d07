"""What a user reads when data, columns or settings are wrong: one line for each of many mistakes, kept in a file to be read.

After a change of wording: `AUDITOR_UPDATE_GOLD=1 pytest tests/data/test_error_table.py`, then read the difference.
"""

import gzip
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from auditor.cli import main
from tests.data.reading import npz, parquet
from tests.data.writing import (
    write_arrow,
    write_hugging_face,
    write_npy_folder,
    write_parquet,
    write_safetensors,
    write_torch,
)
from tests.models.hugging_face.saving import edited, text_folder

GOLD = Path(__file__).parent / "gold" / "errors.txt"
NET = "import torch\n\n\nclass Net(torch.nn.Linear):\n    def __init__(self):\n        super().__init__(2, 2)\n"
MODEL = ("weights.pt", "--model-class", "net:Net", "--device", "cpu", "--quiet", "--format", "json")
GOOD = "a,b,label\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"
TABLE = pa.table({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0], "label": ["x", "y", "x"]})

Content = str | bytes | Callable[[Path], object]


def run(*options: str) -> tuple[str, ...]:
    return ("run", *MODEL, *options)


def of_test(content: Content, name: str = "t.csv", *options: str) -> tuple[Mapping[str, Content], tuple[str, ...]]:
    return {name: content}, run("--test", name, *options)


def toml(content: str, data: str = GOOD) -> tuple[Mapping[str, Content], tuple[str, ...]]:
    return {"t.csv": data, "auditor.toml": content}, run("--test", "t.csv")


def scored(content: str, *options: str) -> tuple[Mapping[str, Content], tuple[str, ...]]:
    return {"p.csv": content}, ("run", "--predictions", "p.csv", "--quiet", "--format", "json", *options)


def cut(write: Callable[[pa.Table, Path], Path], bytes_left: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(write(TABLE, path).read_bytes()[:bytes_left])


def folder(**files: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        for name, content in files.items():
            place = path / name.replace("__", "/").replace("_csv", ".csv").replace("_jsonl", ".jsonl")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)

    return write


def images(path: Path, *, broken: bool = False, loose: bool = False) -> None:
    for name in ("x/1.png", "y/2.png", *(["3.png"] if loose else [])):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(path / name)
    if broken:
        (path / "x" / "1.png").write_bytes((path / "x" / "1.png").read_bytes()[:40])


def saved_splits(path: Path) -> None:
    path.mkdir()
    (path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')


def excel(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "")


def saved_in_part(path: Path) -> None:
    write_hugging_face(TABLE, path)
    (path / "data-00001-of-00002.arrow").unlink()


def hugging_face(
    change: Callable[[Path], object] = lambda _folder: None, **data: Content
) -> tuple[Mapping[str, Content], tuple[str, ...]]:
    """A folder with a classifier of texts, and a table or arrays to audit it on."""

    def write(path: Path) -> None:
        change(text_folder(path))

    name, content = next(iter(data.items()), ("t_csv", "text,label\nhello,ham\nmoney,spam\n"))
    name = name.replace("_", ".")
    return {"bert": write, name: content}, ("run", "bert", "--test", name, "--quiet", "--format", "json")


X, Y = np.ones((3, 2)), np.array([0, 1, 0])
WIDE = ",".join(f"c{i}" for i in range(100_001))
CASES: Mapping[str, tuple[Mapping[str, Content], tuple[str, ...]]] = {
    "no such file": ({}, run("--test", "t.csv")),
    "no test data": ({}, run()),
    "no model": ({"t.csv": GOOD}, ("run", "--test", "t.csv")),
    "an empty file": of_test(""),
    "a header alone": of_test("a,b,label\n"),
    "blank lines": of_test("\n\n\n"),
    "a cell too many": of_test("a,b,label\n1,2,x\n3,4,y,z\n"),
    "a cell too few": of_test("a,b,label\n1,2,x\n3,4\n"),
    "text among numbers": of_test("a,b,label\n1,2,x\n3,n.a.,y\n4,4,y\n"),
    "a text column": of_test("a,b,label\n1,AT,x\n3,CH,y\n"),
    "text with many values": of_test("a,b,label\n" + "".join(f"1,v{i},{'xy'[i % 2]}\n" for i in range(60))),
    "names of images": of_test("image,a,label\nx/1.jpg,1,x\nx/2.JPG,2,y\n"),
    "an open quotation mark": of_test('a,b,label\n1,2,x\n3,4,"y\n5,6,x\n'),
    "a cell of 5 MB": of_test("a,b,label\n1,2," + "x" * 5_000_000 + "\n3,4,y\n"),
    "text that is not UTF-8": of_test("a,b,label\n1,2,ä\n3,4,y\n".encode("latin-1")),
    "UTF-16": of_test(GOOD.encode("utf-16")),
    "two columns of one name": of_test("a,a,label\n1,2,x\n3,4,y\n"),
    "a column without a name": of_test(",b,label\n1,2,x\n3,4,y\n"),
    "no label column": of_test("a,b,Label\n1,2,x\n3,4,y\n"),
    "only a label column": of_test("label\nx\ny\n"),
    "no labels in it": of_test("a,b,label\n1,2,\n3,4,\n"),
    "a single label value": of_test("a,b,label\n1,2,x\n3,4,x\n"),
    "100,001 columns": of_test(f"{WIDE},label\n", "t.csv"),
    "10 million columns": of_test("a," * 10_000_000 + "label\n", "t.csv"),
    "a pickle": of_test(b"\x80\x04\x95abc", "t.pkl"),
    "an Excel workbook": of_test(excel, "t.xlsx"),
    "HDF5": of_test(b"\x89HDF\r\n\x1a\n", "t.h5"),
    "a gzip file cut short": of_test(gzip.compress(GOOD.encode() * 50, mtime=0)[:-12], "t.csv.gz"),
    "a gzip file of something else": of_test(gzip.compress(b"\0\1\2", mtime=0), "t.gz"),
    "a JSON array": of_test('[{"a": 1}]', "t.json"),
    "a line of JSON that is no object": of_test('{"a":1,"b":2,"label":"x"}\n[1,2,"y"]\n', "t.jsonl"),
    "JSON with text for a number far below": of_test(
        '{"a":1,"b":2,"label":"x"}\n' * 100_000 + '{"a":true,"b":2,"label":"y"}\n', "t.jsonl"
    ),
    "a broken line of JSON": of_test('{"a":1,"b":2,"label":"x"}\n{"a":1,"b":2,"label":"y"\n', "t.jsonl"),
    "JSON with text for a number": of_test('{"a":1,"b":2,"label":"x"}\n{"a":"?","b":2,"label":"y"}\n', "t.jsonl"),
    "JSON with a key twice": of_test('{"a":1,"a":2,"label":"x"}\n', "t.jsonl"),
    "JSON with a list for a number": of_test('{"a":1,"b":[2],"label":"x"}\n{"a":1,"b":[3],"label":"y"}\n', "t.jsonl"),
    "Parquet cut short": of_test(cut(write_parquet, 300), "t.parquet"),
    "Parquet without rows": of_test(lambda path: write_parquet(TABLE.slice(0, 0), path), "t.parquet"),
    "Parquet with lists": of_test(lambda path: parquet(path, {"a": [[1]], "b": [1], "label": ["x"]}), "t.parquet"),
    "Arrow cut short": of_test(cut(write_arrow, 500), "t.arrow"),
    "Arrow without rows": of_test(lambda path: write_arrow(TABLE.slice(0, 0), path), "t.arrow"),
    "a folder without files": of_test(lambda path: path.mkdir(), "d"),
    "a folder of two kinds": of_test(folder(a_csv=GOOD, b_jsonl='{"a":1,"b":2,"label":"x"}\n'), "d"),
    "a folder with a column missing": of_test(folder(a_csv=GOOD, b_csv="a,label\n1,x\n"), "d"),
    "a folder with a column more": of_test(folder(a_csv=GOOD, b_csv="a,b,c,label\n1,2,3,x\n"), "d"),
    "a folder with a bad cell": of_test(folder(a_csv=GOOD, b_csv="a,b,label\n1,2,x\n3,?,y\n4,4,y\n"), "d"),
    "a partition in one half": of_test(folder(k=GOOD, **{"c=1__b_csv": GOOD}), "d"),
    "a partition that is a column": of_test(folder(**{"a=1__b_csv": GOOD, "a=2__b_csv": GOOD}), "d"),
    "a saved dataset of splits": of_test(saved_splits, "d"),
    "a saved dataset without its files": (
        {"d": saved_in_part},
        run("--test", "d"),
    ),
    "a broken image": of_test(lambda path: images(path, broken=True), "d"),
    "an image without a class": of_test(lambda path: images(path, loose=True), "d"),
    "npz without x": of_test(lambda path: npz(path, features=X, y=Y), "t.npz"),
    "npz of different lengths": of_test(lambda path: npz(path, x=X, y=Y[:2]), "t.npz"),
    "npz with Python objects": of_test(lambda path: npz(path, x=X, y=np.array(["a", 1, None], object)), "t.npz"),
    "npz with two ones in a row": of_test(lambda path: npz(path, x=X, y=[[1, 1], [0, 1], [1, 0]]), "t.npz"),
    "a lone npy": of_test(lambda path: np.save(path, X), "t.npy"),
    "npy without y": of_test(lambda path: write_npy_folder(path, x=X, labels=Y), "d"),
    "safetensors without y": of_test(lambda path: write_safetensors(path, x=X), "t.safetensors"),
    "torch without x": of_test(lambda path: write_torch(path, inputs=X, y=Y), "t.pt"),
    "torch with a list": of_test(lambda path: torch.save([1, 2], path), "t.pt"),
    "torch with code": of_test(lambda path: torch.save(torch.nn.Linear(1, 1), path), "t.pt"),
    "rows too wide for the model": of_test("a,b,c,label\n1,2,3,x\n3,4,5,y\n"),
    "more classes than outputs": of_test("a,b,label\n1,2,x\n3,4,y\n5,6,z\n"),
    "a positive that is no class": of_test(GOOD, "t.csv", "--positive", "fraud"),
    "an id that is no column": of_test(GOOD, "t.csv", "--id", "customer"),
    "a time that is no date": of_test(
        "a,b,when,label\n1,2,2026-01-31,x\n3,4,31/01/2026,y\n", "t.csv", "--time", "when"
    ),
    "a time that is no column": of_test(GOOD, "t.csv", "--time", "when"),
    "one column as group and time": of_test(GOOD, "t.csv", "--time", "b", "--group", "b"),
    "a target that is no column": of_test(GOOD, "t.csv", "--target", "labl"),
    "train in another order": (
        {"t.csv": GOOD, "train.csv": "b,a,label\n1,2,x\n3,4,y\n"},
        run("--test", "t.csv", "--train", "train.csv"),
    ),
    "train as arrays": (
        {"t.csv": GOOD, "train.npz": lambda path: npz(path, x=X, y=Y)},
        run("--test", "t.csv", "--train", "train.npz"),
    ),
    "predictions as arrays": (
        {"p.npz": lambda path: npz(path, x=X, y=Y)},
        ("run", "--predictions", "p.npz", "--quiet", "--format", "json"),
    ),
    "predictions without scores": scored("label,other\nx,1\ny,2\n"),
    "a class without a score": scored("label,p_a,p_b\na,.5,.5\nb,.5,.5\nc,.5,.5\n"),
    "scores that do not sum to 1": scored("label,p_a,p_b\na,.5,.5\nb,.7,.9\n"),
    "an empty decision": scored("label,predicted\na,a\nb,\n"),
    "a key that is no setting": toml('targt = "label"\n'),
    "a value of the wrong kind": toml("threads = 'many'\n"),
    "not TOML": toml("target = \n"),
    "a class named twice": toml('classes = ["x", "x"]\n'),
    "a label that is no class": toml('classes = ["x", "z"]\n'),
    "a feature that is no column": toml('features = ["a", "c"]\n'),
    "the label as a feature": toml('features = ["a", "label"]\n'),
    "a category that is not declared": toml('[categories]\nb = ["AT", "CH"]\n', "a,b,label\n1,AT,x\n3,CH,y\n5,DE,y\n"),
    "an image setting that does not fit": toml("[image]\nmean = [0.5]\n"),
    "images that are numbers": toml('[image]\ncolumn = "a"\n'),
    "texts in two columns": hugging_face(t_csv="title,body,label\na,b,ham\nc,d,spam\n"),
    "no column of text among several": hugging_face(t_csv="a,b,label\n1,2,ham\n3,4,spam\n"),
    "arrays for a model of texts": hugging_face(t_npz=lambda path: npz(path, x=X, y=Y)),
    "labels that the model does not name": hugging_face(t_csv="text,label\nhello,eggs\nmoney,spam\n"),
    "a Hugging Face folder of another task": hugging_face(lambda path: edited(path, architectures=["BertForMaskedLM"])),
    "a Hugging Face folder without weights": hugging_face(lambda path: (path / "model.safetensors").unlink()),
    "a Hugging Face folder without a tokenizer": hugging_face(lambda path: (path / "tokenizer.json").unlink()),
    "a Hugging Face folder of regression": hugging_face(lambda path: edited(path, problem_type="regression")),
    "trust in a file found by itself": toml("trust_model_code = true\n"),
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What each mistake prints, with the place of the files taken out."""
    return {name: said(tmp_path_factory.mktemp("case"), *case) for name, case in CASES.items()}


def said(place: Path, files: Mapping[str, Content], options: tuple[str, ...]) -> str:
    (place / "net.py").write_text(NET)
    torch.save({"weight": torch.eye(2), "bias": torch.zeros(2)}, place / "weights.pt")
    for name, content in files.items():
        if callable(content):
            content(place / name)
        else:
            (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        result = CliRunner().invoke(main, list(options))
    assert result.exit_code == 2, f"{options}: {result.output}"
    return result.output.replace(f"{place}/", "").replace(str(place), ".").rstrip("\n")


def test_the_table_of_errors_reads_as_it_was_read_last(messages: Mapping[str, str]) -> None:
    table = "".join(f"{name}\n    {message}\n\n" for name, message in messages.items())
    if os.environ.get("AUDITOR_UPDATE_GOLD"):
        GOLD.parent.mkdir(exist_ok=True)
        GOLD.write_text(table, "utf-8")
    assert table == GOLD.read_text("utf-8")


def test_every_error_is_one_line_that_names_no_bug(messages: Mapping[str, str]) -> None:
    for name, message in messages.items():
        first, *more = message.splitlines()
        assert first.startswith("auditor: "), name
        assert "Error" not in first.replace("Errors", ""), name
        assert more == [] or more[0] == "[categories]", name
        assert 20 < len(first) < 600, name

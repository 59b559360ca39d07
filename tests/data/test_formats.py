"""Files are told apart by what they hold, and what is not read says what to do."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import pytest

from auditor.data.formats import Format, format_of, sha256, shown
from auditor.errors import InputError
from tests.data.reading import ROWS, npz, parquet, text


def message(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        format_of(path)
    return str(caught.value)


def test_a_parquet_file_may_be_called_csv(tmp_path: Path) -> None:
    assert format_of(parquet(tmp_path / "data.csv", {"a": [1]})) is Format.PARQUET


def test_a_csv_file_may_be_called_parquet(tmp_path: Path) -> None:
    assert format_of(text(tmp_path / "data.parquet", ROWS)) is Format.CSV


def test_an_npz_file_may_have_any_name(tmp_path: Path) -> None:
    path = npz(tmp_path / "data.npz", x=[1], y=[1])
    assert format_of(path.rename(tmp_path / "data.bin")) is Format.NPZ


def test_the_hash_covers_the_full_content(tmp_path: Path) -> None:
    path = text(tmp_path / "data.csv", ROWS * 100_000)
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert message(tmp_path / "data.csv").endswith("data.csv does not exist; name a file that does")


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    assert "is empty; expected CSV" in message(text(tmp_path / "data.csv", ""))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (gzip.compress(b"ustar\x00\x01", mtime=0), "compressed with gzip and holds no text: unpack it first"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cannot be unpacked (Truncated compressed stream)"),
        (b"\xfd7zXZ\x00", "compressed with xz: unpack it first"),
        (b"\x93NUMPY\x01\x00", "single array: write both together"),
        (b"FEA1", "Feather file of the first version"),
        (b'[{"a": 1}]', "is one JSON array: write one object a line"),
        (b"\x89HDF\r\n\x1a\n", "HDF5 file: write it as Parquet"),
        (b"\x80\x04\x95", "looks like a pickle, which runs code"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        (b"a,b\x00\x01\x02", "is a binary file of unknown kind"),
        (b"PK\x03\x04 cut short", "is a damaged zip archive"),
    ],
)
def test_what_is_not_read_says_what_to_do(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    assert expected in message(path)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("xl/workbook.xml", "Excel workbook"),
        ("a.csv", "unpack it first"),
        ("model/models/model.json", "is a saved model: give it as MODEL, and the rows to judge it on as --test"),
        ("net/constants.pkl", "is a saved model"),
    ],
)
def test_a_zip_archive_of_something_else_is_refused(tmp_path: Path, member: str, expected: str) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr(member, "a,b")
    assert expected in message(tmp_path / "data.zip")


def test_a_path_is_shown_relative_to_the_working_folder_and_without_control_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "da\x1b[31mta.csv") == "da�[31mta.csv"

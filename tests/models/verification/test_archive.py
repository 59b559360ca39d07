"""A zip is read only where no two readers can disagree about it."""

import struct
import zipfile
from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.models.verification import Violation, verify
from auditor.models.verification.archive import read_archive
from tests.models.saving import archive
from tests.models.verification.crafting import added, network


def test_members_are_the_bytes_that_were_stored(tmp_path: Path) -> None:
    members = read_archive(archive(tmp_path / "a.zip", {"m/a": b"one", "m/b/c": b""}).read_bytes())
    assert {name: bytes(view) for name, view in members.items()} == {"m/a": b"one", "m/b/c": b""}


def rule(content: bytes) -> str:
    with pytest.raises(Violation) as caught:
        read_archive(content)
    return str(caught.value)


@pytest.mark.parametrize("name", ["m/../../etc/x", "/m/x", "m//x", "m\\x", "C:x", "m/./x", "m/x\x1b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.zip", {"m/abcdefghijkl"[: len(name)].ljust(len(name), "z"): b"x"})
    content = path.read_bytes().replace("m/abcdefghijkl"[: len(name)].ljust(len(name), "z").encode(), name.encode())
    assert rule(content).startswith("rule members")


def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("m/a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("m/a", b"2")
    assert "“m/a” occurs twice" in rule((tmp_path / "a.zip").read_bytes())


def test_a_compressed_member_is_refused_however_large_it_would_become(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("m/bomb", bytes(10_000_000), compress_type=zipfile.ZIP_DEFLATED)
    assert "“m/bomb” is compressed" in rule((tmp_path / "a.zip").read_bytes())


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "a.zip", {"m/a": b"x"}).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "“m/a” is encrypted" in rule(bytes(content))


def test_members_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "a.zip", {"m/a": b"x" * 50, "m/b": b"y"}).read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<II", 90, 90)
    assert "“m/a” lies over its neighbour" in rule(bytes(content))


def test_a_member_with_two_names_is_refused(tmp_path: Path) -> None:
    content = archive(tmp_path / "a.zip", {"m/a": b"x"}).read_bytes().replace(b"m/a", b"m/b", 1)
    assert "another name in its own header" in rule(content)


def test_a_link_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("m/a")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(entry, b"/etc/passwd")
    assert "“m/a” is a link" in rule((tmp_path / "a.zip").read_bytes())


def test_changed_bytes_are_damage(tmp_path: Path) -> None:
    content = archive(tmp_path / "a.zip", {"m/a": b"stored"}).read_bytes().replace(b"stored", b"change")
    with pytest.raises(InputError, match="“m/a” is damaged"):
        read_archive(content)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("data/aotinductor/model/x.so", "compiled code"),
        ("data/weights/evil.so", "compiled code"),
        ("data/constants/custom_obj_0", "an object of a custom class"),
        ("models/another.json", "a member that such an archive does not need"),
        ("data/weights/code.py", "a member that such an archive does not need"),
    ],
)
def test_a_member_that_no_program_needs_is_refused(tmp_path: Path, name: str, why: str) -> None:
    path = added(network(tmp_path / "model.pt2"), name, b"x")
    with pytest.raises(Violation, match=f"rule members: {name}: {why}"):
        verify(path.read_bytes())


def test_a_member_outside_the_folder_is_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "model.pt2")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("elsewhere/models/model.json", b"{}")
    with pytest.raises(Violation, match=r"“elsewhere/models/model.json” lies outside the folder “model/”"):
        verify(path.read_bytes())

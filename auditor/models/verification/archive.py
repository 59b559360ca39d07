"""A zip archive's members, read so that no two readers can disagree about what it holds."""

import stat
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO

from auditor import wording
from auditor.errors import InputError
from auditor.models.verification.violations import Violation

LOCAL_HEADER = b"PK\x03\x04"
LOCAL_HEADER_LENGTH = 30
MOST_MEMBERS = 100_000
LONGEST_NAME = 1000
ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    """A member's name, and where its bytes lie in the archive."""

    name: str
    begins: int
    ends: int


def read_archive(content: bytes) -> dict[str, memoryview]:
    """The members by name, each a view into the archive.

    Violation where a member is compressed or encrypted, lies over another, occurs twice, or has a name that leads
    elsewhere: PyTorch writes none of these, and readers differ in what they make of them. InputError where the archive
    is damaged.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries, end = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise InputError(f"the archive is damaged ({error}); copy or download it again") from error
    if len(entries) > MOST_MEMBERS:
        raise Violation(
            "members", f"{wording.count(len(entries))} members, at most {wording.count(MOST_MEMBERS)} are read"
        )
    members = [_member(content, entry) for entry in entries]
    _apart(members, end)
    views = {member.name: memoryview(content)[member.begins : member.ends] for member in members}
    for entry in entries:
        _whole(entry, views[entry.filename])
    return views


def _member(content: bytes, entry: zipfile.ZipInfo) -> Member:
    name = entry.filename
    parts = name.split("/")
    if name != entry.orig_filename or len(name) > LONGEST_NAME or not name.isascii() or not name.isprintable():
        raise Violation("members", f"a member with an odd name, {wording.quoted(entry.orig_filename)}")
    if any(part in {"", ".", ".."} for part in parts) or "\\" in name or ":" in name:
        raise Violation("members", f"{wording.quoted(name)} leads out of the archive")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Violation("members", f"{wording.quoted(name)} is a link")
    if entry.flag_bits & ENCRYPTED:
        raise Violation("members", f"{wording.quoted(name)} is encrypted")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise Violation("members", f"{wording.quoted(name)} is compressed; PyTorch stores members as they are")
    begins = _data_begins(content, entry)
    return Member(name, begins, begins + entry.file_size)


def _data_begins(content: bytes, entry: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin, by its own header, which must agree with the directory about the name."""
    at = entry.header_offset
    header = content[at : at + LOCAL_HEADER_LENGTH]
    length, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    name = content[at + LOCAL_HEADER_LENGTH : at + LOCAL_HEADER_LENGTH + length]
    if at < 0 or header[:4] != LOCAL_HEADER or name != entry.filename.encode():
        raise Violation("members", f"{wording.quoted(entry.filename)} has another name in its own header")
    return at + LOCAL_HEADER_LENGTH + length + extra


def _apart(members: list[Member], end: int) -> None:
    """Every name once, and no member within another or within the directory."""
    names = [member.name for member in members]
    twice = next((name for place, name in enumerate(sorted(names)[1:]) if sorted(names)[place] == name), None)
    if twice is not None:
        raise Violation("members", f"{wording.quoted(twice)} occurs twice")
    ordered = sorted(members, key=lambda member: member.begins)
    for member, following in zip(ordered, [m.begins for m in ordered[1:]] + [end], strict=True):
        if member.ends > following:
            raise Violation("members", f"{wording.quoted(member.name)} lies over its neighbour")


def _whole(entry: zipfile.ZipInfo, view: memoryview) -> None:
    if len(view) != entry.file_size or zlib.crc32(view) != entry.CRC:
        raise InputError(f"its member {wording.quoted(entry.filename)} is damaged; copy or download it again")

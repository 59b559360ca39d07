"""Valid files, damaged in ways that get past the first check: bytes, members of an archive, values in its JSON."""

import io
import json
import zipfile
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

ODD_VALUES: list[Any] = [
    None, True, -1, 0, 2**63, 10**400, -0.5, "", "x", "\x00", "a'b\"c\n", "../x", "Infinity", "s77", "__import__('os')", [], {},
    [[]], [None], {"as_int": 1}, {"as_expr": {"expr_str": "s0"}}, "9**9**9", "(" * 300, "torch.ops.aten.from_file.default",
]  # fmt: skip


def bytes_changed(content: bytes, data: st.DataObject) -> bytes:
    """Some bytes set, a part cut out or repeated."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(0, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    first, last = sorted(data.draw(st.integers(0, len(changed))) for _ in range(2))
    action = data.draw(st.sampled_from(("keep", "cut", "repeat", "end")))
    if action == "cut":
        del changed[first:last]
    if action == "repeat":
        changed[first:first] = changed[first : min(last, first + 1000)]
    return bytes(changed[:first]) if action == "end" else bytes(changed)


def members_changed(content: bytes, data: st.DataObject) -> bytes:
    """One member changed, renamed, repeated or left out, in an archive whose checksums are right."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = [(name, file.read(name)) for name in file.namelist()]
    place = data.draw(st.integers(0, len(members) - 1))
    name, old = members[place]
    action = data.draw(st.sampled_from(("change", "change", "change", "rename", "leave out", "another's")))
    if action == "change":
        members[place] = (name, member_changed(name, old, data))
    if action == "rename":
        members[place] = (name + data.draw(st.sampled_from(("x", "/../y", ".so", "\\z", "é"))), old)
    if action == "leave out":
        del members[place]
    if action == "another's":
        members[place] = (name, members[data.draw(st.integers(0, len(members) - 1))][1])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for one, entry in members:
            file.writestr(one, entry)
    return buffer.getvalue()


def member_changed(name: str, content: bytes, data: st.DataObject) -> bytes:
    """A member with other bytes, or with other values where it is JSON."""
    if not name.endswith(".json") or data.draw(st.integers(0, 5)) == 0:
        return bytes_changed(content, data) if content else b"x"
    value = json.loads(content)
    for _ in range(data.draw(st.integers(1, 3))):
        value = value_changed(value, data)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def value_changed(value: Any, data: st.DataObject) -> Any:
    """A JSON value with one value in it replaced, added or taken away."""
    if isinstance(value, dict | list) and value and data.draw(st.integers(0, 20)):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.integers(0, 12)) == 0:
            value.pop(key)
        else:
            value[key] = value_changed(value[key], data)
        return value
    if isinstance(value, str) and data.draw(st.booleans()):
        return value + data.draw(st.sampled_from(("'", '"', "\n", ".x", "(", ")", "**9", "é")))
    return deepcopy(data.draw(st.sampled_from(ODD_VALUES)))  # what is put in may be changed next

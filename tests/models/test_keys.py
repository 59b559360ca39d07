"""What a pickle fills and makes is done soon, or refused with the reason."""

import collections
import io
import pickle
import pickletools
import zipfile
from typing import Any

import pytest

from auditor.models.inert import contents, saved_contents

SAME_HASH = 2**61 - 1
COLLIDING = [SAME_HASH * number for number in range(1, 3000)]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def read(value: bytes) -> object:
    return contents(io.BytesIO(value)).value


def call(name: str, *arguments: Any) -> bytes:
    """A pickle that calls a name of another module."""
    pushed = b"".join(pickle.dumps(argument, 2)[2:-1] for argument in arguments)
    return b"\x80\x02c" + name.replace(".", "\n").encode() + b"\n(" + pushed + b"tR."


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [
        dict.fromkeys(COLLIDING, 0),
        set(COLLIDING),
        collections.OrderedDict.fromkeys(COLLIDING),
        collections.Counter(COLLIDING),
        {(number, 0.5) for number in range(2000)},
        {((1, 2), 3): 0},
        {tuple(range(100)): 0},
    ],
    ids=["dict", "set", "ordered", "counter", "tuples", "nested tuple", "long tuple"],
)
def test_keys_that_may_have_been_chosen_to_be_slow_are_refused(value: object, protocol: int) -> None:
    with pytest.raises(ValueError, match=r"its pickle would take for ever to read, .*key"):
        read(pickle.dumps(value, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_keys_of_honest_checkpoints_are_read(protocol: int) -> None:
    vocabulary = {(f"a{number}", "b"): number for number in range(5000)}
    state = {number: {"step": 1.5} for number in range(5000)}
    value = {"state": state, "merges": vocabulary, None: 1, 0.5: 2, True: 3, (1, 2): 4}
    assert read(pickle.dumps(value, protocol)) == value


def test_a_key_that_is_hashed_for_ever_is_refused() -> None:
    doubled = b"\x80\x02}K\x01K\x01\x86" + b"2\x86" * 60 + b"K\x01s."  # (t, t) of itself, 60 times over
    with pytest.raises(ValueError, match="holds tuples"):
        read(doubled)


def test_places_of_the_memo_are_keys_too() -> None:
    with pytest.raises(ValueError, match="more than 60 bits"):
        read(b"(lp%d\n." % SAME_HASH)


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("_codecs.encode", ("é" * 9, "idna"), "codec"),
        ("_codecs.encode", ("é" * 9, "punycode"), "codec"),
        ("__builtin__.bytearray", (2**40,), "1,099,511,627,776 bytes"),
        ("torch.FloatTensor", (2**40,), "where PyTorch writes none"),
        ("torch.Tensor", ([[1]],), "where PyTorch writes none"),
        ("torch.Size", ("12",), "no list"),
        ("collections.OrderedDict", (["ab"],), "no plain list"),
        ("collections.Counter", (5,), "no plain list"),
    ],
)
def test_calls_that_would_not_end_soon_are_refused(name: str, arguments: tuple[Any, ...], reason: str) -> None:
    crafted = call(name, *arguments)
    assert list(pickletools.genops(crafted))
    with pytest.raises(ValueError, match=reason):
        read(crafted)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("_codecs.encode", ("a", "latin1")), ("torch.Size", ((2, 3),)), ("collections.OrderedDict", ([["a", 1]],))],
)
def test_the_same_calls_as_pytorch_writes_them_are_read(name: str, arguments: tuple[Any, ...]) -> None:
    assert contents(io.BytesIO(call(name, *arguments))).calls == (name,)


def archived(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_pickle_that_expands_beyond_measure_is_refused_unread() -> None:
    padded = b"\x80\x02" + b"N0" * 5_000_000 + b"N."
    with pytest.raises(ValueError, match=r"its pickle of [\d,]+ bytes expands to 10,000,004"):
        saved_contents(archived({"a/data.pkl": padded}))
    assert saved_contents(archived({"a/data.pkl": padded[:20_000] + b"N."})).value is None


@pytest.mark.parametrize("other", ["b/data.pkl", "a/DATA.pkl"])
def test_an_archive_of_two_pickles_is_refused_since_readers_may_differ_in_which_they_take(other: str) -> None:
    with pytest.raises(ValueError, match=r"2 members data\.pkl"):
        saved_contents(archived({"a/data.pkl": b"N.", other: b"N."}))

"""What a pickle fills and makes, held to what is done soon.

Python finds a key by its hash. Those of texts differ from run to run; numbers, and tuples of them, can be chosen so that
all hashes agree, and each look-up then passes every other key. The hash of tuples within tuples visits a part as often
as it is reached, which can be for ever.
"""

import re
from collections.abc import Iterable
from typing import Any

OWN_HASH = 2**61 - 1  # a whole number below is its own hash
LONGEST_KEY = 64
MOST_FORESEEN = 1000
MOST_BYTES = 2**28
CODECS = ("latin1", "latin-1", "utf-8", "ascii")
SIZED = re.compile(r"torch\.(\w+\.)?\w*(Tensor|Storage)")


class Slow(ValueError):
    """Something in a pickle would take for ever to make."""


class Entries(dict[Any, Any]):
    """A dictionary whose keys are found quickly; raises Slow at one that may not be."""

    def __init__(self, entries: Iterable[tuple[Any, Any]] = ()) -> None:
        """Take the entries one by one."""
        super().__init__()
        self.foreseen = 0
        for key, value in entries:
            self[key] = value

    def __setitem__(self, key: object, value: object) -> None:
        """Take one entry."""
        self.foreseen = require_quick([key], self.foreseen)
        super().__setitem__(key, value)


class Members(set[Any]):
    """A set whose members are found quickly; raises Slow at one that may not be."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.foreseen = 0

    def update(self, *members: Iterable[Any]) -> None:
        """Take the members of all."""
        for several in members:
            self.foreseen = require_quick(several, self.foreseen)
            super().update(several)


def require_quick(keys: Iterable[Any], before: int = 0) -> int:
    """How many of the keys, and of those before, have a hash that can be foreseen; raise Slow where they may be slow."""
    foreseen = before + sum(map(_is_foreseen, keys))
    if foreseen > MOST_FORESEEN:
        raise Slow(f"more than {MOST_FORESEEN:,} keys are tuples of numbers")
    return foreseen


def require_quick_call(called: str, arguments: tuple[Any, ...]) -> None:
    """Raise Slow where what torch.load would make by this call may take for ever: it makes containers, bytes and tensors."""
    match called, arguments:
        case _, ():
            return
        case "builtins.set" | "collections.Counter", (list() | tuple() as members,):
            require_quick(members)
        case "collections.OrderedDict", (list() | tuple() as pairs,) if all(map(_is_pair, pairs)):
            require_quick(pair[0] for pair in pairs)
        case "builtins.set" | "collections.Counter" | "collections.OrderedDict", (Entries() | Members() | str(),):
            return
        case "builtins.set" | "collections.Counter" | "collections.OrderedDict", _:
            raise Slow(f"{called} is called with what is no plain list")
        case "_codecs.encode" | "builtins.bytearray", (_, codec, *_) if codec not in CODECS:
            raise Slow(f"{called} is called with a codec of its own")
        case "builtins.bytearray", (int() as length, *_) if length > MOST_BYTES:
            raise Slow(f"a bytearray of {length:,} bytes")
        case "torch.Size", (given, *_) if not isinstance(given, list | tuple):
            raise Slow("torch.Size is called with what is no list")
        case _ if SIZED.fullmatch(called):
            raise Slow(f"{called} is called with arguments, where PyTorch writes none")


def _is_pair(given: object) -> bool:
    return isinstance(given, list | tuple) and len(given) == 2


def _is_foreseen(key: object) -> bool:
    """Whether the hash of a key is the same in every run, and agrees with others where someone wants that."""
    if isinstance(key, int) and abs(key) >= OWN_HASH:
        raise Slow("a key is a number of more than 60 bits")
    if not isinstance(key, tuple | frozenset):
        return False
    if len(key) > LONGEST_KEY or any(isinstance(part, tuple | frozenset) for part in key):
        raise Slow("a key is a long tuple, or holds tuples")
    list(map(_is_foreseen, key))
    return not any(isinstance(part, str | bytes) and part for part in key)

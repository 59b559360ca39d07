"""What a pickle holds and what it would call, read without calling any of it.

Only the standard library: this must answer before PyTorch is imported.
"""

import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, ClassVar, Self

from auditor.models.keys import Entries, Members, Slow, require_quick, require_quick_call
from auditor.models.pickles import TORCH_LEGACY

LONGEST = 2**28
UNREMARKABLE, MOST_EXPANSION = 2**20, 100  # torch.save compresses nothing; deflate can by a thousand
LONGEST_NAME = 1000
REBUILDS = "torch._utils._rebuild_"
BEFORE_THE_OBJECT, AFTER_IT = 3, 1  # a legacy file: magic number, version, machine, the object, names of storages

DTYPES = {
    "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64", "Int": "int32",
    "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool", "ComplexFloat": "complex64",
}  # fmt: skip

# Protocol 2, which torch.save writes, spells these as Python 2 did.
NAMES_OF_PYTHON_2 = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "xrange": "range",
    "long": "int",
    "unicode": "str",
}

# What torch.load(weights_only=True) knows itself, and calls.
TENSORS = re.compile(
    r"torch\._utils\._rebuild_\w+|torch\._tensor\._rebuild_from_type_v2|torch\.nn\.parameter\.(Parameter|Buffer)"
    r"|torch\.(\w*Storage|\w*Tensor|Size|device|serialization\._get_layout|storage\.\w+Storage|per_\w+)"
    r"|torch\.(float|bfloat|int|uint|complex|quint|qint)\w*|torch\.(bool|half|double|long|short)"
    r"|collections\.(OrderedDict|Counter)|_codecs\.encode|builtins\.(set|bytearray|complex)"
)
# What stands beside the weights in honest checkpoints. None of it is called: something inert takes its place.
MAPPINGS = frozenset(
    {"collections.defaultdict"}
    | {
        f"{package}.AttributeDict"
        for package in (
            "pytorch_lightning.utilities.parsing",
            "lightning.pytorch.utilities.parsing",
            "lightning.fabric.utilities.data",
            "lightning_fabric.utilities.data",
        )
    }
)
LISTS = frozenset({"collections.deque"})
VALUES_WORDS = """
    numpy.dtype numpy.ndarray numpy.core.multiarray.scalar numpy._core.multiarray.scalar
    numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct numpy._core.numeric._frombuffer
    argparse.Namespace types.SimpleNamespace pathlib.Path pathlib.PosixPath pathlib.WindowsPath
    pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath pathlib._local.PosixPath
    pathlib._local.WindowsPath datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone
    decimal.Decimal fractions.Fraction uuid.UUID torch.torch_version.TorchVersion builtins.list builtins.dict
    builtins.tuple builtins.int builtins.float builtins.str builtins.bool builtins.frozenset builtins.range
    builtins.slice builtins.bytes
"""
VALUES = frozenset(VALUES_WORDS.split())


class Made:
    """Stands for what a pickle would make by calling `called`; keeps what it would be given, and does nothing."""

    called = ""

    def __new__(cls, *arguments: object, **_named: object) -> Self:
        """Keep the arguments."""
        require_quick_call(cls.called, arguments)
        made = super().__new__(cls)
        made.arguments, made.entries = arguments, Entries()
        return made

    def __init__(self, *_arguments: object, **_named: object) -> None:
        """The arguments are kept already."""
        self.arguments: tuple[object, ...]
        self.entries: Entries

    def __setstate__(self, state: object) -> None:
        self.entries = Entries([*self.entries.items(), *(state.items() if isinstance(state, dict) else ())])

    def __setitem__(self, key: object, value: object) -> None:
        self.entries[key] = value

    def append(self, value: object) -> None:
        """A list or a set grows."""
        self.entries[len(self.entries)] = value

    add = append


@dataclass(frozen=True)
class Stored:
    """The place of a tensor's numbers, as the pickle names it: kind of storage, key, device, length."""

    kind: str


@dataclass(frozen=True)
class Contents:
    """What a pickle holds, with `Made` for every call, and the dotted names of all that it would call, in order."""

    value: object
    calls: tuple[str, ...]

    @property
    def beyond_tensors(self) -> tuple[str, ...]:
        """Calls of neither tensors nor plain values: code to be run."""
        return tuple(name for name in self.calls if not is_inert(name))


@dataclass(frozen=True)
class Described:
    """A tensor as its pickle describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class _Reader(pickle._Unpickler):  # noqa: SLF001  (C's grows a table as the file asks)
    """An unpickler that finds no class and no function: each is a name."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)  # noqa: SLF001
    append: Callable[[object], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, encoding="utf-8", errors="surrogateescape")
        self.names: dict[str, None] = {}
        self.memo = Entries()

    def load_empty_dictionary(self) -> None:
        self.append(Entries())

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append(Entries(zip(items[::2], items[1::2], strict=True)))

    def load_empty_set(self) -> None:
        self.append(Members())

    def load_frozenset(self) -> None:
        items = self.pop_mark()
        require_quick(items)
        self.append(frozenset(items))

    dispatch[pickle.EMPTY_DICT[0]] = load_empty_dictionary
    dispatch[pickle.DICT[0]] = load_dict
    dispatch[pickle.EMPTY_SET[0]] = load_empty_set
    dispatch[pickle.FROZENSET[0]] = load_frozenset

    def find_class(self, module: str, name: str) -> type[Made]:
        module, name = NAMES_OF_PYTHON_2.get(module, module), NAMES_OF_PYTHON_2.get(name, name)
        dotted = f"{module}.{name}"
        self.names[dotted] = None
        return type("Made", (Made,), {"called": dotted})

    def persistent_load(self, place: object) -> Stored:
        parts = place if isinstance(place, tuple) else ()
        kind = getattr(parts[1], "called", "") if len(parts) > 1 else ""
        return Stored(kind.rpartition(".")[2])


def contents(stream: IO[bytes]) -> Contents:
    """What the pickle at this place of the stream holds. ValueError where it is none."""
    reader = _Reader(stream)
    try:
        return Contents(reader.load(), tuple(reader.names))
    except Slow as slow:
        raise Slow(f"its pickle would take for ever to read, {slow}") from slow
    except Exception as error:
        raise ValueError(f"no whole pickle: {type(error).__name__}") from error


def saved_contents(content: bytes) -> Contents:
    """What a torch.save file holds, in the format of today or of before PyTorch 1.6. ValueError where it is neither."""
    return saved_in(BytesIO(content))


def saved_in(stream: IO[bytes]) -> Contents:
    """The same of an open file, of which the pickle alone is read."""
    legacy = stream.read(len(TORCH_LEGACY)) == TORCH_LEGACY
    stream.seek(0)
    if legacy:
        parts = [contents(stream) for _ in range(BEFORE_THE_OBJECT + 1 + AFTER_IT)]
        return Contents(
            parts[BEFORE_THE_OBJECT].value, tuple(dict.fromkeys(name for part in parts for name in part.calls))
        )
    try:
        with zipfile.ZipFile(stream) as archive, archive.open(_pickle_of(archive)) as member:
            return contents(BytesIO(member.read()))
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, NotImplementedError) as error:
        raise ValueError(f"no whole archive: {type(error).__name__}") from error


def _pickle_of(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one member `data.pkl`; Slow where it is not alone, or grows beyond all measure when it is expanded."""
    found = [entry for entry in archive.infolist() if entry.filename.rpartition("/")[2].lower() == "data.pkl"]
    if len(found) != 1:
        raise Slow(f"its archive has {len(found)} members data.pkl, and one was expected")
    expanded, stored = found[0].file_size, found[0].compress_size
    if expanded > min(LONGEST, UNREMARKABLE + MOST_EXPANSION * stored):
        raise Slow(f"its pickle of {stored:,} bytes expands to {expanded:,}, more than is read")
    return found[0]


def is_inert(name: str) -> bool:
    """Whether a name that a pickle calls stands for tensors or for plain values beside them."""
    return bool(TENSORS.fullmatch(name)) or name in MAPPINGS | LISTS | VALUES


def is_of_tensors(name: str) -> bool:
    """Whether PyTorch itself rebuilds tensors by this name."""
    return bool(TENSORS.fullmatch(name))


def tensors(value: object) -> Iterator[Described]:
    """The tensors in what a pickle holds, by the keys that lead to them; what lies in two places is looked into once."""
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, found = waiting.pop()
        entries = found.entries if isinstance(found, Made) else found
        if isinstance(found, Made) and found.called.startswith(REBUILDS):
            yield from _described(found, name)
        elif isinstance(entries, dict | list | tuple) and id(entries) not in seen:
            seen.add(id(entries))
            waiting += reversed(list(_inside(name, entries)))


def key_name(key: object) -> str:
    """A key of a dictionary as it is named: texts and short numbers as they are, anything else by its type."""
    return (
        key if isinstance(key, str) else str(key) if isinstance(key, int) and abs(key) < 2**64 else type(key).__name__
    )


def _inside(name: str, entries: dict[Any, Any] | list[Any] | tuple[Any, ...]) -> Iterator[tuple[str, object]]:
    name = name[-LONGEST_NAME:]
    if isinstance(entries, dict):
        return ((f"{name}.{key_name(key)}" if name else key_name(key), entry) for key, entry in entries.items())
    return ((f"{name}[{place}]", entry) for place, entry in enumerate(entries))


def _described(made: Made, name: str) -> Iterator[Described]:
    """`_rebuild_tensor_v2(storage, offset, shape, …)`; a parameter wraps a tensor."""
    wrapped = made.arguments[0] if made.arguments else None
    if isinstance(wrapped, Made) and wrapped.called.startswith(REBUILDS):
        made = wrapped
    match made.arguments:
        case (Stored(kind=kind), int(), tuple() as shape, *_) if all(type(length) is int for length in shape):
            yield Described(name, DTYPES.get(kind.removesuffix("Storage"), kind), shape)

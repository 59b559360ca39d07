"""What a pickle stream begins with, read with pickletools and never executed."""

import pickletools
from itertools import islice
from typing import IO

TORCH_LEGACY = bytes.fromhex(
    "80028a0a6cfc9c46f9206aa850192e"
)  # the magic number of torch.save before PyTorch 1.6, pickled
PLAIN_OPENINGS = ("PROTO", "FRAME", "MARK", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT")
DATA_BUILDERS = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_parameter",
        "torch._tensor._rebuild_from_type_v2",
    }
)


def outermost(stream: IO[bytes]) -> str:
    """The dotted name of the class or function that makes the outermost object; "" for a plain dict or list.

    ValueError where the stream is no pickle.
    """
    words: list[str] = []
    for opcode, argument, _ in islice(pickletools.genops(stream), 16):
        if opcode.name in ("GLOBAL", "INST"):
            return str(argument).replace(" ", ".")
        if opcode.name == "STACK_GLOBAL":
            return ".".join(words[-2:])
        if isinstance(argument, str):
            words.append(argument)
        elif opcode.name not in PLAIN_OPENINGS:
            break
    return ""


def outermost_of_legacy(stream: IO[bytes]) -> str:
    """The same for a torch.save file older than PyTorch 1.6: its fourth pickle is the object."""
    for _ in range(3):
        for _opcode in pickletools.genops(stream):
            pass
    return outermost(stream)


def is_data(name: str) -> bool:
    """Whether a pickle that begins so can be a state_dict; any other class or function is code to be run."""
    return not name or name in DATA_BUILDERS

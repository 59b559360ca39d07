"""What PyTorch's messages mean for whoever gave the model and the rows."""

import re

from auditor import wording
from auditor.errors import InputError
from auditor.models.shapes import Shape, row_words

COLUMNS = "name the model's columns, in its order, as `features` in auditor.toml"
EXPLANATIONS = (
    (
        r"mat1 and mat2 shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)",
        "a layer of it takes {1} values and was given {0}; " + COLUMNS,
    ),
    (
        r"Guard failed: \S+?\.size\(\)\[(\d+)\] ([=<>!]+ \d+)",
        "it was exported for rows with dimension {0} {1}; " + COLUMNS,
    ),
    (
        r"expected input\[.*\] to have (\d+) channels, but got (\d+) channels",
        "its first convolution takes {0} channels and was given {1}; rows must have the shape the model was trained on",
    ),
    (
        r"Expected .*batched.* input to (\w+), but got input of size: \[(.*)\]",
        "its {0} takes rows with more dimensions than these; rows must have the shape the model was trained on",
    ),
    (
        r"to have one of the following scalar types: Long, Int",
        "it looks up embeddings by whole numbers; convert them in its `forward`, for example `features[:, 0].long()`",
    ),
    (
        r"index out of range in self",
        "a category code lies outside its embedding; declare [categories] in auditor.toml in the order of training",
    ),
    (
        r"missing \d+ required positional arguments?: (.*)",
        "its `forward` needs more than the features: {0}; give it a `forward` of one matrix",
    ),
    (
        r"Target of size|required keyword-only arguments?: (.*)",
        "its `forward` needs more than the features: {0}; give it a `forward` of one matrix",
    ),
)
OUT_OF_MEMORY = ("out of memory", "DefaultCPUAllocator: can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
NO_CUDA = (
    "Torch not compiled with CUDA",
    "No CUDA GPUs are available",
    "no NVIDIA driver",
    "deserialize object on a CUDA",
)
LONGEST = 200


def text_failure(name: str, error: Exception) -> InputError:
    """A failed forward pass of model `name` on texts."""
    return InputError(
        f"{name} failed on texts: {shown(error)}; find out whether its tokenizer is its own, and run it on one text to see where"
    )


def forward_failure(name: str, shape: tuple[int, ...], error: Exception) -> InputError:
    """A failed forward pass of model `name` on rows of `shape`, as an error the user can act on."""
    text = one_line(error)
    for pattern, meaning in EXPLANATIONS:
        found = re.search(pattern, text)
        if found:
            return InputError(f"{name} cannot be run on rows of {row_words(shape)}: {meaning.format(*found.groups())}")
    return InputError(
        f"{name} failed on rows of {row_words(shape)}: {shown(error)}; run the model on one such row to see where"
    )


def is_out_of_memory(error: Exception) -> bool:
    """Whether the device had no room, so that fewer rows may fit."""
    return any(sign in str(error) for sign in OUT_OF_MEMORY)


def is_without_cuda(error: Exception) -> bool:
    """Whether a file asked for a CUDA device that this machine lacks."""
    return any(sign in str(error) for sign in NO_CUDA)


def shown(error: BaseException) -> str:
    """The error's type and text on one line, cut to a sane length and without control characters."""
    text = one_line(error)
    return (
        f"{type(error).__name__}: {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"
        if text
        else type(error).__name__
    )


def one_line(error: BaseException) -> str:
    """The error's text with runs of white space as single spaces and without control characters."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(str(error).split()))


def listed(names: list[str], most: int = 3) -> str:
    """The first few names and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(wording.name(name) for name in names[:most]) + more


def wrong_rows(name: str, expected: Shape, found: tuple[int, ...], source: str = "the data") -> InputError:
    """Rows of a shape that model `name` is known not to take."""
    return InputError(f"{name} takes rows of {row_words(expected)}, {source} has {row_words(found)}: {COLUMNS}")

"""Texts as the tokens that a model takes, by the tokenizer in its folder."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from auditor import wording
from auditor.batches import Array
from auditor.errors import InputError
from auditor.layout import TEXT, Input
from auditor.models import failures
from auditor.models.adapters import Adapter
from auditor.models.files import BESIDE, CONFIG, ModelFile
from auditor.models.forward import Forward
from auditor.models.hugging_face import folder
from auditor.models.model import Model

ROWS_AT_ONCE, MOST_ROWS_AT_ONCE = {"cpu": 32}, 256
WORKS_ON = (2048,)  # values a row: batches of 256 rows on the CPU, whose texts are then run by their length
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")


@dataclass(eq=False)
class Tokens:
    """Makes tokens of texts, cut at `longest`, and where they are `padded` to the longest of a batch; remembers which were cut."""

    tokenizer: Any
    longest: int | None
    taken: frozenset[str]
    padded: bool
    _cut: set[int] = field(default_factory=set, init=False)

    def __call__(self, columns: Mapping[str, Array]) -> dict[str, Tensor]:
        """The tensors (n, tokens) that the model takes by name, of one column of texts, or of two read together."""
        texts = [column.tolist() for column in columns.values()]
        made = self._made(texts, padding=self.padded, return_tensors="pt")
        rows = zip(made.encodings, zip(*texts, strict=True), strict=True)
        self._cut.update(hash(row) for encoding, row in rows if encoding.overflowing)
        return {name: tensor for name, tensor in made.items() if name in self.taken}

    def cut(self, texts: Array) -> NDArray[np.bool_]:
        """(n,) bool: which rows of (n, columns) texts have more tokens than the model takes."""
        made = self._made(texts.T.tolist())
        return np.array([bool(encoding.overflowing) for encoding in made.encodings])

    def _made(self, texts: list[list[str]], **how: Any) -> Any:  # noqa: ANN401  (Transformers need not be installed)
        return self.tokenizer(*texts, truncation=self.longest is not None, max_length=self.longest, **how)

    def remarks(self) -> tuple[str, ...]:
        """How many different texts were cut so far."""
        if not self._cut:
            return ()
        return (f"{wording.plural(len(self._cut), 'different text')} had more tokens than {self.longest} and were cut",)


def reading_texts(model: Model, file: ModelFile, module: nn.Module) -> Model:
    """The model with its tokenizer before it. InputError where the folder has none that Transformers can make of its files."""
    assert isinstance(model.forward, Forward)
    tokenizer = _tokenizer(file)
    _require_fit(file, tokenizer, module)
    longest = _longest(tokenizer, module)
    padding = tokenizer.pad_token_id
    alone = padding is None or padding != getattr(module.config, "pad_token_id", None)
    tokens = Tokens(tokenizer, longest, frozenset(inspect.signature(module.forward).parameters), not alone)
    forward = replace(
        model.forward,
        adapter=Adapter(prepare=tokens, remarks=tokens.remarks),
        fewest=1 if alone else 2,
        most=1 if alone else ROWS_AT_ONCE.get(model.forward.device.type, MOST_ROWS_AT_ONCE),
        sizes=_letters,
    )
    limit = f"cut at {longest} tokens" if longest else "not cut, as neither tokenizer nor model states a longest text"
    notes = [f"texts become tokens by {type(tokenizer).__name__}, {limit}"]
    if alone:
        notes.append("tokenizer and model share no token to fill shorter texts up with: texts are run one by one")
    return replace(
        model,
        forward=forward,
        remarks=forward.remarks,
        notes=(*model.notes, *notes),
        inputs=(Input("text", TEXT, ()),),
        works_on=WORKS_ON,
        cut=tokens.cut,
    )


def _letters(texts: Array) -> Array:
    """(n,) how long the texts (n, columns) of each row are; texts of about one length are filled up the least."""
    return np.asarray(np.strings.str_len(texts).sum(axis=1))


def _tokenizer(file: ModelFile) -> Any:  # noqa: ANN401  (Transformers need not be installed)
    """The tokenizer of the folder's own files as they were hashed, in a folder of nothing else."""
    from transformers import AutoTokenizer

    if not any(folder.member(file, name) for name in VOCABULARIES):  # Transformers would make an empty one
        raise _without_tokenizer(file, f"it holds none of {', '.join(VOCABULARIES)}")
    with TemporaryDirectory() as place:
        for name in (CONFIG, *BESIDE):
            part = folder.member(file, name)
            if part is not None:
                (Path(place) / name).write_bytes(part.content)
        try:
            made = AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False, use_fast=True)
        except Exception as error:
            raise _without_tokenizer(file, failures.shown(error)) from error
    if not made.is_fast:
        raise InputError(
            f"{file.name} has a tokenizer of Python code ({type(made).__name__}), and one with a tokenizer.json was "
            "expected; tokenise in the prepare() of an --adapter"
        )
    if made.vocab_size <= len(made.all_special_ids):
        raise _without_tokenizer(file, "it would know no word")
    return made


def _require_fit(file: ModelFile, tokenizer: Any, module: nn.Module) -> None:  # noqa: ANN401
    """InputError where the tokenizer knows more tokens than the model: it is that of another one."""
    known = getattr(module.config, "vocab_size", None)
    if isinstance(known, int) and len(tokenizer) > known:
        raise InputError(
            f"{file.name}: the tokenizer knows {wording.plural(len(tokenizer), 'token')} and the model {wording.count(known)}; "
            "save the model's own tokenizer beside it"
        )


def _without_tokenizer(file: ModelFile, reason: str) -> InputError:
    return InputError(
        f"{file.name} has no tokenizer that can be made of its files: {reason}; save it beside the model with "
        "tokenizer.save_pretrained, so that it has a tokenizer.json"
    )


def _longest(tokenizer: Any, module: nn.Module) -> int | None:  # noqa: ANN401
    """How many tokens a text may have: what the tokenizer states, else the places that the model has; None for neither."""
    stated = tokenizer.model_max_length
    places = getattr(getattr(module, "config", None), "max_position_embeddings", None)
    known = [stated] if stated < folder.UNSTATED else []
    if isinstance(places, int) and places > 0:
        known.append(places - _first_place(module))
    return min(known, default=None)


def _first_place(module: nn.Module) -> int:
    """Where models after RoBERTa begin to number tokens: behind the place of their padding."""
    found = [part for name, part in module.named_modules() if name.endswith("position_embeddings")]
    padding = next((part.padding_idx for part in found if isinstance(part, nn.Embedding)), None)
    return 0 if padding is None else padding + 1

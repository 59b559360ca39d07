"""How the tests save small Hugging Face folders: random weights, and a vocabulary made here."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from auditor.batches import Array
from auditor.config import Config
from auditor.models import Model, open_model

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("free", "win", "money", "now", "hello", "friend", "meet", "at", "noon", "cash", "##s", "##ing", ",", ".", "!")
VOCABULARY = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}
LONGEST = 16
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
TEXTS = ("free money now !", "hello friend, meet at noon.", "", "wins, winnings", "Ünknown wörds", "win " * 40, "CASH")


def named(*names: str) -> dict[str, Any]:
    """The names of classes as a configuration has them."""
    return {"id2label": dict(enumerate(names)), "label2id": {name: number for number, name in enumerate(names)}}


@cache
def bert(names: tuple[str, ...] = ("ham", "spam"), **settings: Any) -> nn.Module:
    """A classifier of texts; its weights are so large that answers differ."""
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    places = {"vocab_size": len(VOCABULARY), "max_position_embeddings": LONGEST, "initializer_range": 0.5}
    made: nn.Module = BertForSequenceClassification(BertConfig(**SMALL | places | named(*names) | settings)).eval()
    return made


def tokenizer(**settings: Any) -> Any:
    """BERT's tokenizer of the small vocabulary."""
    from transformers import BertTokenizerFast

    return BertTokenizerFast(**{"vocab": VOCABULARY, "model_max_length": LONGEST} | settings)


def text_folder(folder: Path, module: Any = None, **settings: Any) -> Path:
    """A folder with a classifier of texts and its tokenizer."""
    made: Any = module or bert()
    made.save_pretrained(folder)
    tokenizer(**settings).save_pretrained(folder)
    return folder


def edited(folder: Path, name: str = "config.json", **changes: Any) -> Path:
    """The folder with keys of a JSON file changed; None takes a key out."""
    found = json.loads((folder / name).read_text()) | changes
    (folder / name).write_text(json.dumps({key: value for key, value in found.items() if value is not None}))
    return folder


def opened(folder: Path, **settings: Any) -> Model:
    """The Model of a folder, on the CPU."""
    return open_model(Config.model_validate({"model": folder, "device": "cpu", "threads": 1} | settings))


def rows(*columns: tuple[str, ...]) -> Array:
    """(n, columns) texts as a table's batches have them."""
    return np.array(list(zip(*columns, strict=True)), np.dtypes.StringDType())


def csv_of(path: Path, columns: Mapping[str, tuple[object, ...]]) -> Path:
    """A CSV file of these columns, every cell in quotes."""
    quoted = [['"' + str(cell).replace('"', '""') + '"' for cell in row] for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(",".join(row) for row in [list(columns), *quoted]) + "\n")
    return path

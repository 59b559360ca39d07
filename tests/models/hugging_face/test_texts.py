"""Texts reach a model as its own tokenizer makes them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from auditor.batches import Array
from auditor.config import Config
from auditor.data import open_splits
from auditor.errors import InputError
from auditor.hashing import row_hashes
from auditor.layout import TEXT, Input, Layout
from auditor.models import Model, completed, fed
from tests.data.writing import TABLES
from tests.models.hugging_face.saving import (
    LONGEST,
    TEXTS,
    VOCABULARY,
    bert,
    csv_of,
    edited,
    named,
    opened,
    rows,
    text_folder,
    tokenizer,
)  # fmt: skip

pytest.importorskip("transformers")

COLUMN = Layout(("text",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return text_folder(tmp_path_factory.mktemp("bert"))


def logits(model: Model, *columns: tuple[str, ...]) -> Array:
    names = tuple(f"text {number}" for number in range(len(columns)))
    return fed(model, Layout(names)).forward(rows(*columns))


def by_pipeline(folder: Path, texts: list[Any], names: tuple[str, ...] = ("ham", "spam")) -> Array:
    """(n, classes) probabilities as Transformers' own pipeline gives them."""
    from transformers import pipeline

    run: Any = pipeline("text-classification", model=str(folder), tokenizer=str(folder), device="cpu")
    found = run(texts, top_k=None, truncation=True)
    scores = [{entry["label"]: entry["score"] for entry in row} for row in found]
    return np.array([[row[name] for name in names] for row in scores])


def softmax(outputs: Array) -> Array:
    return torch.from_numpy(outputs).double().softmax(dim=1).numpy()


def test_probabilities_are_those_of_transformers_own_pipeline(folder: Path) -> None:
    assert softmax(logits(opened(folder), TEXTS)) == pytest.approx(by_pipeline(folder, list(TEXTS)), abs=1e-6)


def test_pairs_of_texts_are_read_together(folder: Path) -> None:
    first = tuple(text for text in TEXTS if text)  # the pipeline takes an empty second text for none
    second = first[::-1]
    expected = by_pipeline(
        folder, [{"text": one, "text_pair": other} for one, other in zip(first, second, strict=True)]
    )
    found = softmax(logits(opened(folder), first, second))
    assert found == pytest.approx(expected, abs=1e-6)
    assert np.abs(found - softmax(logits(opened(folder), first))).max() > 0.01


def test_a_text_gets_the_same_answer_alone_and_in_any_company(folder: Path) -> None:
    model = opened(folder)
    alone = np.concatenate([logits(model, (text,)) for text in TEXTS])
    assert alone == pytest.approx(logits(model, TEXTS), abs=1e-5)


def test_different_texts_that_were_cut_are_counted_once(folder: Path) -> None:
    model = fed(opened(folder), COLUMN)
    assert "texts become tokens by BertTokenizer, cut at 16 tokens" in model.load_report
    model.forward(rows(("win " * 14, "win " * 13)))
    assert not any("were cut" in note for note in model.load_report)
    for _ in range(2):
        model.forward(rows(("win " * 15, "hello " * 30, "win " * 15)))
    assert "2 different texts had more tokens than 16 and were cut" in model.load_report
    assert model.cut is not None
    assert model.cut(rows(("win " * 14, "win " * 15, ""))).tolist() == [False, True, False]
    assert model.cut(rows(("win " * 7, "win " * 7), ("win " * 6, "win " * 7))).tolist() == [False, True]


def test_many_texts_of_all_lengths_keep_their_order(folder: Path) -> None:
    model = opened(folder)
    texts = tuple(["win", "hello", "money", "noon"][n % 4] + " at" * (n * 7 % 13) for n in range(100))
    one_by_one = np.concatenate([logits(model, (text,)) for text in texts])
    assert logits(model, texts) == pytest.approx(one_by_one, abs=1e-5)


@pytest.mark.parametrize(("stated", "longest"), [(8, 8), (10**30, LONGEST), (512, LONGEST)])
def test_texts_are_cut_where_tokenizer_or_model_ends(tmp_path: Path, stated: int, longest: int) -> None:
    model = opened(text_folder(tmp_path, model_max_length=stated))
    assert any(f"cut at {longest} tokens" in note for note in model.load_report)
    assert logits(model, ("win " * 100,)).shape == (1, 2)


def test_models_that_number_tokens_behind_their_padding_have_fewer_places(tmp_path: Path) -> None:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    sizes: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = RobertaConfig(vocab_size=len(VOCABULARY), max_position_embeddings=18, pad_token_id=0, **sizes)
    model = opened(text_folder(tmp_path, RobertaForSequenceClassification(config).eval(), model_max_length=10**30))
    assert any("cut at 17 tokens" in note for note in model.load_report)
    assert logits(model, ("win " * 100,)).shape == (1, 2)


def test_a_tokenizer_without_padding_runs_texts_one_by_one(tmp_path: Path) -> None:
    from transformers import GPT2Config, GPT2ForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    names: dict[str, Any] = named("ham", "spam")
    config = GPT2Config(vocab_size=len(VOCABULARY), n_positions=LONGEST, n_embd=16, n_layer=1, n_head=2, **names)
    module = GPT2ForSequenceClassification(config).eval()
    module.save_pretrained(tmp_path)
    made: Any = PreTrainedTokenizerFast(tokenizer_object=tokenizer().backend_tokenizer, model_max_length=LONGEST)
    made.save_pretrained(tmp_path)
    model = opened(tmp_path)
    texts = tuple(text for text in TEXTS if text)
    with torch.no_grad():
        expected = [module(**made(text, truncation=True, return_tensors="pt")).logits[0].numpy() for text in texts]
    assert logits(model, texts) == pytest.approx(np.stack(expected), abs=1e-6)
    assert any("texts are run one by one" in note for note in model.load_report)


def test_texts_are_run_one_by_one_where_tokenizer_and_model_pad_differently(folder: Path, tmp_path: Path) -> None:
    other = edited(Path(shutil.copytree(folder, tmp_path / "other")), pad_token_id=4)
    assert logits(opened(other), TEXTS) == pytest.approx(logits(opened(folder), TEXTS), abs=1e-5)
    assert any("share no token to fill" in note for note in opened(other).load_report)


def test_a_failure_on_texts_speaks_of_texts(tmp_path: Path) -> None:
    short = opened(text_folder(tmp_path / "short", bert(type_vocab_size=1)))
    with pytest.raises(
        InputError, match=r"short failed on texts: IndexError: index out of range.*whether its tokenizer"
    ):
        logits(short, ("win",), ("win",))


def test_an_adapter_of_scores_alone_keeps_the_tokenizer(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.py"
    adapter.write_text("def scores(output):\n    return output.logits.flip(1)\n")
    assert np.array_equal(logits(opened(folder, adapter=adapter), TEXTS), logits(opened(folder), TEXTS)[:, ::-1])


def test_the_prepare_of_an_adapter_gets_the_texts_by_their_column(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.py"
    ids = {word: number for word, number in VOCABULARY.items() if word in ("win", "hello")}
    adapter.write_text(
        "import torch\n\ndef prepare(batch):\n"
        f"    return {{'input_ids': torch.tensor([[{ids}[text]] for text in batch['text'].tolist()])}}\n"
    )
    model = fed(opened(folder, adapter=adapter), COLUMN)
    with torch.no_grad():
        expected = bert()(torch.tensor([[ids["hello"]], [ids["win"]]])).logits.numpy()
    assert model.forward(rows(("hello", "win"))) == pytest.approx(expected, abs=1e-6)


def test_the_columns_and_the_classes_are_found(folder: Path, tmp_path: Path) -> None:
    model = opened(folder)
    table = csv_of(tmp_path / "t.csv", {"n": (1, 2, 3), "text": ("a\nb", 'say "x"', ""), "label": (0, 1, "spam")})
    settings = completed(model_settings(model, table, ids=("n",)), model)
    splits = open_splits(settings, model.class_names, model.inputs)
    (batch,) = (batch for shard in splits.test.shards() for batch in shard.batches(8))
    assert splits.test.feature_names == ("text",)
    assert batch.features is not None
    assert batch.features.tolist() == [["a\nb"], ['say "x"'], [""]]
    assert (splits.class_names, splits.class_names_from) == (("ham", "spam"), "id2label of the model")
    assert batch.labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize("form", TABLES)
def test_texts_are_the_same_from_every_kind_of_table(form: str, tmp_path: Path) -> None:
    texts = ("caf\u00e9, \u4f60\u597d", 'say "x"', "a", "1.0", " ")
    path = TABLES[form](pa.table({"text": texts, "label": ["x", "y", "x", "y", "x"]}), tmp_path / "data")
    splits = open_splits(Config(test=path), (), (Input("text", TEXT, ()),))
    parts = [batch.features for shard in splits.test.shards() for batch in shard.batches(2)]
    assert np.concatenate([part for part in parts if part is not None]).tolist() == [[text] for text in texts]


def test_two_columns_of_text_ask_for_a_line_that_then_works(folder: Path, tmp_path: Path) -> None:
    model = opened(folder)
    table = csv_of(tmp_path / "t.csv", {"title": ("a", "b"), "body": ("c", "d"), "label": ("ham", "spam")})
    with pytest.raises(InputError, match=r'2 columns of text, "title", "body".*features = \["title"\]'):
        open_splits(model_settings(model, table), model.class_names, model.inputs)
    splits = open_splits(model_settings(model, table, features=("body", "title")), model.class_names, model.inputs)
    (batch,) = (batch for shard in splits.test.shards() for batch in shard.batches(8))
    assert batch.features is not None
    assert batch.features.tolist() == [["c", "a"], ["d", "b"]]


def test_equal_texts_have_equal_hashes_however_unicode_composes_them() -> None:
    composed, taken_apart = "caf\u00e9", "cafe\u0301"
    hashes = row_hashes(rows((composed, taken_apart, "cafe", "ab", "a"), ("x", "x", "x", "c", "bc")))
    assert hashes[0] == hashes[1]
    assert len(set(hashes.tolist())) == 4


def test_several_labels_are_those_of_the_configuration(tmp_path: Path) -> None:
    names = ("toxic", "obscene", "threat")
    folder = edited(text_folder(tmp_path, bert(names)), problem_type="multi_label_classification")
    model = opened(folder)
    assert completed(model_settings(model, tmp_path), model).labels == names
    assert completed(model_settings(model, tmp_path, labels=names), model).labels == names


def model_settings(model: Model, test: Path, **settings: Any) -> Any:
    return Config.model_validate({"model": model.path, "test": test} | settings)

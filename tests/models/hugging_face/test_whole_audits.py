"""A whole audit of a Hugging Face folder, from the command line to the report."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from auditor.cli import main
from tests.models.hugging_face.saving import bert, csv_of, edited, tokenizer
from tests.models.hugging_face.test_images import vit_folder

pytest.importorskip("transformers")

SPAM = ("free money", "win cash now !", "cash, cash", "money win")
HAM = ("hello friend", "meet at noon .", "friend , noon", "at noon meet hello")
FILLERS = (
    "at", "now at", "at , at", ". .", "! ,", "meet now", "at . now", "now , now", "hello !", "! !", ", ,", "now . at",
    "win at", "at ! now", ". at", ", now",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that learnt these few words."""
    place = tmp_path_factory.mktemp("learnt")
    module: Any = bert(("ham", "spam"), initializer_range=0.02)
    tokens = tokenizer()(list(SPAM + HAM), padding=True, return_tensors="pt")
    labels = torch.tensor([1] * len(SPAM) + [0] * len(HAM))
    optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        loss = module(**tokens, labels=labels).loss
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05
    module.save_pretrained(place)
    tokenizer().save_pretrained(place)
    return place


def table(words: tuple[str, ...], more: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Every filler before every word of spam and ham, with labels."""
    rows = [
        (f"{word} {filler}", label)
        for filler in words
        for label, kind in (("spam", SPAM), ("ham", HAM))
        for word in kind
    ]
    rows += [(text, "ham") for text in more]
    return {"message": tuple(text for text, _ in rows), "label": tuple(label for _, label in rows)}


def audited(*arguments: str, out: Path) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(main, ["run", *arguments, "--out", str(out), "--device", "cpu", "--quiet"])
    assert result.exit_code != 70, result.output
    return result.exit_code, json.loads((out / "report.json").read_text())


def found(report: dict[str, Any], check: str) -> dict[str, Any]:
    return next(finding for finding in report["findings"] if finding["check"] == check)


def test_texts_are_audited_and_copies_of_training_texts_are_seen(folder: Path, tmp_path: Path) -> None:
    shared = "friend caf\u00e9 noon"
    test = csv_of(tmp_path / "test.csv", table(FILLERS[:14], (shared, shared + " .", "win " * 40)))
    train = csv_of(tmp_path / "train.csv", table(FILLERS[14:], ("friend cafe\u0301 noon",)))
    _, report = audited(
        str(folder), "--test", str(test), "--train", str(train), "--format", "html", out=tmp_path / "out"
    )
    assert report["measurements"]["test"]["class_names"] == ["ham", "spam"]
    assert report["measurements"]["test"]["accuracy"]["value"] > 0.7
    assert report["overlap"]["n_shared"] == 1
    assert report["overlap"]["verified"] == 1
    assert found(report, "input-sensitivity")["status"] == "pass"
    assert found(report, "batch-independence")["status"] == "pass"
    assert found(report, "preprocessing")["message"].startswith("0.9% of 115 test texts (")
    notes = report["provenance"]["model"]["notes"]
    assert "1 different text had more tokens than 16 and were cut" in notes
    assert {"transformers", "tokenizers"} <= set(report["provenance"]["versions"])
    assert report["provenance"]["model"]["output_kind"] == "logits"
    assert "Hugging Face folder" in (tmp_path / "out" / "report.html").read_text()


def test_training_texts_in_capitals_are_found_in_test(folder: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    words = np.array([word for text in SPAM + HAM for word in text.split() if word.isalpha()])
    texts = [" ".join(row) for row in draw.choice(words, (2000, 8))]
    texts[:50] = [text.upper() for text in texts[1000:1050]]
    labels = [
        "spam" if sum(word in "free win money cash" for word in text.lower().split()) > 4 else "ham" for text in texts
    ]
    test, train = (
        csv_of(tmp_path / f"{name}.csv", {"text": tuple(texts[part]), "label": tuple(labels[part])})
        for name, part in (("test", slice(1000)), ("train", slice(1000, 2000)))
    )
    _, report = audited(
        str(folder), "--test", str(test), "--train", str(train), "--format", "json", out=tmp_path / "out"
    )
    assert found(report, "shared-rows")["message"].startswith("None of the 1,000 test rows")
    copies = found(report, "near-duplicates")
    assert (copies["status"], copies["severity"], copies["confidence"]) == ("fail", "major", "confirmed")
    assert copies["message"].startswith(
        "50 of 1,000 test rows (5.0%) equal a training row but for case and spacing; 0 of 1,000 training rows (0%) so equal "
        "another one: all 50 have the label of the first such training row, and the model is right on "
    )
    assert "the first pairs, test row and training row, are 1 and 1, 2 and 2, 3 and 3" in copies["remedy"]


def test_pairs_of_texts_with_several_labels_are_audited(tmp_path: Path) -> None:
    names = ("toxic", "obscene", "threat")
    module: Any = bert(names)
    module.save_pretrained(tmp_path / "m")
    tokenizer().save_pretrained(tmp_path / "m")
    edited(tmp_path / "m", problem_type="multi_label_classification")
    texts = tuple(f"{word} {filler}" for word in SPAM + HAM for filler in FILLERS[:8])
    draw = np.random.default_rng(2).integers(0, 2, (3, len(texts)))
    flags = {name: tuple(row.tolist()) for name, row in zip(names, draw, strict=True)}
    test = csv_of(tmp_path / "t.csv", {"question": texts, "answer": texts[::-1], **flags})
    (tmp_path / "auditor.toml").write_text('features = ["question", "answer"]\n')
    options = ("--test", str(test), "--config", str(tmp_path / "auditor.toml"), "--format", "json")
    _, report = audited(str(tmp_path / "m"), *options, out=tmp_path / "out")
    assert list(report["measurements"]["test"]["class_names"]) == list(names)
    assert found(report, "input-sensitivity")["message"].startswith("Each of 2 columns changes outputs")


def test_images_in_a_folder_a_class_are_audited(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    for split in ("test", "train"):
        for number in range(24):
            path = tmp_path / split / ("cat" if number % 2 else "dog") / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(draw.integers(0, 256, (30, 40, 3), np.uint8)).save(path)
    model = vit_folder(tmp_path / "vit", size={"height": 32, "width": 32})
    data = ("--test", str(tmp_path / "test"), "--train", str(tmp_path / "train"))
    _, report = audited(str(model), *data, "--format", "json", out=tmp_path / "out")
    assert report["provenance"]["settings"]["images"].startswith(
        "decoded as RGB, turned as EXIF says, resized to 32 x 32"
    )
    assert report["measurements"]["test"]["n_samples"] == 24
    assert report["provenance"]["class_names_from"] == "id2label of the model"


def test_texts_that_are_no_table_are_told(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 3), np.float32), y=np.array([0, 1, 0, 1]))
    result = CliRunner().invoke(main, ["run", str(folder), "--test", str(tmp_path / "a.npz")])
    assert result.exit_code == 2
    assert "holds arrays, and the model reads texts" in result.stderr


def test_settings_are_proposed_that_then_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, tmp_path / "bert")
    columns = table(FILLERS[:3])
    csv_of(tmp_path / "test.csv", {"mail_id": tuple(range(24)), "note": ("-",) * 24, **columns})
    proposed = CliRunner().invoke(main, ["init", "--target", "label"])
    assert proposed.exit_code == 0, proposed.output
    text = (tmp_path / "auditor.toml").read_text()
    for line in ('model = "bert"', 'features = ["note"]  # a guess', 'classes = ["ham", "spam"]'):
        assert line in text
    (tmp_path / "auditor.toml").write_text(text.replace('["note"]', '["message"]'))
    _, report = audited("--format", "json", out=tmp_path / "out")
    assert report["measurements"]["test"]["n_samples"] == 24

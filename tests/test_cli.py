"""The command line as its users meet it: verdicts, exit codes, files, and one clear line where something is wrong."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from auditor import checking
from auditor.cli import main

ROOT = Path(__file__).parent.parent


def auditor(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def whole_report(folder: Path) -> dict:
    assert not list(folder.glob(".*")), "no half-written file is left"
    return json.loads((folder / "report.json").read_text())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with two features, its weights, and tables it can be run on."""
    folder = tmp_path_factory.mktemp("home")
    draw = np.random.default_rng(0)
    x = draw.normal(size=(600, 2)).astype(np.float32)
    labels = np.where(x[:, 0] + 0.3 * draw.normal(size=600) > 0, "yes", "no")
    lines = [f"{a:.6f},{b:.6f},{label}" for (a, b), label in zip(x, labels, strict=True)]
    (folder / "test.csv").write_text("\n".join(["f1,f2,label", *lines[:300]]) + "\n")
    (folder / "train.csv").write_text("\n".join(["f1,f2,label", *lines[300:]]) + "\n")
    model = nn.Linear(2, 2)
    model.weight.data = torch.tensor([[-4.0, 0.0], [4.0, 0.0]])
    model.bias.data = torch.zeros(2)
    program = torch.export.export(
        model.eval(), (torch.zeros(2, 2),), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},)
    )
    torch.export.save(program, folder / "model.pt2")
    torch.save(model.state_dict(), folder / "weights.pt")
    (folder / "net.py").write_text("from torch import nn\n\n\nclass Net(nn.Linear):\n    pass\n")
    return folder


def run(home: Path, out: Path, *arguments: object, model: str = "model.pt2") -> Result:
    trust = (
        ["--trust-model-code"]
        if model.endswith(".pt2")
        else ["--model-class", "net:Net", "--model-args", '{"in_features": 2, "out_features": 2}']
    )
    return auditor(
        "run", home / model, "--test", home / "test.csv", *trust, "--out", out, "--format", "json", *arguments
    )


def test_the_sentence_this_program_exists_for(fraud_table, tmp_path):
    result = auditor("run", "--predictions", fraud_table, "--preset", "fraud", "--out", tmp_path, "--format", "html")
    report = whole_report(tmp_path)
    assert result.exit_code == 1
    assert report["verdict"]["headline"] == "98.0% accuracy but 12% recall on `fraud`: not production-ready."
    recall = report["measurements"]["test"]["classes"]["fraud"]["recall"]
    assert (round(recall["low"], 3), round(recall["high"], 3)) == (0.082, 0.172)
    page = (tmp_path / "report.html").read_text()
    for text in (re.sub(r"\s+", " ", result.stdout), page):
        assert "98.0% accuracy but 12% recall on" in text
        assert "not production-ready" in text
        assert "majority also gets 98.0%" in text


def test_eight_of_nine_is_not_enough_and_the_answer_says_how_many_are(tmp_path):
    table = tmp_path / "p.csv"
    table.write_text("label,predicted\n" + "sick,sick\n" * 8 + "sick,well\n" + "well,well\n" * 500)
    result = auditor(
        "run", "--predictions", table, "--gate", "recall[sick]>=0.8", "--out", tmp_path / "out", "--format", "json"
    )
    assert result.exit_code == 3
    assert "115 more" in result.stdout
    assert "115 more" in whole_report(tmp_path / "out")["verdict"]["sentence"]


@pytest.mark.parametrize("model", ["model.pt2", "weights.pt"])
def test_a_saved_model_is_run_and_judged(home, tmp_path, model):
    result = run(home, tmp_path, "--train", home / "train.csv", "--positive", "yes", model=model)
    report = whole_report(tmp_path)
    assert result.exit_code == 0
    assert report["verdict"]["status"] == "ready"
    assert report["decision"]["row_flow"] == {
        "read": 300,
        "without_label": 0,
        "unusable": 0,
        "shared": 0,
        "judged": 300,
        "shared_kept": 0,
    }
    assert report["provenance"]["model"]["sha256"] == hashlib.sha256((home / model).read_bytes()).hexdigest()
    assert report["measurements"]["train"]["n_samples"] == 300


def test_program_weights_and_predictions_agree(home, tmp_path):
    run(home, tmp_path / "program")
    run(home, tmp_path / "weights", model="weights.pt")
    first, second = (whole_report(tmp_path / name)["measurements"]["test"] for name in ("program", "weights"))
    assert first == second


def test_formats_of_data_agree(home, tmp_path):
    rows = [line.split(",") for line in (home / "test.csv").read_text().split()[1:]]
    x, y = np.array([[float(a), float(b)] for a, b, _ in rows], np.float32), [label for *_, label in rows]
    pq.write_table(pa.table({"f1": x[:, 0], "f2": x[:, 1], "label": y}), tmp_path / "test.parquet", row_group_size=70)
    np.savez(tmp_path / "test.npz", x=x, y=np.array(y))
    run(home, tmp_path / "csv")
    reference = whole_report(tmp_path / "csv")["measurements"]
    for name in ("test.parquet", "test.npz"):
        result = run(home, tmp_path / name.split(".")[1], "--test", tmp_path / name)
        assert result.exit_code == 0, result.stderr
        assert whole_report(tmp_path / name.split(".")[1])["measurements"] == reference


def test_the_same_rows_in_any_batch_size_give_the_same_counts(home, tmp_path):
    found = []
    for size in ("7", "auto"):
        run(home, tmp_path / size, "--batch-size", size)
        found.append(whole_report(tmp_path / size)["measurements"])
    assert found[0] == found[1]


CUSTOM = '''from auditor import Finding, check
from auditor.states import Confusion


@check("alarms", title="Alarms can be handled", needs=(Confusion,))
def alarms(m, *, most: float = 0.2):
    """Share of rows called yes."""
    share = m.test[Confusion].predicted[1] / m.test[Confusion].n
    {last}
'''


def test_a_check_of_ones_own_stands_in_every_format(home, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "alarms.py").write_text(
        CUSTOM.format(last="yield Finding.passed(f'{share:.1%} of the rows raise an alarm')")
    )
    result = auditor(
        "run",
        home / "model.pt2",
        "--trust-model-code",
        "--test",
        home / "test.csv",
        "--checks",
        folder,
        "--out",
        tmp_path / "out",
    )
    assert result.exit_code == 0, result.stderr
    assert any(f["check"] == "alarms" for f in whole_report(tmp_path / "out")["findings"])
    assert "of the rows raise an alarm" in (tmp_path / "out/report.html").read_text()
    from pypdf import PdfReader

    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / "out/report.pdf").pages)
    assert "of the rows raise an alarm" in re.sub(r"\s+", " ", text)


def test_a_check_that_raises_never_passes(home, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "alarms.py").write_text(CUSTOM.format(last="yield 1 / 0"))
    result = run(home, tmp_path / "out", "--checks", folder)
    errors = [f for f in whole_report(tmp_path / "out")["findings"] if f["status"] == "error"]
    assert result.exit_code == 3
    assert [(f["check"], "ZeroDivisionError" in f["message"]) for f in errors] == [("alarms", True)]


def test_warnings_fail_only_when_strict(tmp_path):
    table = tmp_path / "p.csv"
    table.write_text("label,predicted\n" + "a,a\n" * 900 + "b,b\n" * 10 + "b,a\n" * 60)
    arguments = (
        "run",
        "--predictions",
        table,
        "--gate",
        "accuracy>=0.8",
        "--format",
        "json",
        "--out",
        tmp_path / "out",
    )
    assert auditor(*arguments).exit_code == 0
    assert whole_report(tmp_path / "out")["verdict"]["status"] == "ready-with-warnings"
    assert auditor(*arguments, "--strict").exit_code == 1


def test_leaving_out_the_condition_that_fails_does_not_make_a_model_ready(fraud_table, tmp_path):
    arguments = ("run", "--predictions", fraud_table, "--preset", "fraud", "--format", "json", "--out", tmp_path)
    result = auditor(*arguments, "--ignore", "class-recall")
    assert result.exit_code == 3
    assert ["Each class is found", "Left out by --select or --ignore."] in whole_report(tmp_path)["decision"][
        "not_examined"
    ]


def test_pages_of_an_earlier_run_are_named_beside_a_newer_report(fraud_table, tmp_path):
    arguments = ("run", "--predictions", fraud_table, "--positive", "fraud", "--out", tmp_path / "out")
    assert "earlier run" not in auditor(*arguments, "--format", "html").stderr
    again = auditor(*arguments, "--format", "json")
    assert f"{tmp_path / 'out' / 'report.html'} is of an earlier run, and not of this one" in again.stderr


def test_waivers_that_do_nothing_are_said_aloud_and_misspelt_ones_refused(fraud_table, tmp_path):
    toml = tmp_path / "auditor.toml"
    text = f'predictions = "{fraud_table}"\npreset = "fraud"\n[[waivers]]\nreason = "r"\nby = "b"\n'
    arguments = ("run", "--config", toml, "--format", "json", "--out", tmp_path / "out")
    toml.write_text(text + 'check = "class-recall"\nexpires = "2020-01-01"\n')
    lapsed = auditor(*arguments)
    assert (lapsed.exit_code, "has lapsed, and waives nothing" in lapsed.stderr) == (1, True)
    toml.write_text(text + 'check = "class-recal"\nexpires = "2099-01-01"\n')
    assert "no check is called 'class-recal'" in auditor(*arguments).stderr
    toml.write_text(text + 'check = "class-recall"\nexpires = "2099-01-01"\n')
    waived = auditor(*arguments)
    assert waived.exit_code == 0
    report = whole_report(tmp_path / "out")
    assert report["verdict"]["status"] == "ready-with-warnings"
    assert "waived" in report["verdict"]["headline"]


def test_a_program_that_breaks_a_rule_is_refused_with_the_option_that_allows_it(home, tmp_path):
    model = shutil.copy(home / "model.pt2", tmp_path)
    with zipfile.ZipFile(model, "a") as file:
        file.writestr(f"{file.namelist()[0].partition('/')[0]}/data/code.py", b"import os")
    result = auditor("run", model, "--test", home / "test.csv", "--out", tmp_path / "out")
    assert result.exit_code == 5
    assert "--sha256" in result.stderr
    assert "--trust-model-code" in result.stderr
    assert not (tmp_path / "out").exists()


def bad(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    if name == "truncated.parquet":
        pq.write_table(pa.table({"f1": [1.0] * 500, "f2": [2.0] * 500, "label": ["yes"] * 500}), path)
        path.write_bytes(path.read_bytes()[:-60])
        return path
    path.write_text({
        "empty.csv": "",
        "header.csv": "f1,f2,label\n",
        "no_target.csv": "f1,f2,lable\n1,2,yes\n",
        "text.csv": "f1,f2,label\n1,2,yes\n1,two,no\n",
        "wide.csv": "f1,f2,f3,label\n1,2,3,yes\n4,5,6,no\n",
    }[name])  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.csv", ["empty"]),
        ("header.csv", ["header"]),
        ("no_target.csv", ["label", "lable"]),
        ("text.csv", ["f2", "two"]),
        ("wide.csv", ["2 features", "3 features"]),
        ("truncated.parquet", ["truncated.parquet"]),
        ("missing.csv", ["missing.csv"]),
    ],
)
def test_bad_data_is_one_clear_line(home, tmp_path, name, words):
    path = tmp_path / name if name == "missing.csv" else bad(tmp_path, name)
    result = run(home, tmp_path / "out", "--test", path)
    assert result.exit_code == 2, result.output
    first, *rest = result.stderr.strip().splitlines()
    assert not rest or name == "text.csv"
    assert first.startswith("auditor: ")
    assert name in first
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_a_class_unknown_to_the_model_is_named(home, tmp_path):
    (tmp_path / "t.csv").write_text("f1,f2,label\n1,2,yes\n3,4,maybe\n")
    config = tmp_path / "auditor.toml"
    config.write_text(
        f'model = "{home / "model.pt2"}"\ntrust_model_code = true\ntest = "t.csv"\nclasses = ["no", "yes"]\n'
    )
    result = auditor("run", "--config", config, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "maybe" in result.stderr
    (tmp_path / "t.csv").write_text("f1,f2,label\n1,2,yes\n3,4,maybe\n5,6,no\n")
    result = run(home, tmp_path / "out", "--test", tmp_path / "t.csv")
    assert result.exit_code == 2
    assert "2 outputs a row, but there are 3 classes (maybe: 1 row, no: 1 row, yes: 1 row" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gate", "recall"], "expected METRIC>=NUMBER"),
        (["--gate", "recal[yes]>=0.5"], "is no metric"),
        (["--gate", "recall[maybe]>=0.5"], "no class is called 'maybe'"),
        (["--positive", "maybe"], "maybe"),
        (["--model-args", "{"], "--model-args: not JSON"),
        (["--batch-size", "none"], "--batch-size 'none'"),
        (["--select", "nothing"], "no check is called 'nothing'"),
        (["--checks", "nowhere"], "no such folder of checks"),
        (["--threshold", "0.3"], "--threshold needs two classes and --positive"),
        (["--config", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--prior", "yes"], "expected CLASS=SHARE"),
        (["--prior", "yes=2"], "--prior.yes: Input should be less than 1"),
        (["--prior", "maybe=0.2"], "--prior maybe: no class is called so; the classes are no, yes"),
        (["--prior", "yes=0.9", "--prior", "no=0.3"], "--prior: the shares of 2 of 2 classes add up to 1.2; at most 1"),
        (["--prior", "yes=0.2", "--prior", "yes=0.3"], "--prior states the share of a class twice; state each once"),
        (["--prior", "yes=0.2", "--prior", "no=0.3"], "add up to 0.5; those of all classes add up to 1"),
    ],
)
def test_bad_usage_is_one_clear_line(home, tmp_path, arguments, words):
    result = run(home, tmp_path / "out", *arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_earlier_report_is_replaced_only_by_a_whole_one(home, tmp_path):
    run(home, tmp_path)
    before = (tmp_path / "report.json").read_bytes()
    assert run(home, tmp_path, "--test", tmp_path / "missing.csv").exit_code == 2
    assert (tmp_path / "report.json").read_bytes() == before


def test_pages_are_made_again_from_the_report_alone(fraud_table, tmp_path):
    auditor("run", "--predictions", fraud_table, "--preset", "fraud", "--out", tmp_path / "a", "--format", "html")
    result = auditor("render", tmp_path / "a/report.json", "--format", "html", "--out", tmp_path / "b")
    assert result.exit_code == 0
    assert (tmp_path / "a/report.html").read_bytes() == (tmp_path / "b/report.html").read_bytes()
    assert auditor("render", fraud_table).exit_code == 2


def test_checks_are_listed_and_explained():
    listed = auditor("checks").stdout.splitlines()
    assert {line.split()[0] for line in listed} == {check.id for check in checking.built_in()}
    text = auditor("checks", "shared-rows").stdout
    assert "Newcombe 1998" in text
    assert "blocker = 0.05" in text
    assert auditor("checks", "nothing").exit_code == 2


def test_quiet_prints_nothing(home, tmp_path):
    result = run(home, tmp_path, "--quiet")
    assert result.output == ""


def test_without_pango_html_is_written_and_one_line_says_what_to_install(fraud_table, tmp_path, monkeypatch):
    from auditor.errors import FormatUnavailable
    from auditor.rendering import pdf

    def missing() -> None:
        raise FormatUnavailable("no PDF: Pango is missing; apt-get install libpango-1.0-0")

    monkeypatch.setattr(pdf, "_weasyprint", missing)
    result = auditor("run", "--predictions", fraud_table, "--preset", "fraud", "--out", tmp_path)
    assert result.exit_code == 1
    assert (tmp_path / "report.html").exists()
    assert not (tmp_path / "report.pdf").exists()
    assert "apt-get install libpango-1.0-0" in result.stderr


# What a sample is there to show, beside its verdict.
OF_SAMPLES = {
    "lending-club": {("generalisation-gap", ""), ("loss-curves", "epoch 1"), ("memorisation", "class bad")},
    "covid": {("target-leak", "column ct_result"), ("shared-groups", "")},
    "titanic": {("target-leak", "column boat")},
}


@pytest.mark.parametrize(
    ("sample", "status", "words"),
    [
        ("default", "not-ready", "recall on `Yes`"),
        ("lending-club", "not-ready", "recall on `bad`"),
        ("digits", "ready", "every condition is met"),
        ("fashion", "not-ready", "recall on `Shirt`"),
        ("covid", "needs-review", "column “ct_result” by itself tells “positive” from the rest"),
        ("titanic", "needs-review", "column “boat” tells “survived” by being blank or not"),
    ],
)
def test_the_samples_get_the_verdicts_they_deserve(sample, status, words, tmp_path):
    result = auditor(
        "run", "--config", ROOT / "samples" / sample / "auditor.toml", "--out", tmp_path, "--format", "json"
    )
    report = whole_report(tmp_path)
    assert report["verdict"]["status"] == status
    assert words in report["verdict"]["headline"]
    assert result.exit_code == {"ready": 0, "not-ready": 1, "needs-review": 3}[status]
    found = {(f["check"], f["subject"]) for f in report["findings"] if f["status"] == "fail"}
    assert OF_SAMPLES.get(sample, set()) <= found
    assert "shared-rows" not in {check for check, _ in found}


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "auditor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_help_needs_no_torch_and_names_the_exit_codes():
    code = (
        "import sys; sys.argv = ['auditor', '--help']; from auditor.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print({'torch', 'numpy', 'pydantic', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("set()")
    assert "5 the model was refused" in re.sub(r"\s+", " ", done.stdout)


def test_a_real_process_ends_with_the_verdicts_code(fraud_table, tmp_path):
    done = process("run", "--predictions", fraud_table, "--preset", "fraud", "--out", tmp_path, "--format", "json")
    assert done.returncode == 1
    assert "not production-ready" in re.sub(r"\s+", " ", done.stdout)


@pytest.mark.parametrize("module", ["click", "auditor.errors", "auditor.cli"])
def test_an_interrupt_while_modules_are_imported_is_one_line_too(module):
    code = (
        "import os, signal, sys\n\n\nclass Finder:\n    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n            os.kill(os.getpid(), signal.SIGINT)\n\n\n"
        "from auditor.__main__ import main\nsys.meta_path.insert(0, Finder())\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (130, "auditor: interrupted; nothing was written\n")


def test_an_interrupt_ends_with_130_and_leaves_nothing(home, tmp_path):
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "slow.py").write_text(
        "import os, signal, time\nfrom auditor import check\n\n\n@check('slow', title='Slow')\ndef slow(m):\n    'Waits.'\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(30)\n    yield\n"
    )
    done = process(
        "run",
        home / "model.pt2",
        "--trust-model-code",
        "--test",
        home / "test.csv",
        "--checks",
        slow,
        "--out",
        tmp_path / "out",
    )
    assert done.returncode == 130
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_bug_of_ours_says_what_to_report(monkeypatch, fraud_table, tmp_path):
    def broken(_config: object) -> None:
        raise RuntimeError("impossible")

    monkeypatch.setattr("auditor.pipeline.audit", broken)
    result = auditor("run", "--predictions", fraud_table, "--out", tmp_path)
    assert result.exit_code == 70
    path = Path(result.stderr.strip().rsplit(" ", 1)[1])
    assert "RuntimeError: impossible" in path.read_text()
    path.unlink()


def test_on_a_terminal_there_is_a_bar_and_the_same_verdict(fraud_table, tmp_path):
    import pty

    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "auditor", "run", "--predictions", str(fraud_table), "--preset", "fraud"]
    arguments = ["--out", str(tmp_path), "--format", "json"]
    with subprocess.Popen([*command, *arguments], stdout=terminal, stderr=terminal, cwd=tmp_path) as running:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(controller, 4096)
            except OSError:  # what Linux says when the other end is closed
                break
            if not part:
                break
            shown += part
        code = running.wait(timeout=120)
    os.close(controller)
    assert code == 1, shown
    assert b"10,000 rows" in shown
    assert b"not production-ready" in shown


def test_a_reader_that_goes_away_does_not_turn_a_failure_into_a_pass(fraud_table, tmp_path):
    command = [sys.executable, "-m", "auditor", "run", "--predictions", str(fraud_table), "--preset", "fraud"]
    arguments = ["--out", str(tmp_path), "--format", "json"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        code = running.wait(timeout=120)
    assert code == 1
    assert whole_report(tmp_path)["verdict"]["status"] == "not-ready"


@pytest.mark.parametrize("where", ["file/x", "/proc/x"])
def test_a_folder_that_cannot_be_written_is_named(fraud_table, tmp_path, where):
    (tmp_path / "file").write_text("")
    result = auditor("run", "--predictions", fraud_table, "--out", tmp_path / where, "--format", "json")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_a_model_or_check_that_ends_the_program_is_no_pass(home, tmp_path):
    (home / "leaver.py").write_text(
        "import sys\nfrom torch import nn\n\n\nclass Net(nn.Linear):\n    def forward(self, x):\n        sys.exit(0)\n"
    )
    result = auditor("run", home / "weights.pt", "--model-class", "leaver:Net", "--model-args", '{"in_features": 2, "out_features": 2}',
                     "--test", home / "test.csv", "--out", tmp_path)  # fmt: skip
    assert result.exit_code == 2, result.output
    assert "sys.exit" in result.stderr


def test_a_preset_about_one_class_asks_which_of_many(tmp_path):
    table = tmp_path / "p.csv"
    table.write_text("label,predicted\n" + "a,a\nb,b\nc,c\n" * 40)
    result = auditor("run", "--predictions", table, "--preset", "fraud", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "name it with --positive; the classes are a, b, c" in result.stderr


def test_a_ceiling_on_recall_is_told_as_what_it_is(tmp_path):
    table = tmp_path / "p.csv"
    table.write_text("label,predicted\n" + "a,a\nb,b\n" * 100)
    auditor(
        "run",
        "--predictions",
        table,
        "--positive",
        "a",
        "--gate",
        "recall[a]<=0.1",
        "--format",
        "json",
        "--out",
        tmp_path / "out",
    )
    verdict = whole_report(tmp_path / "out")["verdict"]
    assert (
        verdict["headline"]
        == "100% accuracy but recall on a is 100% where at most 10.0% is required: not production-ready."
    )
    assert "Misses" not in verdict["sentence"]


def test_rows_that_could_not_be_judged_stand_in_the_first_sentence(tmp_path):
    table = tmp_path / "p.csv"
    table.write_text("label,predicted\n" + "a,a\nb,b\n" * 60 + ",a\n" * 500)
    auditor("run", "--predictions", table, "--positive", "a", "--format", "json", "--out", tmp_path / "out")
    assert "500 of 620 rows could not be judged." in whole_report(tmp_path / "out")["verdict"]["sentence"]


def test_an_option_of_several_words_may_be_given_several_times(tmp_path, fraud_table):
    arguments = ("run", "--predictions", fraud_table, "--out", tmp_path, "--format", "json", "--quiet")
    auditor(
        *arguments,
        "--select",
        "class-recall,better-than-chance",
        "--select",
        "class-recall",
        "--select",
        "class-imbalance",
    )
    ran = {check["id"] for check in whole_report(tmp_path)["checks"] if check["status"] != "skip"}
    assert ran == {"class-recall", "better-than-chance", "class-imbalance"}
    left_out = len(whole_report(tmp_path)["checks"]) - len(ran)
    assert f"Left out by --select or --ignore: {left_out} checks." in whole_report(tmp_path)["verdict"]["sentence"]

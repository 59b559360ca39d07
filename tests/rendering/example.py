"""Reports made by hand for the tests of rendering: one of each verdict, from two to a thousand classes."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from auditor.findings import Bars, Curve, Direction, Finding, Interval, Line, Severity, Status
from auditor.report import (
    Card,
    CheckRecord,
    ClassResult,
    Criteria,
    DataFile,
    Decision,
    Fact,
    HistoryResult,
    Majority,
    ModelFile,
    Overlap,
    Provenance,
    Report,
    RowFlow,
    ScoreHistogram,
    SplitResult,
    Value,
    Verdict,
    VerdictStatus,
    sealed,
)
from auditor.statistics.estimates import AreaUnderCurve, Estimate, FScore, MeanOfProportions, Proportion

MODEL, TEST, TRAIN = (f"{digit}" * 64 for digit in "3b7")
SHIFT = 1.638  # distance of the two score distributions of the fraud example, in standard deviations


def value(estimate: Estimate, k: float | None = None) -> Value:
    exact = estimate.exact if isinstance(estimate, Proportion) else (None, None)
    both = (exact[0], exact[1]) if exact[0] is not None and exact[1] is not None else None
    return Value(estimate.value, estimate.low, estimate.high, estimate.n, k, estimate.method, both)


def share(k: int, n: int) -> Value:
    return value(Proportion(k, n), k)


def one_class(confusion: np.ndarray, i: int) -> ClassResult:
    tp, support, called, n = confusion[i, i], confusion[i].sum(), confusion[:, i].sum(), confusion.sum()
    tn = n - support - called + tp
    f1 = value(FScore(float(tp), float(called - tp), float(support - tp)))
    specificity = share(int(tn), int(n - support))
    recall, precision = share(int(tp), int(support)), share(int(tp), int(called))
    return ClassResult(int(support), int(called), int(tp), recall, precision, f1, specificity)


def split_result(names: tuple[str, ...], confusion: np.ndarray, positive: str | None = None) -> SplitResult:
    """Every metric that counts give; those that need scores are null."""
    n, right, supports = int(confusion.sum()), int(np.trace(confusion)), confusion.sum(axis=1)
    classes = {name: one_class(confusion, i) for i, name in enumerate(names)}
    most = int(supports.argmax())
    balanced = MeanOfProportions(tuple(map(float, np.diag(confusion))), tuple(map(float, supports)))
    macro = {
        metric: Value(float(np.mean([getattr(c, metric).value or 0.0 for c in classes.values()])), n=n)
        for metric in ("precision", "recall", "f1")
    }
    own = {metric: getattr(classes[positive], metric) if positive else macro[metric] for metric in macro}
    averages = {f"macro_{metric}": found for metric, found in macro.items()}
    averages |= {f"{kind}_{metric}": share(right, n) for kind in ("micro", "weighted") for metric in macro}
    always = share(int(supports[most]), n)
    majority = Majority(names[most], "train", always, 1 / len(names), int(right * 0.1), int(right * 0.1), 0.5)
    dense = len(names) <= 256
    return SplitResult(
        n_samples=n, class_names=names, accuracy=share(right, n), balanced_accuracy=value(balanced), **own, **averages,
        mcc=Value(correlation(confusion), n=n), kappa=Value(agreement(confusion), n=n), roc_auc=None,
        average_precision=None, log_loss=None, brier_score=None, classes=classes,
        confusion=tuple(tuple(map(int, row)) for row in confusion) if dense else None,
        confusion_sparse=None if dense else tuple((int(i), int(j), int(confusion[i, j])) for i, j in np.argwhere(confusion)),
        majority=majority, positive=positive, notes=("Every row counts once.",),
    )  # fmt: skip


def correlation(c: np.ndarray) -> float:
    n, t, p = c.sum(), c.sum(axis=1).astype(float), c.sum(axis=0).astype(float)
    spread = math.sqrt((n * n - (p * p).sum()) * (n * n - (t * t).sum()))
    return float((np.trace(c) * n - (t * p).sum()) / spread) if spread else 0.0


def agreement(c: np.ndarray) -> float:
    expected = float((c.sum(axis=1) / c.sum() * (c.sum(axis=0) / c.sum())).sum())
    return (float(np.trace(c) / c.sum()) - expected) / (1 - expected)


def with_scores(result: SplitResult, positives: int, negatives: int) -> SplitResult:
    """Curves of two normal score distributions that give the fraud example's matrix at 0.5."""
    false_alarms = np.concatenate([[0.0], np.geomspace(1e-5, 1, 220)])
    found = np.concatenate([[0.0], ndtr(SHIFT + ndtri(false_alarms[1:]))])
    right = positives * found[1:] / (positives * found[1:] + negatives * false_alarms[1:])
    edges = np.linspace(0, 1, 41)
    cut = ndtri(1 - 24 / 9800)
    places = np.concatenate([[-np.inf], np.log(edges[1:-1] / (1 - edges[1:-1])) * 0.6 + cut, [np.inf]])
    counts = {
        f"not fraud, {negatives:,} rows": tuple(int(x) for x in np.rint(negatives * np.diff(ndtr(places)))),
        f"fraud, {positives:,} rows": tuple(int(x) for x in np.rint(positives * np.diff(ndtr(places - SHIFT)))),
    }
    area = AreaUnderCurve(float(ndtr(SHIFT / math.sqrt(2))), positives, negatives, 1.6e-4)
    return replace(
        result, roc_auc=value(area), average_precision=Value(0.248, 0.197, 0.307, 10_000, None, "Poisson bootstrap"),
        log_loss=Value(0.0871, 0.0812, 0.0930, 10_000, None, "normal"), brier_score=Value(0.0184, n=10_000),
        roc=Curve("ROC curve", "share of not fraud called fraud", "share of fraud found", (
            line("fraud", false_alarms, found), line("chance", [0, 1], [0, 1]))),
        precision_recall=Curve("Precision against recall", "recall", "precision", (
            line("fraud", found[1:], right), line("prevalence", [0, 1], [0.02, 0.02]))),
        score_histogram=ScoreHistogram("score of “fraud”", tuple(map(float, edges)), counts),
    )  # fmt: skip


def line(name: str, x: object, y: object) -> Line:
    return Line(name, tuple(map(float, np.asarray(x))), tuple(map(float, np.asarray(y))))


def provenance(test_rows: int) -> Provenance:
    data = (DataFile("test", "data/test.csv", "csv", TEST, test_rows), DataFile("train", "data/train.csv", "csv", TRAIN, 40_000))
    return Provenance(
        ModelFile("models/fraud.pt2", "torch.export", MODEL, False, "logits", ("dynamic batch",)),
        data, {"auditor": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6", "python": "3.11.2"}, "Linux 6.1 x86_64", "cpu",
        "auditor run models/fraud.pt2 --test data/test.csv --train data/train.csv --target label --positive fraud",
        {"target": "label", "positive": "fraud", "preset": "fraud", "batch_size": "auto"}, "0", "2026-11-21T22:10:04+00:00",
        12.4, "the label values, sorted", "stated with --positive", {"threads": "2", "batch size": "8192", "precision": "fp32"},
    )  # fmt: skip


def checks(findings: tuple[Finding, ...]) -> tuple[CheckRecord, ...]:
    text = "What it looks for, in a sentence.\n\nHow it is judged, with its limits (Author, 2019)."
    ids = dict.fromkeys(finding.check for finding in findings)
    status = {finding.check: finding.status for finding in findings}
    return tuple(CheckRecord(check, check.replace("-", " ").capitalize(), text, status[check]) for check in ids)


def history() -> HistoryResult:
    epochs = np.arange(1, 31)
    train, held = 0.68 * np.exp(-epochs / 9) + 0.03, 0.62 * np.exp(-epochs / 6) + 0.10 + 0.004 * np.maximum(epochs - 12, 0)
    accuracy = 0.98 - 0.2 * np.exp(-epochs / 4)
    columns = {"train_loss": train, "val_loss": held, "val_accuracy": accuracy}
    return HistoryResult(tuple(map(float, epochs)), {k: tuple(map(float, v)) for k, v in columns.items()}, 16.0, 30.0)


FRAUD_FINDINGS = (
    Finding(
        Status.FAIL, "Recall of fraud is 12.0%: 24 of 200 found, at least 90% required", Severity.BLOCKER, value=0.12,
        limit=0.9, interval=Interval(None, 0.1646, 0.95, "Clopper-Pearson"), subject="class fraud", metric="recall[fraud]",
        remedy="Lower the threshold or weigh the 200 frauds more; at a score of 0.08, 180 of 200 would be found at 31% precision.",
        check="class-recall", title="Each class is found", gate=True,
    ),
    Finding(
        Status.FAIL, "Accuracy of 98.0% (9,800 of 10,000) is what always answering “not fraud” gets as well",
        Severity.MAJOR, value=0.98, limit=0.98, metric="accuracy", check="better-than-majority", gate=True,
        interval=Interval(0.9774, None, 0.95, "Clopper-Pearson"), remedy="Judge this model by recall and precision of fraud.",
    ),
    Finding(
        Status.INCONCLUSIVE, "Precision of fraud is 50.0%: 24 of 48, at least 28% required; 40 more calls would tell",
        value=0.5, limit=0.28, interval=Interval(0.374, None, 0.95, "Clopper-Pearson"), subject="class fraud",
        metric="precision[fraud]", check="class-precision", gate=True, remedy="Label 40 more rows that the model calls fraud.",
    ),
    Finding(
        Status.FAIL, "Validation loss rose by 28% after epoch 16 while training loss fell", Severity.MINOR, value=0.28,
        limit=0.2, check="loss-curves", remedy="Save the checkpoint of epoch 16.",
        figures=(Bars("Validation loss", ("epoch 16", "epoch 30"), (0.159, 0.204), 0.191, "loss"),),
    ),
    Finding(
        Status.FAIL, "124 of 10,124 test rows stand in training too; they were removed", Severity.MINOR, value=124,
        check="shared-rows", direction=Direction.FLATTERS, waived="Known repeat customers; J. Doe, until 1 March 2027",
    ),
    Finding(Status.PASS, "No output is NaN or infinite in 10,000 rows", check="finite-outputs"),
    Finding(Status.PASS, "Two runs on 2,048 rows gave the same outputs", check="determinism"),
    Finding(Status.PASS, "Calibration error is 1.2%", value=0.012, limit=0.05, check="calibration",
            interval=Interval(0.008, None, 0.95, "debiased binning")),
    Finding(Status.SKIP, "No column was declared with --time", check="time-order"),
    Finding(Status.SKIP, "No column was declared with --group", check="shared-groups"),
    Finding(Status.SKIP, "No earlier report was given to compare with", check="no-regression"),
)  # fmt: skip


@cache
def fraud() -> Report:
    """98% accurate and 12% recall: not ready."""
    names = ("not fraud", "fraud")
    test = with_scores(split_result(names, np.array([[9776, 24], [176, 24]]), "fraud"), 200, 9800)
    test = replace(test, majority=replace(test.majority, only_model_right=24, only_majority_right=24))
    train = split_result(names, np.array([[39_150, 50], [310, 490]]), "fraud")
    validation = split_result(names, np.array([[4890, 10], [82, 18]]), "fraud")
    own = test.classes["fraud"]
    facts = (
        Fact("Frauds caught", own.recall, share(0, 200), 0.9, True, True, True, "fail"),
        Fact("Fraud calls that are right", own.precision, None, 0.28, True, True, False, "inconclusive"),
        Fact("Rows answered rightly", test.accuracy, test.majority.accuracy, None, True, True, False, "fail"),
        Fact("Balanced accuracy", test.balanced_accuracy, Value(0.5), None, True, True, False, "info"),
        Fact("ROC AUC", test.roc_auc or Value(None), Value(0.5), None, True, False, False, "info"),
    )
    cards = (
        Card("Most frauds are missed", "176 of 200 frauds are called “not fraud”.", "class fraud, test.csv",
             "Lower the threshold: at a score of 0.08, 180 of 200 would be found, at 31% precision.", "fail", "blocker"),
        Card("Accuracy says nothing here", "98% is what always answering “not fraud” gets: 9,800 of 10,000.", "all rows",
             "State recall and precision of fraud as the gates; leave accuracy out.", "fail", "major"),
        Card("Precision is not settled", "24 of 48 fraud calls are right; the range is 36 to 64%.", "class fraud",
             "Label 40 more rows that the model calls fraud.", "inconclusive", "major"),
    )  # fmt: skip
    skipped = tuple((f.check, f.message) for f in FRAUD_FINDINGS if f.status is Status.SKIP)
    more = (("group-gaps", "no column was declared with --group"), ("claimed-metrics", "no figures were claimed"),
            ("slices", "10,000 rows hold no slice of 200 frauds"))  # fmt: skip
    flow = RowFlow(10_150, 20, 6, 124, 10_000)
    sentence = ("Misses 176 of 200 frauds (12% caught; at least 90% required). "
                "Accuracy of 98% is what never answering “fraud” also gets.")  # fmt: skip
    verdict = Verdict(VerdictStatus.NOT_READY, "98.0% accuracy but 12% recall on “fraud”: not ready.", sentence,
                      (FRAUD_FINDINGS[0].message, FRAUD_FINDINGS[1].message), 1)  # fmt: skip
    overlap = Overlap(10_124, 124, 40_000, 31, share(124, 10_124), share(31, 40_000), share(115, 10_124), True, (4, 91, 310))
    criteria = Criteria("fraud", False, "", ("recall[fraud] >= 0.90", "precision[fraud] >= 0.28", "better than majority"),
                        {"calibration": {"minor": 0.05, "major": 0.1}, "loss-curves": {"rise": 0.2}})  # fmt: skip
    decision = Decision(facts, cards, (1, 0), flow, skipped + more, 28, 34)
    splits = {"test": test, "validation": validation, "train": train}
    return sealed(Report(1, verdict, decision, criteria, FRAUD_FINDINGS, checks(FRAUD_FINDINGS), splits, overlap, history(),
                         provenance(10_150)))  # fmt: skip


def many(names: tuple[str, ...], rows_each: int, status: VerdictStatus, sentence: str, spread: float = 2.0) -> Report:
    """A report of K classes that are confused with their neighbours, the more the higher their number."""
    k = len(names)
    confusion = np.zeros((k, k), np.int64)
    for i in range(k):
        wrong = int(rows_each * (0.03 + 0.12 * ((i * 7) % k) / k))
        for step, part in ((1, 0.6), (spread, 0.3), (3, 0.1)):
            confusion[i, (i + int(step)) % k] += int(wrong * part)
        confusion[i, i] += rows_each - confusion[i].sum()
    test = split_result(names, confusion)
    worst = min(test.classes, key=lambda name: test.classes[name].recall.value or 0.0)
    at = names.index(worst)
    recall = test.classes[worst].recall
    facts = (
        Fact("Balanced accuracy", test.balanced_accuracy, Value(1 / k), 0.7, True, True, True, "pass"),
        Fact("Rows answered rightly", test.accuracy, test.majority.accuracy, None, True, True, False, "pass"),
        Fact(f"Lowest recall: {worst}", recall, share(0, rows_each), 0.5, True, True, False, "pass"),
    )
    findings = (
        Finding(Status.PASS, f"Recall of {worst} is the lowest, and clears 50%", value=recall.value, limit=0.5, gate=True,
                metric=f"recall[{worst}]", subject=f"class {worst}", check="class-recall"),
        *(f for f in FRAUD_FINDINGS if f.status in {Status.PASS, Status.SKIP}),
    )  # fmt: skip
    card = Card(f"{worst} is confused most", f"{rows_each - int(recall.k or 0)} of {rows_each} rows of {worst} are called other.",
                f"class {worst}", f"Look at {names[(at + 1) % k]} beside {worst}.", "info", "minor")  # fmt: skip
    n = rows_each * k
    skipped = tuple((f.check, f.message) for f in findings if f.status is Status.SKIP)
    decision = Decision(facts, (card,), (at, (at + 1) % k), RowFlow(n, 0, 0, 0, n), skipped, 30, 33)
    return sealed(Report(
        1, Verdict(status, sentence, sentence, (), 0), decision, Criteria("balanced", False, "", ("balanced_accuracy >= 0.70",)),
        findings, checks(findings), {"test": test}, None, None, provenance(n)))  # fmt: skip


CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@cache
def ten() -> Report:
    """Ten classes, ready with warnings."""
    return many(CLOTHES, 1000, VerdictStatus.READY_WITH_WARNINGS, "Ten kinds of clothing, 91% of 10,000 called by their name.")


@cache
def thousand() -> Report:
    """A thousand classes of 50 rows, with a confusion that no table holds."""
    names = tuple(f"species {i:03d} {'abcdefgh'[i % 8] * (i % 20)}" for i in range(1000))
    return many(names, 50, VerdictStatus.READY_WITH_WARNINGS, "A thousand species, 91% of 50,000 called by their name.")


@cache
def ready() -> Report:
    """Every gate passes under criteria of the user's own."""
    names = ("ham", "spam")
    test = split_result(names, np.array([[8690, 10], [52, 1248]]), "spam")
    own, report = test.classes["spam"], fraud()
    findings = (*(f for f in report.findings if f.status in {Status.PASS, Status.SKIP}),)
    facts = (
        Fact("Spam calls that are right", own.precision, None, 0.95, True, True, True, "pass"),
        Fact("Spam caught", own.recall, share(0, 1300), 0.7, True, True, False, "pass"),
        Fact("Rows answered rightly", test.accuracy, test.majority.accuracy, None, True, True, False, "pass"),
    )
    sentence = "Catches 1,248 of 1,300 spam mails (96%; at least 70% required) and 99.2% of its spam calls are right."
    criteria = Criteria("spam", True, "auditor.toml of 3 May", ("precision[spam] >= 0.95", "recall[spam] >= 0.70"), threshold=0.5)
    decision = Decision(facts, (), None, RowFlow(10_000, 0, 0, 0, 10_000), report.decision.not_examined[:2], 32, 34)
    return sealed(replace(
        report, verdict=Verdict(VerdictStatus.READY, "Ready.", sentence, (), 0), decision=decision, criteria=criteria,
        findings=findings, checks=checks(findings), measurements={"test": test}, overlap=None, history=None))  # fmt: skip


@cache
def decisions_only() -> Report:
    """Nothing but labels and decisions: no model, no scores, no training, figures that cannot be trusted."""
    names, report = ("no", "yes"), fraud()
    test = split_result(names, np.array([[40, 460], [470, 30]]), "yes")
    finding = Finding(
        Status.FAIL, "Labels agree with answers in 70 of 1,000 rows, and in 930 once “yes” and “no” change places",
        Severity.BLOCKER, value=0.07, subject="all rows", direction=Direction.DEFLATES, validity=True, check="label-order",
        remedy="Set classes in auditor.toml to the order of the model's outputs.",
    )  # fmt: skip
    card = Card("The classes seem to have changed places", finding.message, "all rows", finding.remedy, "fail", "blocker")
    facts = (Fact("“yes” found", test.classes["yes"].recall, share(0, 500), 0.5, True, True, True, "fail"),)
    sentence = "Answers agree with 70 of 1,000 labels, and with 930 once “yes” and “no” change places: repair the order first."
    decision = Decision(facts, (card,), (1, 0), RowFlow(1000, 0, 0, 0, 1000), (("calibration", "no scores were given"),), 12, 34)
    return sealed(replace(
        report, verdict=Verdict(VerdictStatus.INVALID_EVALUATION, sentence, sentence, (finding.message,), 4),
        decision=decision, findings=(finding,), checks=checks((finding,)), measurements={"test": test}, overlap=None,
        history=None, provenance=replace(report.provenance, model=None)))  # fmt: skip


@cache
def undecided() -> Report:
    """Nine positives cannot show 80% recall: needs review."""
    names, report = ("benign", "malignant"), fraud()
    test = split_result(names, np.array([[180, 11], [1, 8]]), "malignant")
    finding = Finding(
        Status.INCONCLUSIVE, "8 of 9 malignant found (89%): 9 cannot show 80% recall; label 115 more malignant rows", value=8 / 9,
        limit=0.8, interval=Interval(0.5709, 0.9943, 0.95, "Clopper-Pearson"), subject="class malignant", gate=True,
        metric="recall[malignant]", check="class-recall", remedy="Label 115 more malignant rows.",
    )  # fmt: skip
    fact = Fact("Malignant found", test.classes["malignant"].recall, share(0, 9), 0.8, True, True, True, "inconclusive")
    card = Card("Too few malignant rows", "9 rows cannot show 80% recall, whichever are found.", "class malignant",
                "Label 115 more malignant rows.", "inconclusive", "major")  # fmt: skip
    sentence = "Finds 8 of 9 malignant (89%; at least 80% required), and 9 rows cannot show it: label 115 more."
    decision = Decision((fact,), (card,), (1, 0), RowFlow(200, 0, 0, 0, 200), report.decision.not_examined, 28, 34)
    curve = Curve("Rows and bound", "rows", "bound", (Line("bound", (9.0, 50.0, None, 124.0), (0.57, 0.75, None, 0.82)),))
    findings = (replace(finding, figures=(curve,)), *report.findings[5:])
    return sealed(replace(
        report, verdict=Verdict(VerdictStatus.NEEDS_REVIEW, sentence, sentence, (finding.message,), 3), decision=decision,
        findings=findings, checks=checks(findings), measurements={"test": test}, overlap=None, history=None))  # fmt: skip


def hostile(name: str) -> Report:
    """The fraud example with a name of the attacker's choice wherever a file can put one."""
    report = fraud()
    test = report.measurements["test"]
    names = ("not fraud", name)
    renamed = replace(test, class_names=names, classes=dict(zip(names, test.classes.values(), strict=True)), positive=name,
                      majority=replace(test.majority, class_name=name), notes=(name,))  # fmt: skip
    card = replace(report.decision.cards[0], title=name, message=name, where=name, do_next=name)
    fact = replace(report.decision.facts[0], what=name)
    decision = replace(report.decision, cards=(card,) * 3, facts=(fact,) * 5, not_examined=((name, name),) * 9)
    bars = Bars(name, (name, name + "2"), (1.0, 2.0), 1.5, name)
    finding = replace(report.findings[0], message=name, subject=name, remedy=name, check=name, figures=(bars,))
    known = replace(report.provenance, command=name, config={name: name}, versions={name: name}, settings={name: name},
                    data=(DataFile("test", name, name, name, 1),))  # fmt: skip
    past = HistoryResult((1.0, 2.0), {name: (0.5, 0.4)}, 1.0, 2.0)
    return replace(report, decision=decision, findings=(finding,) * 30, measurements={"test": renamed}, provenance=known,
                   history=past, verdict=replace(report.verdict, headline=name, sentence=name),
                   criteria=replace(report.criteria, gates=(name,), waivers=({"check": name, "by": name},)))  # fmt: skip

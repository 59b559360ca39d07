"""Reports made by hand for the tests of rendering: one of each verdict, from two to a thousand classes."""

from dataclasses import replace
from functools import cache

import numpy as np

from auditor.figure_data import Curve, Line
from auditor.findings import Direction, Finding, Interval, Severity, Status
from auditor.label_summary import label_split_result
from auditor.report import Card, Criteria, Decision, Fact, Report, Verdict, VerdictStatus, sealed
from auditor.results import Overlap, RowFlow, SharedRow, Value, WithAndWithout
from auditor.testing import measured, rows
from tests.rendering.parts import (
    FRAUD_FINDINGS,
    checks,
    generalisation,
    history,
    provenance,
    share,
    split_result,
    with_scores,
)


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
        Card(
            "176 of 200 frauds are called “not fraud”.",
            "class fraud, test.csv",
            "Lower the threshold: at a score of 0.08, 180 of 200 would be found, at 31% precision.",
            "fail",
            "blocker",
        ),
        Card(
            "98% is what always answering “not fraud” gets: 9,800 of 10,000.",
            "all rows",
            "State recall and precision of fraud as the gates; leave accuracy out.",
            "fail",
            "major",
        ),
        Card(
            "24 of 48 fraud calls are right; the range is 36 to 64%.",
            "class fraud",
            "Label 40 more rows that the model calls fraud.",
            "inconclusive",
            "major",
        ),
    )
    skipped = tuple((f.title, f.message) for f in FRAUD_FINDINGS if f.status is Status.SKIP)
    more = (
        ("Groups are served alike", "No column was declared with --group"),
        ("Claimed figures hold", "No figures were claimed"),
        ("No part of the data fares worse", "10,000 rows hold no slice of 200 frauds"),
    )
    flow = RowFlow(10_150, 20, 6, 124, 10_000)
    sentence = (
        "Misses 176 of 200 frauds (12% caught; at least 90% required). "
        "Accuracy of 98% is what never answering “fraud” also gets."
    )
    verdict = Verdict(
        VerdictStatus.NOT_READY,
        "98.0% accuracy but 12% recall on “fraud”: not ready.",
        sentence,
        (FRAUD_FINDINGS[0].message, FRAUD_FINDINGS[1].message),
        1,
    )
    overlap = Overlap(
        10_124, 124, 40_000, 31, share(124, 10_124), share(31, 40_000), share(115, 10_124), True, (4, 91, 310),
        verified=120, refuted=2, same_label=119, by_class={"not fraud": 115, "fraud": 9},
        pairs=(SharedRow(4, 1_207, "fraud", "fraud"), SharedRow(91, 8, "fraud", "not fraud")),
        expected=41.3, inflation=Value(0.0002, 0.0001, 0.0003, 10_124, method="Newcombe hybrid score"),
        with_and_without=(
            WithAndWithout("accuracy", share(9_923, 10_124), share(9_800, 10_000)),
            WithAndWithout("recall[fraud]", share(33, 209), share(24, 200), 0.9),
            WithAndWithout("log_loss", Value(0.1), Value(0.11), 0.2, at_least=False, is_share=False),
        ),
        verdict_all_rows="not-ready", verdict_without_shared="needs-review",
    )  # fmt: skip
    criteria = Criteria(
        "fraud",
        False,
        "",
        ("recall[fraud] >= 0.90", "precision[fraud] >= 0.28", "better than majority"),
        ("Recall of fraud: at least 90%", "Precision of fraud: at least 28%"),
        {"calibration": {"minor": 0.05, "major": 0.1}, "loss-curves": {"rise": 0.2}},
    )
    decision = Decision(facts, cards, (1, 0), flow, skipped + more, 28, 34)
    splits = {"test": test, "validation": validation, "train": train}
    return sealed(
        Report(
            1,
            verdict,
            decision,
            criteria,
            FRAUD_FINDINGS,
            checks(FRAUD_FINDINGS),
            splits,
            overlap,
            history(),
            provenance(10_150),
            generalisation=generalisation(),
        )
    )


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
        Finding(
            Status.PASS,
            f"Recall of {worst} is the lowest, and clears 50%",
            value=recall.value,
            limit=0.5,
            gate=True,
            metric=f"recall[{worst}]",
            subject=f"class {worst}",
            check="class-recall",
        ),
        *(f for f in FRAUD_FINDINGS if f.status in {Status.PASS, Status.SKIP}),
    )
    card = Card(
        f"{rows_each - int(recall.k or 0)} of {rows_each} rows of {worst} are called other.",
        f"class {worst}",
        f"Look at {names[(at + 1) % k]} beside {worst}.",
        "info",
        "minor",
    )
    n = rows_each * k
    skipped = tuple((f.title, f.message) for f in findings if f.status is Status.SKIP)
    decision = Decision(facts, (card,), (at, (at + 1) % k), RowFlow(n, 0, 0, 0, n), skipped, 30, 33)
    verdict, criteria = Verdict(status, sentence, sentence, (), 0), Criteria("balanced", False, "", ("mcc >= 0.70",))
    return sealed(
        Report(1, verdict, decision, criteria, findings, checks(findings), {"test": test}, None, None, provenance(n))
    )


CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@cache
def ten() -> Report:
    """Ten classes, ready with warnings."""
    return many(CLOTHES, 1000, VerdictStatus.READY_WITH_WARNINGS, "92% of 10,000 pieces called by their name.")


@cache
def thousand() -> Report:
    """A thousand classes of 50 rows, with a confusion that no table holds."""
    names = tuple(f"species {i:03d} {'abcdefgh'[i % 8] * (1 + i % 20)}" for i in range(1000))
    return many(names, 50, VerdictStatus.READY_WITH_WARNINGS, "A thousand species, 95% of 50,000 called by their name.")


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
    criteria = Criteria(
        "spam", True, "auditor.toml of 3 May", ("precision[spam] >= 0.95", "recall[spam] >= 0.70"), threshold=0.5
    )
    decision = Decision(facts, (), None, RowFlow(10_000, 0, 0, 0, 10_000), report.decision.not_examined[:2], 32, 34)
    return sealed(
        replace(
            report,
            verdict=Verdict(VerdictStatus.READY, "99.4% accuracy and 96% recall on `spam`: ready.", sentence, (), 0),
            decision=decision,
            criteria=criteria,
            findings=findings,
            checks=checks(findings),
            measurements={"test": test},
            overlap=None,
            history=None,
            generalisation=None,
        )
    )


@cache
def decisions_only() -> Report:
    """Nothing but labels and decisions: no model, no scores, no training, figures that cannot be trusted."""
    names, report = ("no", "yes"), fraud()
    test = split_result(names, np.array([[40, 460], [470, 30]]), "yes")
    finding = Finding(
        Status.FAIL,
        "Labels agree with answers in 70 of 1,000 rows, and in 930 once “yes” and “no” change places",
        Severity.BLOCKER,
        value=0.07,
        subject="all rows",
        direction=Direction.DEFLATES,
        validity=True,
        check="label-order",
        remedy="Set classes in auditor.toml to the order of the model's outputs.",
    )
    card = Card(finding.message, "all rows", finding.remedy, "fail", "blocker")
    facts = (Fact("“yes” found", test.classes["yes"].recall, share(0, 500), 0.5, True, True, True, "fail"),)
    sentence = (
        "Answers agree with 70 of 1,000 labels, and with 930 once “yes” and “no” change places: repair the order first."
    )
    decision = Decision(
        facts,
        (card,),
        (1, 0),
        RowFlow(1000, 0, 0, 0, 1000),
        (("Confidence matches accuracy", "No scores were given"),),
        12,
        34,
    )
    return sealed(
        replace(
            report,
            verdict=Verdict(VerdictStatus.INVALID_EVALUATION, sentence, sentence, (finding.message,), 4),
            decision=decision,
            findings=(finding,),
            checks=checks((finding,)),
            measurements={"test": test},
            overlap=None,
            history=None,
            generalisation=None,
            provenance=replace(report.provenance, model=None),
        )
    )


@cache
def undecided() -> Report:
    """Nine positives cannot show 80% recall: needs review."""
    names, report = ("benign", "malignant"), fraud()
    test = split_result(names, np.array([[180, 11], [1, 8]]), "malignant")
    finding = Finding(
        Status.INCONCLUSIVE,
        "8 of 9 malignant found (89%): 9 cannot show 80% recall; label 115 more malignant rows",
        value=8 / 9,
        limit=0.8,
        interval=Interval(0.5709, 0.9943, 0.95, "Clopper-Pearson"),
        subject="class malignant",
        gate=True,
        metric="recall[malignant]",
        check="class-recall",
        remedy="Label 115 more malignant rows.",
    )
    fact = Fact("Malignant found", test.classes["malignant"].recall, share(0, 9), 0.8, True, True, True, "inconclusive")
    card = Card(
        "9 rows cannot show 80% recall, whichever are found.",
        "class malignant",
        "Label 115 more malignant rows.",
        "inconclusive",
        "major",
    )
    sentence = "Finds 8 of 9 malignant (89%; at least 80% required), and 9 rows cannot show it: label 115 more."
    decision = Decision((fact,), (card,), (1, 0), RowFlow(200, 0, 0, 0, 200), report.decision.not_examined, 28, 34)
    curve = Curve(
        "Rows and bound", "rows", "bound", (Line("bound", (9.0, 50.0, None, 124.0), (0.57, 0.75, None, 0.82)),)
    )
    findings = (replace(finding, figures=(curve,)), *report.findings[5:])
    return sealed(
        replace(
            report,
            verdict=Verdict(VerdictStatus.NEEDS_REVIEW, sentence, sentence, (finding.message,), 3),
            decision=decision,
            findings=findings,
            checks=checks(findings),
            measurements={"test": test},
            overlap=None,
            history=None,
            generalisation=None,
        )
    )


@cache
def many_labels() -> Report:
    """Thirty labels of which a row may have several, one of them with few rows found: not ready."""
    names = ("toxic", *(f"label {i} of thirty" for i in range(29)))
    draw, report = np.random.default_rng(0), fraud()
    truth = (draw.random((2000, 30)) < 0.05).astype(int)
    truth[100:103, 4] = -1
    p = np.clip(0.6 * (truth > 0) + 0.35 * draw.random(truth.shape), 0, 1)
    p[:, 0] /= 1.8
    found = measured(rows(truth, probabilities=p), class_names=names)
    test = label_split_result(found, found.test)
    toxic = test.classes["toxic"]
    finding = Finding(
        Status.FAIL,
        f"Recall on toxic is {toxic.correct / toxic.support:.1%} ({toxic.correct} of {toxic.support}); at least 50.0% is required",
        Severity.BLOCKER,
        value=toxic.recall.value,
        limit=0.5,
        subject="label toxic",
        gate=True,
        metric="recall[toxic]",
        check="class-recall",
        remedy="Look at the missed rows of toxic.",
    )
    facts = (
        Fact("Of the “toxic” rows, found", toxic.recall, share(0, toxic.support), 0.5, True, True, True, "fail"),
        Fact("Of all rows, every label right", test.accuracy, test.majority.accuracy, None, True, True, False, ""),
    )
    card = Card(finding.message, "label toxic", finding.remedy, "fail", "blocker")
    decision = Decision(facts, (card,), (0, 1), RowFlow(2000, 0, 0, 0, 2000), report.decision.not_examined, 13, 16)
    sentence = f"Finds {toxic.correct} of {toxic.support} toxic rows: not production-ready."
    return sealed(
        replace(
            report,
            verdict=Verdict(VerdictStatus.NOT_READY, sentence, sentence, (finding.message,), 1),
            decision=decision,
            findings=(finding,),
            checks=checks((finding,)),
            measurements={"test": test},
            overlap=None,
            history=None,
            generalisation=None,
        )
    )

"""How often the intervals, gates and checks are wrong, on models whose truth is known.

Every random number comes from SEED. The tables that this prints are those of docs/validation.md.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from scipy import stats

from auditor.batches import Batch
from auditor.checking import Check, built_in, judge
from auditor.findings import Confidence, Finding, Severity, Status
from auditor.policy import NOTHING_BY_DEFAULT, PRESETS, Policy
from auditor.report import VerdictStatus
from auditor.settings import GateSettings
from auditor.states import State
from auditor.statistics import labels_needed
from auditor.testing import from_confusion, measured
from auditor.verdict import decide
from tests.benchmarks import coverage
from tests.benchmarks.coverage import Cell
from tests.benchmarks.simulated import BinaryModel, Floats, Panel, confusion, relative_losses, spread_recalls, table

SEED = 20_010_401
DEFAULT = Policy(PRESETS["balanced"], (), confirmed=False)
CHECKS = {check.id: check for check in built_in()}
NEEDS: tuple[type[State], ...] = tuple(dict.fromkeys(state for check in CHECKS.values() for state in check.needs))

COVERAGE = (0.927, 0.970)
# With 200 models a true rate of 5% (1%) gives at most 16 (5) in 97.5% of cases; with 100 models 5% gives at most 9.
FIVE_PERCENT = {200: 16, 100: 9}
ONE_PERCENT = {200: 5}
MODELS = 200


def serious(findings: Sequence[Finding]) -> list[Finding]:
    """Confirmed findings that are major or worse."""
    return [
        f
        for f in findings
        if f.status is Status.FAIL and f.confidence is Confidence.CONFIRMED and f.severity.rank >= Severity.MAJOR.rank
    ]


def two_classes(tn: int, fp: int, fn: int, tp: int) -> Batch:
    return from_confusion([[tn, fp], [fn, tp]])


def judged(checks: Sequence[Check], batch: Batch, policy: Policy = DEFAULT) -> list[Finding]:
    return judge(checks, measured(batch, class_names=("rest", "target"), positive="target", states=NEEDS), policy)


# Coverage of the intervals that are shown

Simulation = Callable[[np.random.Generator], Iterator[Cell]]

SIMULATIONS: dict[str, Simulation] = {
    "two classes, from counts": lambda random: coverage.of_counts(random, 1000),
    "two classes, MCC, kappa and macro F1": lambda random: coverage.of_summaries(random, 300),
    "several classes, balanced accuracy": lambda random: coverage.of_classes(random, 50, 60),
    "several classes, MCC, kappa and macro F1": lambda random: coverage.of_class_summaries(random, 50, 40),
    "two classes, ROC-AUC": lambda random: coverage.of_areas(random, 700),
    "two classes, average precision": lambda random: coverage.of_average_precision(random, 350),
}


@pytest.mark.parametrize("name", SIMULATIONS)
def test_shown_intervals_contain_the_truth_as_often_as_they_say(name: str) -> None:
    cells = list(SIMULATIONS[name](np.random.default_rng(SEED)))
    metrics = dict.fromkeys(cell.metric for cell in cells)
    lines = [
        (c.metric, c.place, f"{c.covered:.3f}", f"{c.above:.3f}", f"{c.below:.3f}", f"{c.worst_model:.3f}", c.intervals)
        for metric in metrics
        for c in coverage.worst(cell for cell in cells if cell.metric == metric)
    ]
    for metric in metrics:
        of = [cell.covered for cell in cells if cell.metric == metric]
        print(
            f"\n{name}: {metric}: {len(of)} cells, coverage {min(of):.3f} to {max(of):.3f}, mean {np.mean(of):.3f}",
            end="",
        )
    table(
        f"Three worst cells: {name}", ("metric", "cell", "covered", "above", "below", "worst model", "intervals"), lines
    )
    outside = [c for c in cells if c.covered < COVERAGE[0] or (c.covered > COVERAGE[1] and c.metric != "ROC-AUC")]
    assert not outside


# Gates: exact error rates, since a decision on a share depends on the count alone


def gate_decisions(rows: int, limit: float) -> list[Status]:
    """How the gate `recall[target] >= limit` is decided for each number of hits among the rows of the class."""
    policy = Policy(NOTHING_BY_DEFAULT, (GateSettings(metric="recall[target]", at_least=limit),), confirmed=True)
    batches = (two_classes(5 * rows, 0, rows - hits, hits) for hits in range(rows + 1))
    return [judged([CHECKS["acceptance"]], batch, policy)[0].status for batch in batches]


def chance_of(status: Status, decisions: Sequence[Status], recall: float) -> float:
    """Exact probability of a decision for a model of this true recall."""
    chances = stats.binom.pmf(np.arange(len(decisions)), len(decisions) - 1, recall)
    return float(sum(p for p, decided in zip(chances, decisions, strict=True) if decided is status))


def test_a_model_at_the_limit_fails_in_at_most_5_percent_and_passes_in_at_most_5_percent() -> None:
    lines = []
    for rows in (10, 25, 50, 100, 200, 500, 1000):
        for limit in (0.50, 0.70, 0.80, 0.90, 0.95):
            decisions = gate_decisions(rows, limit)
            lines.append((rows, limit, *(chance_of(s, decisions, limit) for s in (Status.FAIL, Status.PASS))))
    worst_fail, worst_pass = max(lines, key=lambda line: line[2]), max(lines, key=lambda line: line[3])
    shown = [(n, f"{t:.2f}", f"{f:.4f}", f"{p:.4f}") for n, t, f, p in (worst_fail, worst_pass)]
    table(
        f"Recall truly at the limit, {len(lines)} cells; most FAIL, most PASS", ("rows", "limit", "FAIL", "PASS"), shown
    )
    assert worst_fail[2] <= 0.05
    assert worst_pass[3] <= 0.05


def test_a_recall_ten_points_under_the_limit_is_seen_in_200_positives() -> None:
    decisions = gate_decisions(200, 0.90)
    power = chance_of(Status.FAIL, decisions, 0.80)
    print(
        f"\nRecall .80 against .90, 200 positives: FAIL {power:.4f}, PASS {chance_of(Status.PASS, decisions, 0.80):.2g}"
    )
    assert power >= 0.95


def test_nine_positives_never_decide_a_recall_of_90_percent_against_80() -> None:
    decisions = gate_decisions(9, 0.80)
    wrong = chance_of(Status.FAIL, decisions, 0.90)
    drawn = np.random.default_rng(SEED).binomial(9, 0.90, MODELS)
    decided = sum(decisions[hits] is not Status.INCONCLUSIVE for hits in drawn)
    print(
        f"\nRecall .90 against .80, 9 positives: PASS 0, FAIL {wrong:.5f} exactly; {decided} of {MODELS} drawn decided"
    )
    assert Status.PASS not in decisions
    assert wrong < 0.001
    assert not decided


# The chance of a decision is a saw-tooth in the number of labels; the advice starts at a peak, and near 1 teeth are high.
MISSED = pytest.mark.xfail(reason="87.2%: at a rate of 99% one tooth is 8 points high")
PLANS = [(8, 9, 0.80), (95, 100, 0.90), (90, 100, 0.80), (85, 100, 0.80), (13, 20, 0.80), (60, 200, 0.50)]


@pytest.mark.parametrize(("k", "n", "limit"), [*PLANS, pytest.param(99, 100, 0.95, marks=MISSED)])
def test_the_advised_number_of_labels_decides_in_80_percent(k: int, n: int, limit: float) -> None:
    need = labels_needed(k, n, limit)
    assert need.total is not None
    aim = Status.PASS if need.passes else Status.FAIL
    chance = chance_of(aim, gate_decisions(need.total, limit), k / n)
    print(
        f"\n{k} of {n} against {limit:.2f}: {need.total} labels advised; then {aim} with probability {chance:.3f}",
        end="",
    )
    assert 0.74 <= chance <= 0.86


# The accuracy paradox, and guessing


def found_in(n: int, model: tuple[float, float, float], random: np.random.Generator) -> bool:
    """Whether one test set of (prevalence, recall, false positive rate) shows a serious finding of accuracy's two checks."""
    prevalence, recall, alarm = model
    cells = [(1 - prevalence) * (1 - alarm), (1 - prevalence) * alarm, prevalence * (1 - recall), prevalence * recall]
    drawn = [int(count) for count in random.multinomial(n, cells)]
    return bool(serious(judged([CHECKS["better-than-majority"], CHECKS["class-imbalance"]], two_classes(*drawn))))


@pytest.mark.parametrize("rows", [1000, 5000])
@pytest.mark.parametrize("model", [(0.02, 0.80, 0.002), (0.10, 0.80, 0.02), (0.02, 0.65, 0.004), (0.30, 0.80, 0.10)])
def test_a_good_model_of_rare_positives_is_no_paradox(rows: int, model: tuple[float, float, float]) -> None:
    random = np.random.default_rng(SEED)
    found = sum(found_in(rows, model, random) for _ in range(MODELS))
    print(f"\nGood model, {rows} rows, (prevalence, recall, alarms) {model}: {found} of {MODELS} flagged", end="")
    assert found <= FIVE_PERCENT[MODELS]


def test_an_accuracy_of_the_majority_with_a_recall_of_12_percent_is_found() -> None:
    random = np.random.default_rng(SEED)
    found = sum(found_in(10_000, (0.02, 0.12, 24 / 9800), random) for _ in range(MODELS))
    print(f"\nAccuracy .98 at 2% positives, recall .12, 10,000 rows: {found} of {MODELS} found")
    assert found >= 195


def called_guessing(batch: Batch) -> bool:
    found = judged([CHECKS["better-than-chance"]], batch)
    return any(f.status is Status.FAIL and "guessing" in f.message for f in found)


@pytest.mark.parametrize("scores", [True, False])
def test_shuffled_labels_are_called_guessing_and_an_accuracy_of_60_percent_is_not(scores: bool) -> None:
    random = np.random.default_rng(SEED)
    counts = Counter[str]()
    for _ in range(MODELS):
        for name, model, shuffled in (
            ("shuffled", BinaryModel(2.0, 0.8), True),
            ("weak", BinaryModel(0.5067, 0.6), False),
        ):
            batch = model.batch(random, 5000, 0.5, shuffled=shuffled)
            assert batch.scores is not None
            decided = two_classes(*np.bincount(2 * batch.labels + batch.scores.predicted, minlength=4).tolist())
            counts[name] += called_guessing(batch if scores else decided)
    basis = "ROC-AUC" if scores else "kappa"
    print(
        f"\n5,000 rows by {basis}: shuffled labels called guessing {counts['shuffled']} of {MODELS}, accuracy .60 {counts['weak']}"
    )
    assert counts["shuffled"] >= 184
    assert counts["weak"] <= ONE_PERCENT[MODELS]


# Clean models: train and test from one distribution

PANELS = (
    Panel(2, 0.80, 50),
    Panel(10, 0.80, 50),
    Panel(100, 0.80, 100),
    Panel(10, 0.90, 200),
    Panel(2, 0.95, 50),
    Panel(1000, 0.75, 50, models=100),
)
TRAIN_ROWS_A_TEST_ROW = 4


def clean_model(panel: Panel, random: np.random.Generator) -> tuple[Floats, Floats, list[Finding]]:
    """True recalls of one clean model, its relative losses from train to test, and what all checks find."""
    recalls, n = spread_recalls(random, panel.classes, panel.accuracy), panel.classes * panel.rows_each
    test, train = confusion(random, recalls, n), confusion(random, recalls, TRAIN_ROWS_A_TEST_ROW * n)
    names = tuple(f"class {i}" for i in range(panel.classes))
    positive = names[1] if panel.classes == 2 else None
    found = measured(
        from_confusion(test), class_names=names, positive=positive, train=from_confusion(train), states=NEEDS
    )
    return recalls, relative_losses(train, test), judge(list(CHECKS.values()), found, DEFAULT)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_clean_models_draw_no_serious_finding(panel: Panel) -> None:
    random = np.random.default_rng(SEED)
    flagged, deserved, naive, verdicts = 0, 0, 0, Counter[VerdictStatus]()
    floor = DEFAULT.preset.balanced_accuracy
    assert floor is not None
    for _ in range(panel.models):
        recalls, losses, findings = clean_model(panel, random)
        assert not [f for f in findings if f.status is Status.ERROR]
        naive += bool((losses > 0.10).any())
        flagged += bool(serious(findings))
        deserved += bool(serious(findings)) and float(recalls.mean()) < floor
        verdicts[decide(findings, DEFAULT).status] += 1
    shares = {status: f"{verdicts[status] / panel.models:.1%}" for status in VerdictStatus}
    table(
        f"Clean models: {panel.name}",
        (
            "models",
            "serious finding",
            "truly under the limit",
            "10% gap rule fails",
            *(str(status) for status in VerdictStatus),
        ),
        [(panel.models, flagged, deserved, f"{naive / panel.models:.1%}", *shares.values())],
    )
    assert flagged <= FIVE_PERCENT[panel.models]

"""How often the behaviour of a model is judged wrongly, on models whose faults are known.

Every random number comes from SEED. The tables that this prints are those of docs/validation.md.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax
from torch import Tensor, nn

from auditor.batches import Batch, OutputKind, Scores
from auditor.checking import built_in
from auditor.findings import Finding, Severity, Status
from auditor.measurements import Measurements, ProbeResult
from auditor.states import OutputForm, Task
from auditor.testing import compute, measured, rows
from tests.behaviour.making import blobs, loaded, measurements, nearest
from tests.benchmarks.simulated import table

SEED = 20_010_401
MODELS = 200
# Of 200 models a true rate of 2.5% gives at most 10 in 97.5% of cases; a power of 99% at least 195.
FALSE_ALARMS, FOUND = 10, 195
CHECKS = {check.id: check for check in built_in()}
Array = NDArray[Any]


def failing(id_: str, m: Measurements, severity: Severity = Severity.MINOR) -> list[Finding]:
    """The findings of a check that are at least so severe; none of them may be an error."""
    found = compute(CHECKS[id_], m)
    assert Status.ERROR not in {finding.status for finding in found}
    return [f for f in found if f.status is Status.FAIL and f.severity.rank >= severity.rank]


# Outputs in another order than the class names


def answers(random: np.random.Generator, n: int, shares: Array, accuracy: float) -> tuple[Array, Array]:
    """Labels of classes with these shares, and answers that are right this often and guesses otherwise."""
    labels = random.choice(len(shares), n, p=shares)
    known = random.random(n) < (accuracy - 1 / len(shares)) / (1 - 1 / len(shares))
    return labels, np.where(known, labels, random.integers(0, len(shares), n))


def is_called_permuted(labels: Array, predicted: Array, classes: int) -> bool:
    m = measured(rows(labels, predicted=predicted), class_names=[f"class {i}" for i in range(classes)])
    return bool(failing("label-order", m))


def even(classes: int) -> Array:
    return np.full(classes, 1 / classes)


def skewed(classes: int) -> Array:
    """Shares that halve from class to class, the last the largest."""
    shares = 0.5 ** np.arange(classes)[::-1]
    return np.asarray(shares / shares.sum())


def test_models_without_a_fault_are_not_called_permuted() -> None:
    lines = []
    for classes in (2, 3, 10, 100):
        for name, accuracy in (("guessing", 1 / classes), ("weak", 1 / classes + 0.1), ("good", 0.9)):
            for n in (200, 1000):
                random = np.random.default_rng(SEED)
                flags = [
                    is_called_permuted(*answers(random, n, shares, accuracy), classes)
                    for shares in (even(classes), skewed(min(classes, 10)))
                    for _ in range(MODELS)
                    if len(shares) == classes
                ]
                lines.append((classes, name, n, f"{sum(flags)} of {len(flags)}"))
                assert sum(flags) <= FALSE_ALARMS * len(flags) // MODELS
    table("Classes in their order, called permuted", ("classes", "model", "rows", "flagged"), lines)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_one_answer_to_everything_is_not_called_permuted(classes: int) -> None:
    random = np.random.default_rng(SEED)
    flagged = sum(
        is_called_permuted(random.choice(classes, 1000, p=skewed(classes)), np.zeros(1000, np.int64), classes)
        for _ in range(MODELS)
    )
    print(
        f"\nOne answer, the rarest of {classes} classes, to 1,000 rows: {flagged} of {MODELS} called permuted", end=""
    )
    assert flagged == 0


@pytest.mark.parametrize("classes", [3, 10, 30, 100])
def test_permuted_classes_are_found_at_an_accuracy_of_60_percent(classes: int) -> None:
    random = np.random.default_rng(SEED)
    found = 0
    for _ in range(MODELS):
        labels, meant = answers(random, 1000, even(classes), 0.6)
        order = random.permutation(classes)
        while (order == np.arange(classes)).any():
            order = random.permutation(classes)
        found += is_called_permuted(labels, order[meant], classes)
    print(f"\n{classes} classes permuted, accuracy .60, 1,000 rows: {found} of {MODELS} found", end="")
    assert found >= FOUND


# Training mode, chance and the batch


class Then(nn.Module):
    """A module whose rows or answers pass through something else."""

    def __init__(self, inner: nn.Module, then: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.inner, self.then = inner, then

    def forward(self, features: Tensor) -> Tensor:
        return self.then(self.inner(features))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3)
    )


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.1),
        nn.Conv2d(8, 8, 3),
        nn.Flatten(),
        nn.Linear(32, 3),
    )


class Transformer(nn.Module):
    """Each of eight numbers a token; two layers of attention, and the mean of the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Linear(1, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.head(self.encoder(self.token(features[..., None])).mean(dim=1))
        return scores


KINDS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "multilayer perceptron": (mlp, (6,)),
    "convolutional network": (cnn, (1, 8, 8)),
    "transformer": (Transformer, (8,)),
}
BEHAVIOUR = ("evaluation-mode", "determinism", "batch-independence", "finite-outputs")


def settled(module: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """The network after some rows in training mode, so that its running averages are those of data."""
    module.train()
    with torch.no_grad():
        for _ in range(5):
            module(torch.randn(64, *shape))
    return module.eval()


def drawn(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[Array, Array]:
    return random.normal(size=(300, *shape)).astype(np.float32), random.integers(0, 3, 300)


def only(module: nn.Module, kind: type[nn.Module]) -> nn.Module:
    """The module with the parts of this kind in training mode."""
    for part in module.modules():
        part.train(isinstance(part, kind))
    return module


@pytest.mark.parametrize("kind", KINDS)
def test_networks_in_evaluation_mode_draw_no_finding(kind: str) -> None:
    make, shape = KINDS[kind]
    random = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    flagged, largest = 0, 0.0
    for _ in range(MODELS):
        m = measurements(loaded(settled(make(), shape)), drawn(random, shape), classes=3)
        flagged += any(failing(id_, m) for id_ in BEHAVIOUR)
        runs = (m.behaviour.repeated, m.behaviour.shuffled, m.behaviour.alone)
        largest = max(largest, *(run.largest for run in runs))
    print(
        f"\n{kind} in evaluation mode: {flagged} of {MODELS} flagged; largest change {largest:.1e} deviations", end=""
    )
    assert flagged == 0


def faults() -> Iterator[tuple[str, str, Callable[[], nn.Module], tuple[int, ...]]]:
    """A fault, the check that is to find it, and a network that has it."""
    for kind, (make, shape) in KINDS.items():

        def dropping(
            make: Callable[[], nn.Module] = make, shape: tuple[int, ...] = shape, kind: str = kind
        ) -> nn.Module:
            # The layers of a transformer do not look at the flags of their dropout but at their own.
            module = settled(make(), shape)
            return module.train() if kind == "transformer" else only(module, nn.Dropout)

        yield f"dropout of 10% left on, {kind}", "evaluation-mode", dropping, shape
    for name, kind_of, size in (
        ("multilayer perceptron", nn.BatchNorm1d, (6,)),
        ("convolutional network", nn.BatchNorm2d, (1, 8, 8)),
    ):
        make = KINDS[name][0]

        def by_batch(
            make: Callable[[], nn.Module] = make, shape: tuple[int, ...] = size, kind: type[nn.Module] = kind_of
        ) -> nn.Module:
            return only(settled(make(), shape), kind)

        yield f"batch normalisation left on, {name}", "evaluation-mode", by_batch, size
        yield f"batch normalisation left on, {name}", "batch-independence", by_batch, size
    yield (
        "noise of 5% of a deviation",
        "determinism",
        lambda: Then(mlp().eval(), lambda z: z + 0.05 * z.std() * torch.randn_like(z)),
        (6,),
    )
    yield (
        "mean of the batch taken off",
        "batch-independence",
        lambda: Then(mlp().eval(), lambda z: z - z.mean(dim=0)),
        (6,),
    )


@pytest.mark.parametrize(
    ("fault", "id_", "make", "shape"), list(faults()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_network_with_a_fault_is_found(
    fault: str, id_: str, make: Callable[[], nn.Module], shape: tuple[int, ...]
) -> None:
    random = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    found = Counter[str]()
    for _ in range(MODELS):
        m = measurements(loaded(make(), evaluating=False), drawn(random, shape), classes=3)
        for finding in failing(id_, m)[:1]:
            found[finding.severity] += 1
    print(f"\n{fault}, by {id_}: {found.total()} of {MODELS} found ({dict(found)})", end="")
    assert found.total() == MODELS


def test_one_row_that_is_no_number_is_found() -> None:
    random = np.random.default_rng(SEED)
    found = 0
    for _ in range(MODELS):
        values = random.normal(size=(1000, 3))
        values[random.integers(1000), random.integers(3)] = np.nan
        batch = Batch(
            np.zeros(1000, np.int64),
            np.arange(1000, dtype=np.uint64),
            np.zeros((1000, 1), np.float32),
            Scores(values, OutputKind.LOGITS),
        )
        found += bool(failing("finite-outputs", measured(batch, class_names=["a", "b", "c"]), Severity.BLOCKER))
    print(f"\nOne row of 1,000 with NaN: {found} of {MODELS} found", end="")
    assert found == MODELS


# What the outputs are

FORMS: dict[OutputKind, Callable[[Array], Array]] = {
    OutputKind.LOGITS: lambda z: z,
    OutputKind.PROBABILITIES: lambda z: np.asarray(softmax(z, axis=1)),
    OutputKind.LOG_PROBABILITIES: lambda z: np.asarray(log_softmax(z, axis=1)),
    OutputKind.SIGMOID: lambda z: np.asarray(expit(z[:, :1])),
}


def outputs(random: np.random.Generator, kind: OutputKind) -> tuple[Array, Array]:
    """Labels, and outputs (500, 1) or (500, classes) of this kind, in single precision, from timid to sure."""
    classes = 2 if kind is OutputKind.SIGMOID else int(random.choice([2, 3, 10, 100]))
    labels = random.integers(0, classes, 500)
    z = random.choice([0.3, 1, 3, 10]) * (random.normal(size=(500, classes)) + np.eye(classes)[labels])
    return labels, FORMS[kind](z).astype(np.float32)


def taken_for(kind: OutputKind, labels: Array, values: Array, *, declared: bool) -> Measurements:
    names = [f"class {i}" for i in range(max(2, values.shape[1]))]
    batch = Batch(labels, np.arange(len(labels), dtype=np.uint64), None, Scores(values, kind))
    m = measured(batch, class_names=names, positive=names[1] if len(names) == 2 else None)
    return replace(m, probe=ProbeResult(kind, declared, n_rows=len(labels)))


def detected(values: Array) -> OutputKind:
    form = OutputForm(Task(tuple(f"class {i}" for i in range(max(2, values.shape[1])))))
    form.update(
        Batch(
            np.zeros(len(values), np.int64),
            np.arange(len(values), dtype=np.uint64),
            None,
            Scores(values, OutputKind.LOGITS),
        )
    )
    return form.result().kind


def test_the_kind_of_outputs_is_detected_and_passes() -> None:
    random = np.random.default_rng(SEED)
    wrong = Counter[str]()
    for kind in FORMS:
        for _ in range(MODELS):
            labels, values = outputs(random, kind)
            wrong[kind] += detected(values) is not kind
            wrong[kind] += bool(failing("output-kind", taken_for(kind, labels, values, declared=False)))
    print(f"\nKind detected wrongly or flagged, of {MODELS} each: {dict(wrong)}")
    assert not wrong.total()


def test_a_kind_that_is_declared_wrongly_is_found() -> None:
    random = np.random.default_rng(SEED)
    lines = []
    for actual in FORMS:
        for declared in FORMS:
            single = OutputKind.SIGMOID
            if actual is declared or (declared is single and actual is OutputKind.PROBABILITIES):
                continue  # columns of probabilities lie in 0..1 as sigmoids do; the program refuses those of exclusive classes
            found = 0
            for _ in range(MODELS):
                labels, values = outputs(random, actual)
                found += bool(
                    failing("output-kind", taken_for(declared, labels, values, declared=True), Severity.MAJOR)
                )
            lines.append((actual, declared, f"{found} of {MODELS}"))
            assert found == MODELS
    table("Outputs declared as what they are not", ("outputs", "declared", "found"), lines)


# Preparation of the features


def accuracy(model: nn.Module, rows: tuple[Array, Array]) -> float:
    with torch.no_grad():
        called = model(torch.from_numpy(rows[0])).argmax(dim=1).numpy()
    return float((called == rows[1]).mean())


def test_a_forgotten_preparation_is_found_and_none_is_invented() -> None:
    random = np.random.default_rng(SEED)
    flagged, found, forgotten, guessed = 0, 0, 0, 0
    for seed in range(MODELS):
        test, train = blobs(600, seed=2 * seed, apart=1.0), blobs(2000, seed=2 * seed + 1, apart=1.0)
        shift = random.uniform(-50, 50, 6).astype(np.float32)
        mean, deviation = torch.from_numpy(train[0].mean(axis=0)), torch.from_numpy(train[0].std(axis=0))
        model = nearest(apart=1.0)
        flagged += bool(failing("preprocessing", measurements(loaded(model), test, train, classes=3)))
        torch.manual_seed(seed)
        guessed += bool(failing("preprocessing", measurements(loaded(mlp()), test, train, classes=3)))
        prepared, raw = Prepared(model, mean, deviation), (test[0] * 9 + shift, test[1])
        if accuracy(model, test) - accuracy(prepared, raw) > 0.10:
            forgotten += 1
            m = measurements(loaded(prepared), raw, (train[0] * 9 + shift, train[1]), classes=3)
            found += bool(failing("preprocessing", m, Severity.BLOCKER))
    print(
        f"\nPreparation, of {MODELS}: flagged {flagged} as trained, {guessed} never trained; forgotten at a cost of more than "
        f"10 points {forgotten}, of these found {found}"
    )
    assert flagged <= FALSE_ALARMS // 2
    assert found >= 0.975 * forgotten > 100


class Prepared(nn.Module):
    """A model that saw standardised rows in training."""

    def __init__(self, model: nn.Module, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.model, self.mean, self.deviation = model, mean, deviation

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.model(features * self.deviation + self.mean)
        return scores

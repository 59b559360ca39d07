"""How often a gap or memorised rows are spoken of where there are none, and how often they are found: 200 seeds each."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import nn

from auditor import Severity, Status
from auditor.checking import built_in
from auditor.testing import compute, measured, rows
from tests.benchmarks.simulated import table

SEED, SEEDS = 20010401, 200
# 97.5% limits of a rate of 5% and of 1% in 200; the share that is found at a power of 95%.
FALSE_ALARMS_AT_5, FALSE_ALARMS_AT_1 = 16, 5
FEWEST_AT_95 = 0.92
CHECKS = {check.id: check for check in built_in()}
FEATURES, POPULATION = 20, 20_000


def drawn(random, n, centres, shares):
    """Rows of a mixture of normal distributions, and the class of each."""
    labels = random.choice(len(centres), n, p=shares)
    return random.normal(size=(n, FEATURES)) + centres[labels], labels


def spread(random, classes, distance):
    """Centres of the classes, each pair about as far apart as stated."""
    centres = random.normal(size=(classes, FEATURES))
    return centres * distance / np.sqrt(2 * FEATURES)


# Classes, distance of their centres, share of the last class (the rest even), rows of test.
CLEAN = {
    "two even classes": (2, 2.6, 0.5, 5000),
    "2% positives": (2, 3.5, 0.02, 5000),
    "ten classes": (10, 4.0, 0.1, 5000),
    "150 test rows": (2, 2.6, 0.5, 150),
}


def clean(random, classes, distance, share, n_test):
    """A linear discriminant analysis of 20,000 rows, and new rows from the same source."""
    shares = np.r_[np.full(classes - 1, (1 - share) / (classes - 1)), share]
    centres = spread(random, classes, distance)
    splits = [drawn(random, n, centres, shares) for n in (20_000, n_test, n_test)]
    model = LinearDiscriminantAnalysis().fit(*splits[0])
    train, test, validation = (rows(y, probabilities=model.predict_proba(x)) for x, y in splits)
    return {"train": train, "test": test, "validation": validation}


def said(check, test, classes=2, **splits):
    """How a check ends, and its severity: the worst of its findings."""
    positive = "c1" if classes == 2 else None
    found = compute(
        CHECKS[check], measured(test, class_names=[f"c{k}" for k in range(classes)], positive=positive, **splits)
    )
    assert not any(f.status is Status.ERROR for f in found)
    return max((f.severity.rank if f.status is Status.FAIL else -1 for f in found), default=-1)


def counted(ranks):
    """How many were raised, and how many of them as major."""
    return sum(rank >= 0 for rank in ranks), sum(rank >= Severity.MAJOR.rank for rank in ranks)


@pytest.mark.parametrize("cell", CLEAN)
def test_models_that_learnt_what_holds_are_seldom_spoken_of(cell):
    random, found = np.random.default_rng(SEED), Counter()
    for _ in range(SEEDS):
        splits = clean(random, *CLEAN[cell])
        test, train, validation = splits["test"], splits["train"], splits["validation"]
        k = CLEAN[cell][0]
        found["gap"] += said("generalisation-gap", test, k, train=train) >= 0
        found["memorisation"] += said("memorisation", test, k, train=train) >= 0
        found["test against validation"] += said("memorisation", test, k, validation=validation) >= 0
    table(f"Findings about {SEEDS} clean models, {cell}", list(found), [list(found.values())])
    assert found["gap"] <= FALSE_ALARMS_AT_5
    assert max(found["memorisation"], found["test against validation"]) <= FALSE_ALARMS_AT_1


def overfit(random, distance, n_train, steps):
    """Probabilities of a network of 64 hidden units trained on few rows: of these, of 2,000 new rows, and of many more."""
    centres = spread(random, 2, distance)
    splits = [drawn(random, n, centres, [0.5, 0.5]) for n in (n_train, 2000, 2000, POPULATION)]
    torch.manual_seed(int(random.integers(2**31)))
    x, y = torch.tensor(splits[0][0], dtype=torch.float32), torch.tensor(splits[0][1])
    net = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2))
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    with torch.no_grad():
        outputs = [net(torch.tensor(x, dtype=torch.float32)).numpy() for x, _ in splits]
    stated = [softmax(logits.astype(np.float64), axis=1) for logits in outputs]
    return [rows(labels, probabilities=p) for p, (_, labels) in zip(stated, splits, strict=True)]


@cache
def trained(distance, n_train, steps):
    """Networks with what is true of them: the gap in accuracy, and the share of pairs in which the new row has the higher loss."""
    random, found = np.random.default_rng(SEED), []
    while len(found) < SEEDS:
        train, test, validation, many = overfit(random, distance, n_train, steps)
        m = measured(many, class_names=["c0", "c1"], positive="c1", train=train)
        told = compute(CHECKS["memorisation"], m)[0].value
        found.append((train, test, validation, m.train.value("accuracy") - m.test.value("accuracy"), told))
    return found


@pytest.mark.parametrize(("distance", "n_train", "steps"), [(2.2, 300, 150), (1.0, 500, 200)])
def test_networks_that_learnt_their_rows_by_heart_are_found(distance, n_train, steps):
    networks, lines = trained(distance, n_train, steps), []
    for what, check, kept, least in (
        ("a gap of .15 or more", "generalisation-gap", 3, 0.15),
        ("told apart in .65 of pairs or more", "memorisation", 4, 0.65),
    ):
        meant = [net for net in networks if net[kept] >= least]
        raised, major = counted([said(check, net[1], train=net[0]) for net in meant])
        mean = np.mean([net[kept] for net in meant]) if meant else 0.0
        lines.append([what, len(meant), round(float(mean), 3), raised, major])
    suspects = [net for net in networks if net[4] >= 0.65]
    # The training rows pass as test rows, and nobody says where the training data are.
    raised, major = counted([said("memorisation", net[0], validation=net[2]) for net in suspects])
    lines.append(["training rows given as test rows", len(suspects), "", raised, major])
    table(
        f"{SEEDS} networks trained on {n_train} rows of classes {distance} standard deviations apart for {steps} steps",
        ["true", "networks", "mean", "raised", "major"],
        lines,
    )
    for _, n, _, found, _ in lines:
        assert found >= np.floor(n * FEWEST_AT_95)

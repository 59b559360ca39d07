"""How often the loss-curves check speaks of clean training, how often it finds what is planted, and so for a training log."""

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from auditor import Status
from auditor.checking import built_in
from auditor.histories import History
from auditor.statistics import double_sigmoid_floor, double_softmax_floor
from auditor.testing import compute, from_confusion, measured
from auditor.training import watch
from tests.benchmarks.simulated import table

SEED, SEEDS = 20010401, 200
FALSE_ALARMS_AT_5, FEWEST_AT_95 = 16, 184
NOISES, AUTOCORRELATIONS, LENGTHS = (0.01, 0.03, 0.05, 0.08), (0.0, 0.3, 0.6), (15, 30, 60)
CHANCE = float(np.log(10))


@cache
def clean_measurements(n_classes, share=None):
    """Rows whose class shares set what a constant answer costs."""
    counts = [100] * n_classes if share is None else [round(1000 * (1 - share)), round(1000 * share)]
    names = [f"c{k}" for k in range(n_classes)]
    return measured(from_confusion(np.diag(counts)), class_names=names, positive=names[1] if n_classes == 2 else None)


def noisy(random, curve, noise, autocorrelation):
    """The curve times exp of an AR(1) process of stationary standard deviation `noise`."""
    drawn, wave = random.standard_normal(len(curve)), np.zeros(len(curve))
    wave[0] = drawn[0]
    for i in range(1, len(curve)):
        wave[i] = autocorrelation * wave[i - 1] + np.sqrt(1 - autocorrelation**2) * drawn[i]
    return curve * np.exp(noise * wave)


def sound(epochs):
    """Training and validation losses of ten classes that fall and level off."""
    t = np.arange(epochs)
    fall = np.exp(-t / (epochs / 6))
    return 0.35 + 1.8 * fall, 0.55 + 1.6 * fall


def rising(epochs, rise):
    """Training loss that falls on, and a validation loss that ends a share above its lowest at a third of the way."""
    train, validation = sound(epochs)
    t, turn = np.arange(epochs), epochs // 3
    lowest = validation.copy()
    lowest[turn:] = validation[turn]
    lift = 1 + rise * np.clip((t - turn) / (epochs - 1 - turn), 0, None)
    return train * np.exp(-t / epochs), lowest * lift


def findings(train, validation, n_classes=10, share=None):
    """The failing subjects of the check."""
    columns = {"train_loss": train, "val_loss": validation}
    broken = {
        name: tuple(np.flatnonzero(~np.isfinite(v)) + 1.0) for name, v in columns.items() if not np.isfinite(v).all()
    }
    given = {name: tuple(float(x) if np.isfinite(x) else None for x in v) for name, v in columns.items()}
    history = History(Path("history.csv"), "", tuple(np.arange(1.0, len(train) + 1)), given, broken)
    check = next(check for check in built_in() if check.id == "loss-curves")
    found = compute(check, replace(clean_measurements(n_classes, share), training_history=history))
    assert not any(f.status is Status.ERROR for f in found)
    return [f for f in found if f.status is Status.FAIL]


def kinds(train, validation):
    """What the check says, once each."""
    said = {
        "diverged": "above the best",
        "unstable": "is unstable",
        "first epoch": "first epoch is",
        "level": "settled at",
    }
    messages = " ".join(f.message for f in findings(train, validation))
    return [kind for kind, words in said.items() if words in messages]


def test_clean_training_is_seldom_spoken_of():
    random, lines, worst = np.random.default_rng(SEED), [], 0
    for noise in NOISES:
        for autocorrelation in AUTOCORRELATIONS:
            counts = Counter()
            for seed in range(SEEDS):
                train, validation = sound(LENGTHS[seed % 3])
                pair = [noisy(random, curve, noise, autocorrelation) for curve in (train, validation)]
                counts.update(kinds(*pair))
            lines.append(
                [
                    f"{noise:.0%}",
                    autocorrelation,
                    *(counts[kind] for kind in ("diverged", "level", "first epoch", "unstable")),
                ]
            )
            worst = max([worst, *counts.values()]) if autocorrelation <= 0.3 else worst
    headings = ["noise", "autocorrelation", "diverged", "level", "first epoch", "unstable"]
    table(f"Findings about {SEEDS} clean histories of {LENGTHS} epochs", headings, lines)
    assert worst <= FALSE_ALARMS_AT_5


@pytest.mark.parametrize("epochs", LENGTHS)
def test_a_rise_of_30_percent_is_found(epochs):
    random, lines = np.random.default_rng(SEED), []
    for noise in (0.01, 0.03):
        for autocorrelation in (0.0, 0.3):
            found = 0
            for _ in range(SEEDS):
                pair = [noisy(random, curve, noise, autocorrelation) for curve in rising(epochs, 0.30)]
                found += "diverged" in kinds(*pair)
            lines.append([f"{noise:.0%}", autocorrelation, found])
    table(
        f"A validation loss that ends 30% above its lowest, {epochs} epochs",
        ["noise", "autocorrelation", "found"],
        lines,
    )
    assert min(line[-1] for line in lines) >= FEWEST_AT_95


def plateau(level, epochs):
    """A loss that nears a level from above."""
    return level * (1.002 + 0.4 * np.exp(-np.arange(epochs) / (epochs / 8)))


PLANTED = {
    "stuck at chance": ("nothing was learnt", 10, None, lambda random, t: noisy(random, np.full(t, CHANCE), 0.02, 0.0)),
    "a softmax twice, 10 classes": (
        "softmax applied twice", 10, None,
        lambda random, t: noisy(random, plateau(double_softmax_floor(10), t), 0.001, 0.0),
    ),
    "a softmax twice, 2 classes": (
        "softmax applied twice", 2, None,
        lambda random, t: noisy(random, plateau(double_softmax_floor(2), t), 0.001, 0.0),
    ),
    "a sigmoid twice, 10% positive": (
        "sigmoid applied twice", 2, 0.1,
        lambda random, t: noisy(random, plateau(double_sigmoid_floor(0.1), t), 0.001, 0.0),
    ),
    "noise of 40%": ("is unstable", 10, None, lambda random, t: noisy(random, sound(t)[0], 0.4, 0.0)),
    "NaN at the end": (
        "is NaN", 10, None, lambda random, t: np.r_[noisy(random, sound(t)[0], 0.02, 0.0)[:-1], np.nan],
    ),
}  # fmt: skip


def test_what_is_planted_is_found():
    random, lines = np.random.default_rng(SEED), []
    for name, (words, n_classes, share, make) in PLANTED.items():
        found = 0
        for seed in range(SEEDS):
            train = make(random, LENGTHS[seed % 3])
            validation = np.where(np.isfinite(train), train, 1.0) * 1.05
            found += any(words in f.message for f in findings(train, validation, n_classes, share))
        lines.append([name, found])
    table(f"Found among {SEEDS} histories of {LENGTHS} epochs", ["planted", "found"], lines)
    assert min(line[-1] for line in lines) >= FEWEST_AT_95


def stopped(train, validation):
    """The epoch at which a training log advises to stop, looking after each one; None where it never does."""
    epochs = list(range(1, len(train) + 1))
    for n in epochs:
        if watch(epochs[:n], train[:n].tolist(), validation[:n].tolist(), CHANCE, 10).should_stop:
            return n
    return None


def test_a_training_log_seldom_stops_sound_training_and_stops_what_diverges():
    random, lines = np.random.default_rng(SEED), []
    for noise in (0.01, 0.03, 0.05):
        for name, curves in (("clean", sound(60)), ("rising", rising(60, 0.30))):
            stops = [stopped(*[noisy(random, curve, noise, 0.3) for curve in curves]) for _ in range(SEEDS)]
            known = [n for n in stops if n is not None]
            lines.append([f"{noise:.0%}", name, len(known), np.median(known) if known else "–"])
    table("Stops advised, looking after each of 60 epochs", ["noise", "training", "stopped", "median epoch"], lines)
    assert all(line[2] <= FALSE_ALARMS_AT_5 if line[1] == "clean" else line[2] >= FEWEST_AT_95 for line in lines)

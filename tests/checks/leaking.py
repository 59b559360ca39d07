"""Tables with a column that may give the answer away, and what target-leak says of them."""

import numpy as np
from scipy.special import expit

from auditor.states import FeatureSample
from auditor.testing import compute, measured, rows

NAMES = ["healthy", "ill"]
COLUMNS = ["age", "dose", "discharged"]


class Table:
    """Rows of three columns: “age” says a little of the class, “dose” and “discharged” nothing until a test writes them."""

    def __init__(self, n, seed, share=0.5):
        self.random = np.random.default_rng(seed)
        self.classes = (self.random.random(n) < share).astype(np.int64)
        self.features = self.random.normal(size=(n, 3)).astype(np.float32)
        self.features[:, 0] += self.classes

    def batch(self, certainty=2.0, **how):
        score = self.random.normal(certainty * (2 * self.classes - 1), 1.0)
        p = expit(2 * certainty * score)
        return rows(self.classes, probabilities=np.stack([1 - p, p], axis=1), features=self.features, **how)


def asked(check, write=lambda _table: None, *, certainty=2.0, train=True, n=2000, share=0.5, **limits):
    """The findings where `write` has filled the columns of train and of test."""
    tables = [Table(2 * n, 1, share), Table(n, 2, share)]
    for table in tables:
        write(table)
    known, test = (table.batch(certainty) for table in tables)
    m = measured(
        test, train=known if train else None, class_names=NAMES, positive="ill", states=[FeatureSample],
        feature_names=COLUMNS,
    )  # fmt: skip
    return compute(check, m, limits=limits)


def flipped(share, column=2):
    def write(table):
        wrong = table.random.random(len(table.classes)) < share
        table.features[:, column] = np.where(wrong, 1 - table.classes, table.classes)

    return write


def three_classes(write, seed, n=3000, certainty=5.0):
    random = np.random.default_rng(seed)
    classes = random.integers(0, 3, n)
    features = random.normal(size=(n, 2)).astype(np.float32)
    write(features, classes, random)
    scores = random.normal(size=(n, 3)) + certainty * np.eye(3)[classes]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return rows(classes, probabilities=p, features=features)


def of_three(check, write):
    m = measured(
        three_classes(write, 4), train=three_classes(write, 5), class_names=["a", "b", "c"], states=[FeatureSample]
    )
    return compute(check, m)

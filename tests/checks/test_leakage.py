"""Copied rows are found, taken out and told; a table that repeats itself is not accused."""

import numpy as np
import pytest

from auditor import Confidence, Severity, Status
from auditor.checking import judge
from auditor.headline import headline
from auditor.policy import PRESETS, Policy
from auditor.states import Confusion
from auditor.testing import compute, measured, rows
from auditor.verdict import decide

NAMES = ["a", "b"]


def table(n, *, seed, columns=6, right=0.8):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    predicted = np.where(draw.random(n) < right, labels, 1 - labels)
    return labels, predicted, draw.normal(size=(n, columns)).astype(np.float32)


def with_copies(n_test, n_copies):
    labels, _, features = table(4000, seed=1)
    test_labels, test_predicted, test_features = table(n_test, seed=2)
    test_features[:n_copies], test_labels[:n_copies], test_predicted[:n_copies] = (
        features[:n_copies],
        labels[:n_copies],
        labels[:n_copies],
    )
    train = rows(labels, predicted=labels, features=features)
    return measured(
        rows(test_labels, predicted=test_predicted, features=test_features),
        train=train,
        class_names=NAMES,
        positive="b",
    )


def test_no_copy_is_a_pass_with_its_counts(checks):
    (finding,) = compute(checks["shared-rows"], with_copies(1000, 0))
    assert finding.status is Status.PASS
    assert "None of the 1,000 test rows" in finding.message


@pytest.mark.parametrize(("copies", "severity"), [(3, Severity.MINOR), (40, Severity.MAJOR), (200, Severity.BLOCKER)])
def test_copies_are_confirmed_and_weighed_by_their_excess(checks, copies, severity):
    (finding,) = compute(checks["shared-rows"], with_copies(1000, copies))
    assert (finding.status, finding.severity) == (Status.FAIL, severity)
    assert f"{copies} of 1,000 test rows" in finding.message
    assert finding.validity is (severity is Severity.BLOCKER)


def test_copies_are_taken_out_and_both_figures_told(checks):
    measurements = with_copies(1000, 40)
    assert measurements.removed
    assert measurements.test[Confusion].n == 960
    assert measurements.as_given[Confusion].n == 1000
    (finding,) = compute(checks["shared-rows"], measurements)
    clean, given = measurements.test.metric("accuracy").value, measurements.as_given.metric("accuracy").value
    assert finding.message.startswith(
        "40 of 1,000 test rows (4.0%) stand in the training file; without them accuracy on the 960 clean rows left is "
        f"{clean:.1%}, not {given:.1%}. All of them carry the same label there, and all were compared value by value"
    )
    assert "first rows: 1, 2, 3, 4, 5" in finding.remedy


def test_a_coarse_table_repeats_itself_and_is_not_accused(checks):
    draw = np.random.default_rng(0)
    features = draw.integers(0, 3, (5000, 5)).astype(np.float32)
    labels = draw.integers(0, 2, 5000)
    train = rows(labels[:3500], predicted=labels[:3500], features=features[:3500])
    test = rows(labels[3500:], predicted=labels[3500:], features=features[3500:])
    measurements = measured(test, train=train, class_names=NAMES, positive="b")
    (finding,) = compute(checks["shared-rows"], measurements)
    assert not measurements.removed
    assert finding.status is Status.PASS
    assert "repeats itself" in finding.message
    assert "the columns are coarse, and rows are equal by chance" in finding.message
    assert measurements.test[Confusion].n == 1500


def test_the_label_plays_no_part_in_the_comparison(checks):
    labels, predicted, features = table(500, seed=3)
    train = rows(labels, predicted=predicted, features=features)
    test = rows(1 - labels[:200], predicted=predicted[:200], features=features[:200])
    (finding,) = compute(checks["shared-rows"], measured(test, train=train, class_names=NAMES, positive="b"))
    assert finding.severity is Severity.BLOCKER
    assert "without them no row is left, and accuracy with them was" in finding.message


def test_without_train_or_features_it_says_why_it_could_not_look(checks):
    labels, predicted, features = table(200, seed=4)
    alone = compute(
        checks["shared-rows"],
        measured(rows(labels, predicted=predicted, features=features), class_names=NAMES, positive="b"),
    )
    bare = rows(labels, predicted=predicted)
    predictions = compute(checks["shared-rows"], measured(bare, train=bare, class_names=NAMES, positive="b"))
    assert (alone[0].status, alone[0].message) == (Status.SKIP, "No training data was given.")
    assert (predictions[0].status, "no features" in predictions[0].message) == (Status.SKIP, True)


def test_a_data_set_with_repeats_that_was_split_at_random_is_minor(checks):
    labels, predicted, features = table(6000, seed=7)
    order = np.random.default_rng(8).permutation(6000)
    features[order[:300]], labels[order[:300]] = features[order[300:600]], labels[order[300:600]]
    test, train = (
        rows(labels[part], predicted=predicted[part], features=features[part])
        for part in (slice(1500), slice(1500, 6000))
    )
    (finding,) = compute(checks["shared-rows"], measured(test, train=train, class_names=NAMES, positive="b"))
    assert finding.severity is Severity.MINOR
    assert "the table repeats itself, a random split of both files would share about" in finding.message
    assert "Deduplicate, or split by group" in finding.remedy


def doubled(seed, *, remembered):
    """Every row stands twice in a table that is split at random; a model of 57% that may remember its training rows."""
    labels, said, features = (np.repeat(part, 2, axis=0) for part in table(3000, seed=seed, right=0.57))
    order = np.random.default_rng(seed).permutation(6000)
    test, train = order[:1500], order[1500:]
    known = np.isin(test // 2, train // 2) & remembered
    return measured(
        rows(labels[test], predicted=np.where(known, labels[test], said[test]), features=features[test]),
        train=rows(labels[train], predicted=labels[train] if remembered else said[train], features=features[train]),
        class_names=NAMES,
        positive="b",
    )


def test_a_repeated_table_whose_test_rows_the_model_remembers_is_judged_on_its_clean_rows(checks):
    measurements = doubled(9, remembered=True)
    assert not measurements.overlap.exceeds
    (finding,) = compute(checks["shared-rows"], measurements)
    assert (finding.severity, finding.validity, measurements.removed) == (Severity.BLOCKER, True, True)
    assert measurements.test.metric("accuracy").upper(0.05) < 0.7
    assert measurements.as_given.metric("accuracy").value > 0.85
    assert "the table repeats itself and was split regardless of that" in finding.message
    assert "deduplicate before the split, or split by group" in finding.remedy


def test_a_repeated_table_that_adds_nothing_to_accuracy_stays_minor(checks):
    measurements = doubled(9, remembered=False)
    (finding,) = compute(checks["shared-rows"], measurements)
    assert (finding.severity, measurements.removed) == (Severity.MINOR, False)


def fours(draw, n):
    return draw.integers(0, 4, (n, 6))


def tenths(draw, n):
    return np.round(draw.normal(size=(n, 4)), 1)


def clean(make, seed, n_train, n_test, *, once=False):
    """Rows of a coarse table, in train each but once where asked; the model is right in four of five."""
    draw = np.random.default_rng(seed)
    parts = make(draw, n_test), make(draw, n_train)
    parts = (parts[0], draw.permutation(np.unique(parts[1], axis=0)) if once else parts[1])
    given = []
    for features in parts:
        labels = draw.integers(0, 2, len(features))
        said = np.where(draw.random(len(features)) < 0.8, labels, 1 - labels)
        given.append(rows(labels, predicted=said, features=features.astype(np.float32)))
    return measured(given[0], train=given[1], class_names=NAMES, positive="b")


@pytest.mark.parametrize(
    ("make", "n_train", "n_test"),
    [(fours, 80, 90), (fours, 80, 150), (fours, 300, 90), (tenths, 2000, 2000), (tenths, 5000, 100)],
)
def test_chance_equals_of_coarse_columns_accuse_nobody(checks, make, n_train, n_test):
    found = [compute(checks["shared-rows"], clean(make, seed, n_train, n_test))[0] for seed in range(10, 50)]
    assert sum(finding.status is Status.FAIL for finding in found) <= 2
    assert any("rows are equal by chance" in finding.message for finding in found)


def test_a_coarse_train_whose_repeats_were_dropped_holds_no_copies(checks):
    measurements = clean(fours, 0, 2000, 3000, once=True)
    assert measurements.overlap.excess.lower(0.005) > 0.05
    (finding,) = compute(checks["shared-rows"], measurements)
    assert (finding.status, measurements.removed) == (Status.PASS, False)
    assert "no training row equals another training row" in finding.message


def test_a_single_copy_of_many_columns_is_confirmed(checks):
    (finding,) = compute(checks["shared-rows"], with_copies(5000, 1))
    assert (finding.status, finding.severity, finding.validity) == (Status.FAIL, Severity.MINOR, False)
    assert finding.message.startswith("1 of 5,000 test rows (0.1%) stands in the training file; ")
    assert "It carries the same label there, and was compared value by value" in finding.message
    assert "no training row equals another training row: these are copies" in finding.message


def test_a_small_file_with_one_copy_is_still_judged(checks):
    measurements = with_copies(90, 1)
    (finding,) = compute(checks["shared-rows"], measurements)
    assert (finding.severity, finding.validity, measurements.test.n) == (Severity.MINOR, False, 89)
    (finding,) = compute(checks["shared-rows"], with_copies(90, 20))
    assert (finding.severity, finding.validity) == (Severity.BLOCKER, True)


def test_copies_beside_repeats_of_train_are_held_against_them(checks):
    labels, _, features = table(4000, seed=1)
    features[:10], labels[:10] = features[10:20], labels[10:20]
    test_labels, predicted, test_features = table(1000, seed=2)
    test_features[:80], test_labels[:80] = features[100:180], labels[100:180]
    train = rows(labels, predicted=labels, features=features)
    test = rows(test_labels, predicted=predicted, features=test_features)
    (finding,) = compute(checks["shared-rows"], measured(test, train=train, class_names=NAMES, positive="b"))
    assert "20 training rows (0.5%) equal another, a smaller share: these are copies" in finding.message
    assert "find out how they came in" in finding.remedy


def test_the_sentence_does_not_call_one_figure_not_itself(checks):
    labels, _, features = table(4000, seed=1)
    test_labels, _, test_features = table(1000, seed=2)
    test_features[:3], test_labels[:3] = features[:3], 1 - labels[:3]
    train = rows(labels, predicted=labels, features=features)
    test = rows(test_labels, predicted=test_labels, features=test_features)
    (finding,) = compute(checks["shared-rows"], measured(test, train=train, class_names=NAMES, positive="b"))
    assert "accuracy is 100% with them and on the 997 clean rows left without them" in finding.message
    assert "None of them carry the same label there" in finding.message


def test_what_copies_add_to_accuracy_can_weigh_more_than_their_share(checks):
    labels, _, features = table(8000, seed=1)
    test_labels, _, test_features = table(4000, seed=2)
    copies = slice(0, 160)  # 4%: below the blocking share, but right where nearly all others are wrong
    test_features[copies], test_labels[copies] = features[copies], labels[copies]
    said = np.where(np.arange(4000) < 160, test_labels, 1 - test_labels)
    measurements = measured(
        rows(test_labels, predicted=said, features=test_features),
        train=rows(labels, predicted=labels, features=features),
        class_names=NAMES,
        positive="b",
    )
    (finding,) = compute(checks["shared-rows"], measurements)
    assert finding.severity is Severity.BLOCKER
    assert finding.limit == 0.02
    assert finding.value == pytest.approx(measurements.overlap.inflation.value)
    assert finding.interval.low > finding.limit
    (finding,) = compute(checks["shared-rows"], measurements, limits={"inflation_blocker": 1.0, "inflation_major": 1.0})
    assert finding.severity is Severity.MAJOR


def test_hits_of_one_class_point_to_rows_multiplied_before_the_split(checks):
    labels, _, features = table(4000, seed=1)
    test_labels, predicted, test_features = table(1000, seed=2)
    of_b = np.flatnonzero(labels == 1)[:60]
    test_features[:60], test_labels[:60] = features[of_b], 1
    train = rows(labels, predicted=labels, features=features)
    test = rows(test_labels, predicted=predicted, features=test_features)
    (finding,) = compute(checks["shared-rows"], measured(test, train=train, class_names=NAMES, positive="b"))
    assert "all 60 are “b”, as" in finding.message
    assert "multiplied before the split" in finding.message
    assert "multiply rows of a rare class within train alone" in finding.remedy


def multiplied(times, *, recall=0.25, n=4000, share=0.05, seed=3, columns=6):
    """Rows of a rare class stand there so many times before a random split; the model knows copies and finds few others."""
    draw = np.random.default_rng(seed)
    rare = draw.random(n) < share
    origin = np.concatenate([np.arange(n), *[np.flatnonzero(rare)] * (times - 1)])
    draw.shuffle(origin)
    features, labels = draw.normal(size=(n, columns)).astype(np.float32)[origin], rare.astype(int)[origin]
    train = np.arange(len(origin)) < 0.8 * len(origin)
    known = np.isin(origin, origin[train])
    predicted = np.where(
        known, labels, np.where(draw.random(len(labels)) < np.where(labels == 1, recall, 0.97), labels, 1 - labels)
    )
    return measured(
        rows(labels[~train], predicted=predicted[~train], features=features[~train]),
        train=rows(labels[train], predicted=predicted[train], features=features[train]),
        class_names=NAMES,
        positive="b",
    )


def test_rows_multiplied_before_the_split_leave_no_figure_to_trust(checks):
    """Five of each: recall on all rows is nearly 1, and next to no row of the class is new."""
    m = multiplied(5)
    assert m.as_given.metric("recall[b]").value > 0.95
    (finding,) = compute(checks["shared-rows"], m)
    assert (finding.severity, finding.validity) == (Severity.BLOCKER, True)
    assert "are “b”, " in finding.message
    assert "stand there" in finding.message
    assert all(
        gate.status is not Status.PASS for gate in compute(checks["class-recall"], m) if gate.subject == "class b"
    )


def test_the_recall_of_a_rare_class_that_copies_flatter_is_that_without_them(checks):
    """Two of each: accuracy hardly gains, recall on the class does."""
    m = multiplied(2, n=20_000)
    accuracy = m.overlap.inflation
    assert m.removed
    assert accuracy.value < 0.05
    one = m.overlap.classes[1]
    assert one.inflation.value == pytest.approx(m.as_given.metric("recall[b]").value - m.test.metric("recall[b]").value)
    (finding,) = compute(
        checks["shared-rows"], m, limits={"inflation_major": 0.1, "inflation_blocker": 0.2, "blocker": 0.9}
    )
    assert finding.severity is Severity.MAJOR
    assert finding.value == pytest.approx(one.inflation.value)
    n, left = one.shared + one.others, one.others
    assert f"{one.shared} of {n} “b” rows stand there: without them recall on “b” is" in finding.message
    assert f"({one.others_right} of {left})" in finding.message


def test_precision_is_open_until_the_class_shares_of_use_are_stated_where_copies_of_one_class_were_taken_out(checks):
    """Those of the file come from the multiplying, and those of the rows left from the taking out."""
    m = multiplied(2, n=20_000)
    precision = next(gate for gate in compute(checks["class-precision"], m) if gate.subject == "class b")
    assert (precision.status, precision.value) == (Status.INCONCLUSIVE, None)
    assert "state those of use with --prior" in precision.message
    clean = m.test[Confusion]
    alarms = (clean.predicted[1] - clean.correct[1]) / clean.support[0]
    recall = clean.correct[1] / clean.support[1]
    stated, where = m.metric_in_use("precision[b]", {"b": 0.05})
    assert stated.value == pytest.approx(recall * 0.05 / (recall * 0.05 + alarms * 0.95))
    assert where == "where 5.0% of the rows are “b”"
    assert m.metric_in_use("recall[b]", {})[0].value == pytest.approx(recall)


def test_of_a_class_that_is_all_copies_no_mean_over_classes_is_left(checks):
    m = multiplied(5)
    assert 1 in m.overlap.unmatched
    balanced = next(gate for gate in compute(checks["acceptance"], m) if gate.metric == "balanced_accuracy")
    assert (balanced.value is None) == (m.test[Confusion].support[1] == 0)
    (calibration,) = compute(checks["calibration"], m)
    assert calibration.status is Status.SKIP


def all_repeated(times, n=400, seed=11):
    """Coin flips for labels, each row so many times before a random split, and a model that knows its rows by heart."""
    draw = np.random.default_rng(seed)
    origin = np.repeat(np.arange(n), times)
    draw.shuffle(origin)
    features, labels = draw.normal(size=(n, 6)).astype(np.float32)[origin], draw.integers(0, 2, n)[origin]
    train = np.arange(len(origin)) < 0.8 * len(origin)
    known = np.isin(origin, origin[train])
    predicted = np.where(known, labels, draw.integers(0, 2, len(labels)))
    of_test, of_train = (rows(labels[i], predicted=predicted[i], features=features[i]) for i in (~train, train))
    return measured(of_test, train=of_train, class_names=NAMES, positive="b")


def test_figures_that_are_not_to_be_trusted_are_quoted_with_the_copies_in_them(checks):
    m = multiplied(5)
    policy = Policy(PRESETS["balanced"], (), confirmed=True)
    outcome = decide(judge([checks["shared-rows"], checks["class-recall"]], m, policy), policy)
    assert outcome.status == "invalid-evaluation"
    assert headline(outcome, m).startswith(f"{m.as_given.metric('accuracy').value:.1%} accuracy, but")
    assert m.as_given.metric("accuracy").value != m.test.metric("accuracy").value


@pytest.mark.parametrize("times", [8, 10])
def test_where_every_test_row_repeats_a_reviewer_is_asked(checks, times):
    """Copies, or the products of a catalogue: nothing is left to tell by."""
    (finding,) = compute(checks["shared-rows"], all_repeated(times))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "as the products of a catalogue" in finding.remedy


def test_several_rare_classes_multiplied_before_the_split_are_asked_about(checks):
    """Nine rare classes of twenty rows each, sampled up to two hundred: each is a ninth of the shared rows."""
    draw = np.random.default_rng(12)
    labels = np.concatenate([np.zeros(2000, int), np.repeat(np.arange(1, 10), 20)])
    origin = np.concatenate([np.arange(2000), *[draw.choice(np.flatnonzero(labels == k), 200) for k in range(1, 10)]])
    draw.shuffle(origin)
    features = draw.normal(size=(len(labels), 6)).astype(np.float32)[origin]
    train = np.arange(len(origin)) < 0.8 * len(origin)
    of_test, of_train = (
        rows(labels[origin[i]], predicted=labels[origin[i]], features=features[i]) for i in (~train, train)
    )
    m = measured(of_test, train=of_train, class_names=[f"c{k}" for k in range(10)])
    (finding,) = compute(checks["shared-rows"], m)
    assert m.overlap.multiplied is None
    assert len(m.overlap.unmatched) == 9
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)


def test_a_regular_class_of_a_coarse_table_repeats_itself_and_is_not_asked_about(checks):
    """Eight variables of four levels, of which the frequent class has mostly the first."""
    draw = np.random.default_rng(0)
    labels = (draw.random(5000) < 0.25).astype(int)
    levels = [
        np.where(
            labels == 0, draw.choice(4, 5000, p=[0.8, 0.1, 0.06, 0.04]), draw.choice(4, 5000, p=[0.4, 0.25, 0.2, 0.15])
        )
        for _ in range(8)
    ]
    features = np.stack(levels, axis=1).astype(np.float32)
    predicted = (features.sum(axis=1) > 5).astype(int)
    for table_ in (
        features,
        np.concatenate([np.eye(4, dtype=np.float32)[column.astype(int)] for column in features.T], axis=1),
    ):
        test, train = (
            rows(labels[i], predicted=predicted[i], features=table_[i]) for i in (slice(0, 1000), slice(1000, 5000))
        )
        m = measured(test, train=train, class_names=NAMES, positive="b")
        (finding,) = compute(checks["shared-rows"], m)
        assert m.overlap.n_shared > 300
        assert finding.status is Status.PASS


def test_a_copied_row_of_a_class_with_a_single_test_row_leaves_the_other_figures(checks):
    labels, predicted, features = table(4000, seed=1)
    test_labels, test_predicted, test_features = table(2000, seed=2)
    test_labels[0] = test_predicted[0] = labels[0] = predicted[0] = 2
    test_features[0] = features[0]
    test = rows(test_labels, predicted=test_predicted, features=test_features)
    m = measured(test, train=rows(labels, predicted=predicted, features=features), class_names=["a", "b", "c"])
    (finding,) = compute(checks["shared-rows"], m)
    assert finding.severity is Severity.MINOR


def test_the_majority_is_asked_of_all_rows_where_copies_of_one_class_were_taken_out(checks):
    """On the rows left nearly all are of the majority, by the taking out alone."""
    m = multiplied(2, n=20_000)
    (finding,) = compute(checks["better-than-majority"], m)
    assert finding.status is Status.INCONCLUSIVE
    assert f"gets {m.as_given.prevalence(0):.1%}" in finding.message
    assert "copies of mostly some classes are among these rows" in finding.message


def test_a_model_that_loses_to_the_majority_in_spite_of_copies_fails(checks):
    """It calls one row in ten the rare class, and none of the right ones."""
    labels, _, features = table(4000, seed=1)
    labels[:] = np.arange(4000) % 50 == 0
    features[:2000][labels[:2000] == 1] = features[2000:][labels[2000:] == 1]
    predicted = (np.arange(4000) % 10 == 1).astype(int)
    test, train = (
        rows(labels[i], predicted=predicted[i], features=features[i]) for i in (slice(0, 2000), slice(2000, 4000))
    )
    m = measured(test, train=train, class_names=NAMES, positive="b")
    assert m.remixed
    (finding,) = compute(checks["better-than-majority"], m)
    assert finding.status is Status.FAIL


def test_repeats_of_every_class_that_the_model_knows_no_better_stay_minor(checks):
    draw = np.random.default_rng(5)
    origin = np.concatenate([np.arange(4000), np.arange(200)])
    draw.shuffle(origin)
    labels, predicted, features = table(4000, seed=6)
    test, train = origin[:1000], origin[1000:]
    m = measured(
        rows(labels[test], predicted=predicted[test], features=features[test]),
        train=rows(labels[train], predicted=predicted[train], features=features[train]),
        class_names=NAMES,
        positive="b",
    )
    (finding,) = compute(checks["shared-rows"], m)
    assert not m.removed
    assert finding.severity is Severity.MINOR


@pytest.mark.parametrize(("recall", "asked"), [(0.2, True), (1.0, False)])
def test_of_texts_that_repeat_a_reviewer_is_asked_where_that_flatters(checks, recall, asked):
    """Half of the test texts stand in train, where as many repeat: documents split at random, or short texts."""
    labels = np.arange(2000) % 2
    written = [f"text {i % 500 if i % 4 < 2 else i}" for i in range(2000)]
    texts, train = np.array(written, np.dtypes.StringDType())[:, None], np.random.default_rng(0).random(2000) < 0.8
    known = np.isin(written, np.array(written)[train])
    wrong = ~known & (np.arange(2000) % 100 >= 100 * recall)
    predicted = np.where(wrong, 1 - labels, labels)
    m = measured(
        rows(labels[~train], predicted=predicted[~train], features=texts[~train]),
        train=rows(labels[train], predicted=predicted[train], features=texts[train]),
        class_names=NAMES,
        positive="b",
    )
    (finding,) = compute(checks["shared-rows"], m)
    assert not m.removed
    assert finding.severity is (Severity.MAJOR if asked else Severity.MINOR)
    assert finding.confidence is (Confidence.SUSPECTED if asked else Confidence.CONFIRMED)
    assert ("Are these copies" in finding.remedy) is asked


@pytest.mark.parametrize(
    ("same", "severity"), [(0, None), (1, None), (30, Severity.MINOR), (200, Severity.MAJOR), (1000, Severity.MAJOR)]
)
def test_test_rows_that_stand_in_validation_are_told(checks, same, severity):
    parts = [table(1000, seed=seed) for seed in (1, 2, 3)]
    parts[2][2][:same] = parts[0][2][:same]
    test, train, validation = (rows(y, predicted=p, features=x) for y, p, x in parts)
    m = measured(test, train=train, validation=validation, class_names=NAMES, positive="b")
    found = {finding.subject: finding for finding in compute(checks["shared-rows"], m)}
    finding = found["validation"]
    assert found[""].status is Status.PASS
    assert not m.removed
    assert finding.status is (Status.PASS if severity is None else Status.FAIL)
    assert severity in (None, finding.severity)
    assert finding.message.startswith(f"{same:,} of " if same else "None of ")


@pytest.mark.parametrize(("weight", "removed"), [(1.0, False), (40.0, True)])
def test_repeats_that_flatter_by_their_weight_are_taken_out(checks, weight, removed):
    """A hundredth of the rows repeat and are all right: little of the accuracy, but much of it by weight."""
    labels, predicted, features = table(4000, seed=1)
    features[:20], labels[:20] = features[2000:2020], labels[2000:2020]
    features[2100:2180] = features[2200:2280]
    predicted[:20] = labels[:20]
    weights = np.where(np.arange(4000) < 20, weight, 1.0)
    test, train = (
        rows(labels[part], predicted=predicted[part], features=features[part], weights=weights[part])
        for part in (slice(0, 2000), slice(2000, 4000))
    )
    m = measured(test, train=train, class_names=NAMES, positive="b")
    assert m.removed is removed
    assert (m.overlap.gain_by_weight > 0.05) is removed


def test_validation_is_compared_without_train_too(checks):
    labels, predicted, features = table(500, seed=1)
    test = rows(labels, predicted=predicted, features=features)
    (finding,) = compute(checks["shared-rows"], measured(test, validation=test, class_names=NAMES, positive="b"))
    assert (finding.subject, finding.severity) == ("validation", Severity.MAJOR)


def test_a_coarse_validation_holds_rows_of_test_by_chance(checks):
    draw, parts = np.random.default_rng(0), []
    for _ in range(3):
        labels = draw.integers(0, 2, 2000)
        parts.append(rows(labels, predicted=labels, features=draw.integers(0, 4, (2000, 5)).astype(np.float32)))
    m = measured(parts[0], train=parts[1], validation=parts[2], class_names=NAMES, positive="b")
    finding = next(f for f in compute(checks["shared-rows"], m) if f.subject == "validation")
    assert finding.status is Status.PASS
    assert "stand in validation" in finding.message


def with_empty_records(copies):
    """A fifth of the rows are 0 in every column, as of customers without an account, and some of the others are copies."""
    labels, predicted, features = table(3000, seed=7)
    features[np.random.default_rng(8).random(3000) < 0.2] = 0
    features[:copies], labels[:copies] = features[1000 : 1000 + copies], labels[1000 : 1000 + copies]
    test = rows(labels[:1000], predicted=predicted[:1000], features=features[:1000])
    train = rows(labels[1000:], predicted=predicted[1000:], features=features[1000:])
    return measured(test, train=train, class_names=NAMES, positive="b"), features


def test_empty_records_are_no_copies(checks):
    m, features = with_empty_records(0)
    (finding,) = compute(checks["shared-rows"], m)
    empty, of_train = int((features[:1000] == 0).all(axis=1).sum()), int((features[1000:] == 0).all(axis=1).sum())
    assert finding.status is Status.PASS
    assert finding.message == (
        f"None of the other {1000 - empty} test rows has the features of one of the 2,000 training rows; {empty} test rows with "
        f"the content of {of_train} training rows, as of empty records, do not count."
    )
    assert m.test[Confusion].n == 1000


def test_copies_are_found_among_empty_records(checks):
    m, features = with_empty_records(50)
    (finding,) = compute(checks["shared-rows"], m)
    copies = 50 - int((features[:50] == 0).all(axis=1).sum())
    assert m.removed
    assert finding.message.startswith(f"{copies} of 1,000 test rows")
    assert m.test[Confusion].n == 1000 - copies


def coarse_without_repeats(copies):
    """Train keeps one of each row; test is drawn anew, but for copies of train in the place of rows that train does not have."""
    draw = np.random.default_rng(9)
    features = draw.integers(0, 4, (6000, 6)).astype(np.float32)
    train = np.unique(features[1000:], axis=0)
    test = features[:1000]
    test[:copies] = draw.permutation(train)[:copies]
    labels = [table(len(part), seed=i)[:2] for i, part in enumerate((train, test))]
    of_train, of_test = (rows(y, predicted=p, features=x) for (y, p), x in zip(labels, (train, test), strict=True))
    return measured(of_test, train=of_train, class_names=NAMES, positive="b")


def test_rows_that_a_train_without_repeats_shares_with_test_by_chance_are_not_asked_about(checks):
    m = coarse_without_repeats(0)
    (finding,) = compute(checks["shared-rows"], m)
    assert m.overlap.n_shared > 500
    assert not m.removed
    assert finding.status is Status.PASS


def test_more_of_a_train_without_repeats_than_chance_explains_is_asked_about(checks):
    m = coarse_without_repeats(1000)
    (finding,) = compute(checks["shared-rows"], m)
    assert m.overlap.share.value == 1
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "so that chance alone explains fewer" in finding.message
    assert "Were test rows taken from the training file" in finding.remedy


def test_a_hundredth_copied_of_the_worked_example_inflates_by_what_it_should(checks):
    """198 of 200 copies and 1,440 of 1,800 others are right: 81.9% on all, 80% without, 1.9 points between."""
    labels, _, features = table(8000, seed=1)
    test_labels, _, test_features = table(2000, seed=2)
    test_features[:200], test_labels[:200] = features[:200], labels[:200]
    wrong = (np.arange(2000) < 2) | ((np.arange(2000) >= 200) & (np.arange(2000) < 560))
    test = rows(test_labels, predicted=np.where(wrong, 1 - test_labels, test_labels), features=test_features)
    train = rows(labels, predicted=labels, features=features)
    inflation = measured(test, train=train, class_names=NAMES, positive="b").overlap.inflation
    assert inflation.value == pytest.approx(0.019)
    assert (round(inflation.low / 0.1, 3), round(inflation.high / 0.1, 3)) == (0.159, 0.21)


@pytest.mark.parametrize("id_", ["target-leak", "row-numbers", "preprocessing", "conflicting-labels", "shared-rows"])
def test_rows_without_a_column_break_no_check(checks, id_):
    labels = np.arange(200) % 2
    test, train = (rows(labels[:n], predicted=labels[:n], features=np.zeros((n, 0), np.float32)) for n in (100, 200))
    found = compute(checks[id_], measured(test, train=train, class_names=NAMES, positive="b"))
    assert all(finding.status is not Status.ERROR for finding in found)

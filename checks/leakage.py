"""Has the model seen the test data?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor import Confidence, Direction, Finding, Interval, Measurements, Severity, check
from auditor.states import Confusion, FeatureSample, RowHashes
from auditor.statistics import Difference, Proportion
from auditor.wording import count, plural, quoted, ratio, upper_first

MOST_TOLD = 3
# What equal rows may be if they are no copies, by whether the columns make rows equal by chance.
ALIKE = {
    True: "rows that are equal by chance",
    False: "rows that will come again, as the products of a catalogue",
    None: "texts that people write alike",
}


@check(
    "shared-rows", title="Test rows do not stand in train", needs=(Confusion, RowHashes, FeatureSample), by_label=False
)
def shared_rows(
    m: Measurements,
    *,
    minor: float = 0.001,
    major: float = 0.01,
    blocker: float = 0.05,
    inflation_major: float = 0.005,
    inflation_blocker: float = 0.02,
    enough: int = 100,
    enough_of_class: int = 30,
) -> Iterator[Finding]:
    """How many test rows have exactly the features of a training row, label apart?

    Rows are found by a 64-bit hash of what the model sees and then read once more and compared value by value; columns that
    are no features play no part, -0 equals 0 and every empty cell equals another. Up to ten contents that a fiftieth of train
    has each, as empty records do, do not count, unless they make up most of a class. Texts are compared as they are written,
    their accents composed (Unicode NFC): another case or spacing is another text (see near-duplicates). Coarse tables repeat
    themselves by chance, so the share of test rows found in train is held against the share of train rows that equal another
    train row: copying shows as an excess. It counts when the lower bound of the excess (Newcombe 1998) is above `minor`,
    `major` or `blocker`, or that of what the copies add to accuracy above `inflation_major` or `inflation_blocker`. Columns
    are coarse where at least as many rows of test and train differ in one column alone as in none, in panels of one
    customer's months too; there rows are equal by chance, unless test exceeds a train that keeps its repeats, at 99.5%; where
    train keeps none, and test has more of it than its own repeats let chance explain, or where next to no other row of a
    class is left whose rows by themselves are not coarse, a reviewer is asked. Elsewhere, and of images, equal rows are
    copies: they are taken out where train never repeats itself, and where the table held repeats and was split at random if
    they flatter: if they add to accuracy, or to the recall of a class (above `inflation_major` a major finding), or are
    mostly of one class that other rows are not of, as where rare rows were multiplied before the split. If they do not, they
    are a minor finding. Texts may be equal by nature: such repeats that flatter are suspected, and so are repeats of any kind
    that leave fewer than 30 rows, of all or of a class, to tell by: a reviewer is asked. Beside it stands how many rows a
    random split of both files together would share. Where copies are taken out, every condition is decided on the rest, and
    both figures are shown. Copies beyond a blocking limit, more than `blocker` of the rows taken out and fewer than `enough`
    left, or most of a class taken out and fewer than `enough_of_class` of its rows left, and the figures are not to be
    trusted. Test rows that stand in validation are told too, by their hash: what was chosen there, as an epoch or a
    threshold, flatters on them. They are minor, and major where their excess is above `blocker`. Changed copies are
    near-duplicates' matter, in tables and texts.
    """
    if "validation" in m.splits and RowHashes in m.as_given and RowHashes in m.validation:
        yield _in_validation(m, minor, blocker)
        if "train" not in m.splits:
            return
    overlap = m.overlap
    excess = overlap.excess
    told = f"{_counted(m)}. {_compared(m)}{_common(m)}"
    seen = Finding.passed(told, value=excess.value, limit=minor, interval=_interval(excess))
    if not overlap.n_shared:
        empty = overlap.common.test
        rows = f"{'other ' if empty else ''}{plural(overlap.n_test - empty, 'test row')}"
        told = f"None of the {rows} has the features of one of the {plural(overlap.n_train, 'training row')}"
        yield replace(seen, message=f"{told}{_refuted(m)}{_common(m)}")
    elif overlap.unclear:
        yield _unclear(m, seen)
    elif not overlap.copied:
        yield _repeating(m, seen, f"Deduplicate, or split by group; first such test rows: {_first(m)}.")
    else:
        worst = _worst(m, minor, (major, blocker), (inflation_major, inflation_blocker))
        lost = _lost(m, enough_of_class)
        few = m.test.n < enough and (overlap.share.value or 0) > blocker
        yield _copies(m, seen, worst, lost, lacking=few or lost is not None)


def _copies(m: Measurements, seen: Finding, worst: "Effect", lost: int | None, *, lacking: bool) -> Finding:
    """Rows that are taken out; `lacking` where what is left of all rows, or of class `lost`, is too little to judge by."""
    why = f"{_why_copies(m)}; the conditions are decided without them"
    said = f"{_counted(m)}. {_of_classes(m, lost)}{_compared(m)}{_common(m)}; {why}"
    told = replace(seen, message=said, value=worst.effect.value, limit=worst.limit)
    told = replace(told, interval=_interval(worst.effect, worst.alpha))
    if lacking and worst.severity is not Severity.BLOCKER:  # what is left decides, and no effect
        told = replace(told, value=None, limit=None, interval=None)
    severity = Severity.BLOCKER if lacking else worst.severity
    remedy = f"Take the copies out of the test file (first rows: {_first(m)}) and {_source(m)}."
    blocks = severity is Severity.BLOCKER
    return told.failing(severity, remedy=remedy, direction=Direction.FLATTERS, validity=blocks)


def _in_validation(m: Measurements, minor: float, major: float) -> Finding:
    """How many test rows stand in validation, beside how often either repeats itself."""
    test, known = m.as_given[RowHashes], m.validation[RowHashes]
    known = known.only(known.common.distinct.hashes, without=True)
    found, rows = Proportion(test.standing_in(known), test.n), plural(test.n, "test row")
    own = (Proportion(known.repeated, m.validation[RowHashes].n), Proportion(test.repeated, test.n))
    excess = Difference(found, max(own, key=lambda share: share.value or 0.0))
    worst = _effect(excess, 1, minor, major, math.inf)
    said = f"{count(found.k)} of {rows} ({ratio(found.value)}) {'stands' if found.k == 1 else 'stand'} in validation, by their hash"
    said = said if found.k else f"None of the {rows} stands in validation"
    seen = Finding.passed(
        said, value=excess.value, limit=minor, interval=_interval(excess, worst.alpha), subject="validation"
    )
    low = excess.lower(worst.alpha)
    if low is None or low <= worst.limit:
        return seen
    why = "what was chosen there, as an epoch or a threshold, was chosen on them too"
    remedy = "Choose on rows that stand neither in train nor in test."
    return seen.failing(worst.severity, why, remedy=remedy, limit=worst.limit, direction=Direction.FLATTERS)


@dataclass(frozen=True)
class Effect:
    """What copies do, how serious that is, the limit that it crossed, and the error level of the bound that did."""

    severity: Severity
    limit: float
    effect: Difference
    alpha: float


def _worst(m: Measurements, minor: float, excess: tuple[float, float], inflation: tuple[float, float]) -> Effect:
    """The most serious of what the copies do: their excess, what they add to accuracy, or what to the recall of a class.

    `excess` and `inflation` are the limits of a major and of a blocking effect; on one class it does not block by itself.
    """
    overlap = m.overlap
    effects = [_effect(overlap.excess, 1, minor, *excess), _effect(overlap.inflation, 1, minor, *inflation)]
    if overlap.flattered is not None:
        of_class = overlap.classes[overlap.flattered].inflation
        effects.append(_effect(of_class, len(overlap.classes), minor, inflation[0], math.inf))
    return max(effects, key=lambda one: one.severity.rank)


def _effect(effect: Difference, family: int, minor: float, major: float, blocker: float) -> Effect:
    """How serious an effect is by its strict lower bound, one of so many looked at."""
    low = effect.lower(0.005 / family)
    for severity, limit in ((Severity.BLOCKER, blocker), (Severity.MAJOR, major)):
        if low is not None and low > limit:
            return Effect(severity, limit, effect, 0.005 / family)
    return Effect(Severity.MINOR, minor, effect, 0.05)


def _lost(m: Measurements, enough: int) -> int | None:
    """The first class that had enough rows to judge it by, most of which are copies, and has too few others."""
    found = enumerate(m.overlap.classes)
    return next((k for k, one in found if one.others < enough <= one.shared + one.others < 2 * one.shared), None)


def _unclear(m: Measurements, seen: Finding) -> Finding:
    """Rows that may be copies, or texts that people write alike, or the coincidences of files without repeats."""
    told = f"{_counted(m)}. {_of_classes(m)}{_compared(m)}{_common(m)}; {_train_repeats(m)}, {_by_random_split(m)}"
    if m.overlap.by_chance and m.overlap.once_each:
        repeats = count(m.overlap.n_test_repeated) if m.overlap.n_test_repeated else "none"
        told += f"; of the test rows {repeats} equal another one, so that chance alone explains fewer"
        asked = "Were test rows taken from the training file, or were repeats dropped from either file by itself?"
    else:
        asked = f"Are these copies, as of one document or of rows multiplied before the split, or {ALIKE[m.overlap.by_chance]}?"
    remedy = (
        f"{asked} Take copies out and split anew; if they are no copies, record that in auditor.toml: "
        '[[waivers]] with check = "shared-rows", a reason, by and expires.'
    )
    said = replace(seen, message=f"{told}; nothing was taken out")
    return said.failing(Severity.MAJOR, remedy=remedy, direction=Direction.FLATTERS, confidence=Confidence.SUSPECTED)


def _repeating(m: Measurements, seen: Finding, remedy: str) -> Finding:
    """No more test rows stand in train than train rows equal each other: chance, or a table with repeats that was split."""
    repeats = f"{_train_repeats(m)}: the table repeats itself" if m.overlap.n_train_repeated else _train_repeats(m)
    told = f"{seen.message}; {repeats}, {_by_random_split(m)}, and nothing was taken out"
    if m.overlap.by_chance:
        return replace(seen, message=f"{told}: the columns are coarse, and rows are equal by chance")
    return replace(seen, message=told).failing(Severity.MINOR, remedy=remedy)


def _alone(m: Measurements) -> bool:
    """Whether copying alone explains the shared rows, and not a table with repeats that was split."""
    return m.overlap.exceeds or not m.overlap.n_train_repeated


def _why_copies(m: Measurements) -> str:
    """What makes the shared rows copies."""
    if _alone(m):
        smaller = ", a smaller share" if m.overlap.n_train_repeated else ""
        return f"{_train_repeats(m)}{smaller}: these are copies"
    return f"{_train_repeats(m)}: the table repeats itself and was split regardless of that ({_by_random_split(m)})"


def _train_repeats(m: Measurements) -> str:
    repeated = m.overlap.n_train_repeated
    if not repeated:
        return "no training row equals another training row"
    rows, equal = plural(repeated, "training row"), "equals" if repeated == 1 else "equal"
    return f"{rows} ({ratio(m.overlap.train_share.value)}) {equal} another"


def _rows(m: Measurements) -> str:
    return plural(m.overlap.n_test, "test row")


def _counted(m: Measurements) -> str:
    """How many rows are shared, and accuracy without them beside accuracy with them."""
    overlap, clean, given = m.overlap, m.without_shared, ratio(m.as_given.metric("accuracy").value)
    stand = "stands" if overlap.n_shared == 1 else "stand"
    shared = f"{count(overlap.n_shared)} of {_rows(m)} ({ratio(overlap.share.value)}) {stand} in the training file"
    if clean is None or not clean.n:
        return f"{shared}; without them no row is left, and accuracy with them was {given}"
    left, them = plural(clean.n, "clean row"), "it" if overlap.n_shared == 1 else "them"
    found = ratio(clean.metric("accuracy").value)
    if found == given:
        return f"{shared}; accuracy is {given} with {them} and on the {left} left without {them}"
    return f"{shared}; without {them} accuracy on the {left} left is {found}, not {given}"


def _compared(m: Measurements) -> str:
    """How the rows were compared, and how many of them have the same label."""
    look = m.overlap.look
    agreeing = look.label_agreement
    if agreeing.n == 1:
        by = "its hash" if look.by_hash else "value by value"
        label = "the same label" if agreeing.k else "another label"
        return f"It carries {label} there, and was compared {'by ' if look.by_hash else ''}{by}{_refuted(m)}"
    among = {agreeing.n: "All", 0: "None"}.get(agreeing.k, count(agreeing.k))
    same = f"{among} of them {'carries' if agreeing.k == 1 else 'carry'} the same label there"
    compared = f"{count(look.verified)} were compared value by value, the others by their hash"
    return f"{same}, and {compared if look.by_hash else 'all were compared value by value'}{_refuted(m)}"


def _refuted(m: Measurements) -> str:
    refuted = m.overlap.look.refuted
    return f"; {plural(refuted, 'row')} of equal hash turned out to hold other values" if refuted else ""


def _common(m: Measurements) -> str:
    """Rows of a content that many rows have, which do not count."""
    common = m.overlap.common
    if not common.test:
        return ""
    contents = "the content" if common.contents == 1 else f"one of {count(common.contents)} contents"
    return f"; {plural(common.test, 'test row')} with {contents} of {count(common.train)} training rows, as of empty records, do not count"


def _by_random_split(m: Measurements) -> str:
    return f"a random split of both files would share about {count(round(m.overlap.expected or 0))}"


def _interval(difference: Difference, alpha: float = 0.05) -> Interval:
    return Interval(difference.lower(alpha), None, 1 - alpha, difference.method)


def _of_classes(m: Measurements, lost: int | None = None) -> str:
    """A sentence on the classes whose recall is flattered, that have too few other rows, or that copies mostly are; or nothing."""
    told = {
        k for k in (m.overlap.flattered, m.overlap.multiplied, lost, *m.overlap.unmatched[:MOST_TOLD]) if k is not None
    }
    said = [*(_of_class(m, k) for k in sorted(told)), *_of_one_class(m)]
    return f"{upper_first('; '.join(said))}. " if said else ""


def _of_one_class(m: Measurements) -> Iterator[str]:
    """Where the copies are mostly of one class, as when rare rows are multiplied before the split."""
    overlap, k = m.overlap, m.overlap.multiplied
    if k is not None:
        name, of = quoted(m.task.class_names[k]), overlap.n_shared
        others = Proportion(overlap.classes[k].others, overlap.n_test - of)
        shared = overlap.classes[k].shared
        many = f"all {count(of)}" if shared == of else f"{count(shared)} of the {count(of)}"
        beside = f"as {ratio(others.value)} of the other rows are" if others.k else "and no other row is"
        yield f"{many} are {name}, {beside}: its rows may have been multiplied before the split"


def _of_class(m: Measurements, k: int) -> str:
    one, name = m.overlap.classes[k], quoted(m.task.class_names[k])
    if not one.others:
        return f"all {count(one.shared)} {name} rows of test stand there, and nothing is known of new ones"
    of_all, left = (
        Proportion(one.shared_right + one.others_right, one.shared + one.others),
        Proportion(one.others_right, one.others),
    )
    rows = f"{count(one.shared)} of {plural(int(of_all.n), f'{name} row')} stand there"
    recall = f"{ratio(left.value)} ({count(one.others_right)} of {count(one.others)})"
    return f"{rows}: without them recall on {name} is {recall}, not {ratio(of_all.value)}"


def _first(m: Measurements) -> str:
    return ", ".join(count(row + 1) for row in m.overlap.first_rows[:5])


def _source(m: Measurements) -> str:
    """How copies are kept out from now on."""
    if m.overlap.remixed:
        return "split first: multiply rows of a rare class within train alone"
    return "find out how they came in" if _alone(m) else "deduplicate before the split, or split by group"

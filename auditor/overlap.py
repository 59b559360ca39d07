"""What test shares with train: how many rows, which, with which labels, and what copying would explain of it."""

from dataclasses import dataclass

from auditor.statistics.estimates import Difference, Proportion

COPIED_EXCESS = 0.001
COPIED_INFLATION = 0.005
ONE_CLASS = 0.2
FEW = 30
OVERLAP_FILE = "overlap.parquet"


@dataclass(frozen=True)
class Pair:
    """A test row and the first training row with equal features: their numbers in the files, from 0, and their labels."""

    test_row: int
    train_row: int
    test_label: str
    train_label: str


@dataclass(frozen=True)
class SecondLook:
    """What the rows themselves say of test rows whose hash stands in train.

    verified: rows whose values were compared and are those of a training row; refuted: rows whose values are not, though
    their hash is; by_hash: rows beyond those compared. same_label: of the verified rows and those by hash, how many have the
    label of the first such training row. by_class: how many have each class, or label where there may be several. pairs: the
    first of them by test row.
    """

    verified: int = 0
    refuted: int = 0
    by_hash: int = 0
    same_label: int = 0
    by_class: tuple[int, ...] = ()
    pairs: tuple[Pair, ...] = ()

    @property
    def label_agreement(self) -> Proportion:
        """Share of the shared rows with the label of their training row."""
        return Proportion(self.same_label, self.verified + self.by_hash)


@dataclass(frozen=True)
class ClassOverlap:
    """The test rows of one class, or with one label: how many stand in train and how many do not, and of each how many are right."""

    shared: int
    shared_right: int
    others: int
    others_right: int

    @property
    def share(self) -> Proportion:
        """Share of the rows of the class that stand in train."""
        return Proportion(self.shared, self.shared + self.others)

    @property
    def inflation(self) -> Difference:
        """Recall on all rows minus that without the shared ones; undefined where no other is left."""
        with_them, without = Proportion(self.shared_right, self.shared), Proportion(self.others_right, self.others)
        return Difference(with_them, without, self.share.value or 0.0)


@dataclass(frozen=True)
class Common:
    """A few contents that many training rows have, as empty records do, and how many rows of test and of train have one of them."""

    contents: int = 0
    test: int = 0
    train: int = 0


@dataclass(frozen=True)
class OverlapCounts:
    """Test rows whose features stand in train, beside how often train repeats itself.

    n_shared_right and n_other_right: how many the model has right of the shared rows and of the others. expected: how many
    a random split of both files together would share, None where nothing is shared. once_each: whether no two training rows
    are equal in features and label. by_chance: whether columns this coarse make as many rows equal by chance, None where
    that is not known, as of texts; images are never equal by chance. classes: the rows of each class, or label, where they
    were counted. n_test_repeated: test rows that equal another one. common: rows that are left out of all these counts but
    n_test and n_train, since to have the content of an empty record is to be no copy. gain_by_weight: accuracy by weight on all
    rows minus that without the shared ones, 0 where rows carry no weights. apart: of the `unmatched` classes those whose rows, where
    those of all classes may be equal by chance, are not among themselves.
    """

    n_test: int
    n_shared: int
    n_train: int
    n_train_repeated: int
    n_shared_right: int = 0
    n_other_right: int = 0
    expected: float | None = None
    look: SecondLook = SecondLook()
    once_each: bool = False
    by_chance: bool | None = None
    classes: tuple[ClassOverlap, ...] = ()
    n_test_repeated: int = 0
    common: Common = Common()
    gain_by_weight: float = 0.0
    apart: tuple[int, ...] = ()

    @property
    def share(self) -> Proportion:
        """Share of test rows that stand in train."""
        return Proportion(self.n_shared, self.n_test)

    @property
    def train_share(self) -> Proportion:
        """Share of train rows that equal another train row: what a random split of the same table would show."""
        return Proportion(self.n_train_repeated, self.n_train)

    @property
    def excess(self) -> Difference:
        """How much more of test stands in train than train repeats itself (Newcombe 1998, method 10)."""
        return Difference(self.share, self.train_share)

    @property
    def inflation(self) -> Difference:
        """Accuracy on all rows minus that without the shared ones, which is their share of the difference between both."""
        others = Proportion(self.n_other_right, self.n_test - self.n_shared)
        return Difference(Proportion(self.n_shared_right, self.n_shared), others, self.share.value or 0.0)

    @property
    def exceeds(self) -> bool:
        """Whether test holds more of train than train repeats itself.

        Rows that are equal by chance come in groups, which the interval does not know: there it is the stricter one.
        """
        low = self.excess.lower(0.005 if self.by_chance else 0.05)
        return low is not None and low > COPIED_EXCESS

    @property
    def flattered(self) -> int | None:
        """The class, or label, whose recall surely gains most by its shared rows; None where none surely does (Bonferroni)."""
        lows = [one.inflation.lower(0.005 / len(self.classes)) or 0.0 for one in self.classes]
        most = max(lows, default=0.0)
        return lows.index(most) if most > COPIED_INFLATION else None

    @property
    def multiplied(self) -> int | None:
        """The class that the shared rows mostly are and the others are not, as where its rows were multiplied before the split.

        None where no class surely is, and where a row may have several labels.
        """
        n_others = self.n_test - self.n_shared
        if not self.n_shared or sum(one.shared for one in self.classes) != self.n_shared:
            return None
        for k, one in enumerate(self.classes):
            low = Difference(Proportion(one.shared, self.n_shared), Proportion(one.others, n_others)).lower(0.005)
            if low is not None and low > ONE_CLASS:
                return k
        return None

    @property
    def unmatched(self) -> tuple[int, ...]:
        """The classes, or labels, of which most rows are shared, and too few are not to say what sharing does."""
        return tuple(
            k for k, one in enumerate(self.classes) if one.others < FEW <= one.shared + one.others < 2 * one.shared
        )

    @property
    def inflates(self) -> bool:
        """Whether the shared rows add to accuracy or to the recall of a class, or are mostly of one that others are not of.

        What they add by weight has no interval; it counts where they add for certain, at 95%, with rows counted alike.
        """
        low, likely = self.inflation.lower(0.005), self.inflation.lower(0.05)
        adds = low is not None and low > COPIED_INFLATION
        adds |= likely is not None and likely > 0 and self.gain_by_weight > COPIED_INFLATION
        return adds or self.flattered is not None or self.multiplied is not None

    @property
    def leaves_nothing(self) -> bool:
        """Whether too few rows, of all or of a class, are not shared to say what sharing does."""
        alone = self.n_test - self.n_shared < FEW <= self.n_test < 2 * self.n_shared
        return alone or bool(self.unmatched)

    @property
    def remixed(self) -> bool:
        """Whether the others have not the class shares of all rows, since the shared ones are mostly of some classes."""
        return self.multiplied is not None or bool(self.unmatched)

    @property
    def copied(self) -> bool:
        """Whether the shared rows are to be taken out.

        Where columns are coarse, train must repeat itself less than test repeats train, and not because its repeats were
        dropped. Elsewhere equal rows are copies: that train never repeats itself, or that they flatter, is enough.
        """
        if not self.n_shared:
            return False
        if self.by_chance:
            return self.exceeds and not self.once_each
        known = self.by_chance is False
        return self.exceeds or (known and (not self.n_train_repeated or self.inflates))

    @property
    def beyond_chance(self) -> bool:
        """Whether more of test stands in train than rows of test equal each other, were train as much longer as it is.

        How often a row's content is met grows no faster than the rows that it is looked for in. Thus a train whose repeats
        were dropped is told from one of which test is made.
        """
        longer, own = max(1.0, self.n_train / self.n_test), Proportion(self.n_test_repeated, self.n_test).upper(0.005)
        low = self.share.lower(0.005)
        return low is not None and own is not None and low > longer * own

    @property
    def unclear(self) -> bool:
        """Whether the shared rows stay, and may be copies or not.

        Texts may be equal by nature, which is asked where they flatter. Rows of which next to none are not shared may be those of
        a catalogue. Rows of coarse columns are equal by chance, which is asked where they repeat in no file, or leave next to no
        other row of a class that is not coarse by itself.
        """
        if not self.n_shared or self.copied:
            return False
        if not self.by_chance:
            return self.leaves_nothing or (self.by_chance is None and self.inflates)
        return self.by_chance and (bool(self.apart) or (self.once_each and self.beyond_chance))

    @property
    def first_rows(self) -> tuple[int, ...]:
        """The first shared test rows, from 0."""
        return tuple(pair.test_row for pair in self.look.pairs)

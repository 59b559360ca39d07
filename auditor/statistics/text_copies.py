"""Texts of test that are written as no training text is and yet equal one once folded, beside how often texts do so by nature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.duplicates import alone
from auditor.statistics.estimates import Difference, Proportion

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TextCopies:
    """Rows of test that equal a training row once folded and none as they stand, and training rows that so equal another one.

    rows, first: (pairs,) int64 places of such test rows, and of the first training row that each equals once folded.
    n: rows of test. test, train: the shares among rows that equal no training row, and no other one, as they stand; where too
    few training rows are alone, of one row of each text. alone: whether they were enough. any_test, any_train: shares of
    all rows that equal a training row, and another one, as they stand or once folded.
    """

    rows: Places
    first: Places
    n: int
    test: Proportion
    train: Proportion
    alone: bool
    any_test: Proportion
    any_train: Proportion

    @property
    def share(self) -> Proportion:
        """Share of the test rows that equal a training row only once folded."""
        return Proportion(len(self.rows), self.n)

    @property
    def excess(self) -> Difference:
        """How many more of the test rows do so than would by nature (Newcombe 1998, method 10).

        By nature a row that equals none as it stands does so once folded as often as such a training row equals another. Rows
        of train are equal in twos, so that they bound their share as half as many independent ones would.
        """
        return Difference(self.test, self.train.effective(2), self.test.n / max(1, self.n))

    @property
    def any_excess(self) -> Difference:
        """How much more of test equals a training row, as it stands or once folded, than training rows equal each other.

        What repeats by nature does not show here, even where only one of the files was brought to one case.
        """
        return Difference(self.any_test, self.any_train.effective(2))


def text_copies(
    test: tuple[Hashes, Hashes], train: tuple[Hashes, Hashes], given: Hashes, enough: int = 30
) -> TextCopies:
    """Look for test rows that equal a training row once folded, and for training rows that so equal another one.

    test, train: (n,) hashes of the rows once folded, and (n,) of the rows as they stand; given: (m,) the former of all rows
    of the test file, those among them that are not judged; enough: so many training rows have to be alone.
    """
    known, first = np.unique(train[0], return_index=True)
    exact = np.isin(test[1], train[1])
    rows = np.flatnonzero(np.isin(test[0], known) & ~exact)
    texts, times = np.unique(train[1], return_index=True, return_counts=True)[1:]
    near, single = ~alone(train[0][texts]), times == 1
    plenty = int(single.sum()) >= enough
    near = near[single] if plenty else near
    return TextCopies(
        rows,
        first[np.searchsorted(known, test[0][rows])],
        len(exact),
        Proportion(len(rows), int((~exact).sum())),
        Proportion(int(near.sum()), len(near)),
        plenty,
        Proportion(int(np.isin(given, known).sum()), len(given)),
        Proportion(int((~alone(train[0])).sum()), len(train[0])),
    )

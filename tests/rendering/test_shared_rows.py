"""The chapter on rows shared with training: both figures, how they were compared, which they are."""

from dataclasses import replace

from auditor.rendering import html
from auditor.rendering.shared_rows import answered, required_of_both, shared, shared_facts
from auditor.results import Overlap, Value
from tests.rendering.example import fraud, ten
from tests.rendering.test_html import Reader


def overlap() -> Overlap:
    found = fraud().overlap
    assert found is not None
    return found


def test_one_sentence_says_how_many_and_what_accuracy_is_without_them() -> None:
    assert shared(overlap()) == (
        "124 of 10,124 test rows stand in the training file; accuracy is 98.0% with and without them."
    )
    fewer = replace(overlap().with_and_without[0], without_shared=Value(0.9312, 0.92, 0.94))
    assert shared(replace(overlap(), with_and_without=(fewer,))).endswith("without them accuracy is 93.1%, not 98.0%.")
    assert shared(replace(overlap(), n_shared=1)).startswith("1 of 10,124 test rows stands in the training file; ")
    nothing = replace(overlap().with_and_without[0], without_shared=Value(None))
    assert shared(replace(overlap(), with_and_without=(nothing,))).endswith("; without them no row is left.")


def test_each_fact_counts_before_it_shares() -> None:
    facts = dict(shared_facts(overlap()))
    assert facts["Compared"] == (
        "120 value by value, 4 by a 64-bit hash alone; 2 of equal hash held other values and do not count"
    )
    assert facts["Same label"] == "119 of 124 carry the label of the training row"
    assert facts["In test labelled"] == "“not fraud” 115, “fraud” 9"
    assert facts["By a random split"] == "about 41 rows would be shared, were both files split at random"
    assert "1.2% of test, where 0.1% of the training rows equal another training row" in facts["Excess"]
    assert facts["What they add"].startswith("0.02 points of accuracy (95% interval 0.01 to 0.03)")


def test_conditions_are_shown_with_their_limits_and_verdicts_in_words() -> None:
    assert [required_of_both(row) for row in overlap().with_and_without] == ["–", "at least 90%", "at most 0.20"]
    assert answered("not-ready") == "NOT READY"


def test_the_chapter_stands_in_the_report_where_rows_are_shared_and_only_there() -> None:
    page = " ".join(Reader(html.page(fraud())).text)
    assert "With and without the rows that stand in training" in page
    assert "The conditions alone would say NOT READY CANNOT TELL YET" in page
    assert "91 8 fraud not fraud (differs)" in page
    assert 'id="shared-rows"' not in html.page(ten())

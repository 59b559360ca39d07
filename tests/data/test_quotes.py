"""A quotation mark that is never closed is found, and no other is taken for one."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.data.quotes import refuse_unclosed
from auditor.errors import InputError
from auditor.histories import read_history
from tests.data.reading import opened, refusal, says, text

LAST = "LAST"


def message(path: Path, longest: int = 1000) -> str:
    with pytest.raises(InputError) as caught:
        refuse_unclosed(path, ",", longest)
    return str(caught.value)


def is_refused(content: str) -> bool:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content.encode())
        try:
            refuse_unclosed(path, ",", 1000)
        except InputError:
            return True
    return False


@given(st.text('a",\n\r', max_size=30))
@example('a,"b,"')
@example('a,"b""')
@example('a,5" b"\n')
@example('a,"5" b"\n')
def test_a_quotation_mark_is_open_where_a_further_row_would_be_text(content: str) -> None:
    *_, last = csv.reader(io.StringIO(f"{content}\n{LAST}", newline=""))
    assert is_refused(content) == (last != [LAST])


@pytest.mark.parametrize("end", ['3,"z', '3,"z\n', '3,"z\n4,y\n', '3,"5"" z\n', '"3,z\n', '3,"'])
def test_the_file_and_the_line_on_which_it_opens_are_named(tmp_path: Path, end: str) -> None:
    content = 'a,label\n1,x\n2,"y\ny"\n' + end
    assert says(refusal(test=text(tmp_path / "t.csv", content)), ["t.csv line 5:", "never closed; close it"])


def test_also_in_the_header_and_behind_a_byte_order_mark(tmp_path: Path) -> None:
    assert says(refusal(test=text(tmp_path / "t.csv", '\ufeff"a,label\n1,x\n')), ["t.csv line 1:", "never closed"])


def test_only_the_end_of_a_file_is_read_and_all_of_it_where_that_looks_open(tmp_path: Path) -> None:
    rows = '1,x\n"2",y\n' * 1000
    refuse_unclosed(text(tmp_path / "t.csv", f'a,label\n{rows}3,"z,"\n'), ",", 20)
    assert says(message(text(tmp_path / "t.csv", f'a,label\n{rows}3,"z\n'), 20), ["line 2,002:"])


def test_quotation_marks_within_a_cell_are_text(tmp_path: Path) -> None:
    content = 'a,label\n1,5" pipe\n2,"3"" pipe, ""new"""\n'
    assert opened(test=text(tmp_path / "t.csv", content)).class_names == ('3" pipe, "new"', '5" pipe')


def test_a_history_is_held_to_it_too(tmp_path: Path) -> None:
    path = text(tmp_path / "h.csv", 'epoch,loss,note\n1,0.5,a\n2,0.4,"b\n')
    with pytest.raises(InputError, match=r"h\.csv line 3: a quotation mark opens here"):
        read_history(path)

"""Damaged files are read or refused in one line; `python tests/fuzz/damage.py --seconds 600` looks for longer."""

from pathlib import Path

from tests.fuzz.damage import fuzz


def test_whatever_a_file_has_become_it_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    counts, failures = fuzz(3, seed=0, kept=tmp_path)
    assert failures == []
    assert counts["refused"] > counts["read"] > 0

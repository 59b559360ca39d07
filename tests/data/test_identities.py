"""Columns of ids: equal where the ids are, whatever the file writes them as."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from auditor.data.split import Split
from auditor.hashing import text_hashes
from tests.data.reading import batches, npz, opened, parquet, refusal, text
from tests.data.writing import TABLES


def identities(split: Split, size: int = 1000) -> list[int]:
    return [int(one) for batch in batches(split, size) if batch.identity is not None for one in batch.identity]


def test_ids_are_no_features_and_tell_rows_apart(tmp_path: Path) -> None:
    test = opened(test=text(tmp_path / "t.csv", "a,key,label\n1,k1,x\n2,k2,y\n3,k1,x\n4,,y\n"), ids=("key",)).test
    assert test.feature_names == ("a",)
    first, second, again, none = identities(test, 2)
    assert first == again != second
    assert none == 0


def test_several_columns_are_one_id(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a,k,l,label\n1,u,v,x\n2,v,u,y\n3,u,v,x\n4,u,w,x\n5,u,,y\n")
    first, turned, again, other, half = identities(opened(test=path, ids=("k", "l")).test)
    assert first == again
    assert len({first, turned, other}) == 3
    assert half == 0


@pytest.mark.parametrize("values", [[7, 8, 7], [7.0, 8.0, 7.0], ["7", "8", "7"], ["7.0", "8.0", "7"]])
def test_an_id_is_the_same_whatever_the_file_writes_it_as(tmp_path: Path, values: list[object]) -> None:
    csv = opened(test=text(tmp_path / "t.csv", "a,k,label\n1,7,x\n2,8,y\n3,7,x\n"), ids=("k",)).test
    table = {"a": [1, 2, 3], "k": values, "label": ["x", "y", "x"]}
    arrow = opened(test=parquet(tmp_path / "t.parquet", table, row_group_size=2), ids=("k",)).test
    arrays = npz(tmp_path / "t.npz", x=np.ones((3, 1)), y=np.array([0, 1, 0]), k=np.array(values))
    assert identities(csv) == identities(arrow) == identities(opened(test=arrays, ids=("k",)).test)


@pytest.mark.parametrize("kind", TABLES)
def test_ids_are_the_same_in_every_format(tmp_path: Path, kind: str) -> None:
    keys = ["", "ä", "a" * 300, "b", "a" * 300, "ab", "ba", "NA", "1", "2", "1"]
    table = pa.table({"a": list(range(11)), "k": keys, "label": list("xyxyxyxyxyx")})
    found = identities(opened(test=TABLES[kind](table, tmp_path / "data"), ids=("k",)).test, 3)
    assert [found.index(one) for one in found] == [0, 1, 2, 3, 2, 5, 6, 0, 8, 9, 8]
    assert found[0] == found[7] == 0


def test_a_file_that_lacks_one_of_the_ids_has_none(tmp_path: Path) -> None:
    test = text(tmp_path / "t.csv", "a,k,label\n1,u,x\n2,v,y\n")
    train = text(tmp_path / "train.csv", "a,label\n1,x\n2,y\n")
    splits = opened(test=test, train=train, ids=("k",))
    assert splits.train is not None
    assert identities(splits.train) == []
    assert len(identities(splits.test)) == 2


@pytest.mark.parametrize("given", ["--predictions", "features"])
def test_an_id_that_no_file_has_is_named(tmp_path: Path, given: str) -> None:
    path = text(tmp_path / "t.csv", "score,label\n0.1,x\n0.2,y\n")
    said = refusal(
        ids=("key",), positive="y", **({"predictions": path} if given == "--predictions" else {"test": path})
    )
    assert 'has no column "key"' in said


def test_hashes_of_texts_are_those_of_the_texts_alone() -> None:
    words = [f"word {i % 977}" * (i % 5) for i in range(20_000)]
    encoded = [word.encode() for word in words]
    letters = np.frombuffer(b"".join(encoded), np.uint8)
    hashes = text_hashes(letters, np.cumsum([0, *map(len, encoded)]))
    alone = {
        w: int(text_hashes(np.frombuffer(w.encode(), np.uint8), np.array([0, len(w.encode())]))[0]) for w in set(words)
    }
    assert [alone[word] for word in words] == hashes.tolist()
    assert len(set(alone.values())) == len(alone)

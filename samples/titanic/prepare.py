"""Cut titanic3.csv into train.csv and test.csv: `python samples/titanic/prepare.py titanic3.csv`.

Needs scikit-learn, which training and auditing do not: the two files are kept beside this program.
"""

import csv
import sys
from pathlib import Path

from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
TARGET = "survived"
NAMES = {"0": "died", "1": "survived"}


def write(name: str, header: list[str], rows: list[list[str]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main(source: Path) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    target = header.index(TARGET)
    for row in rows:
        row[target] = NAMES[row[target]]
    labels = [row[target] for row in rows]
    train, test = train_test_split(range(len(rows)), test_size=0.30, stratify=labels, random_state=0)
    for name, chosen in {"train.csv": train, "test.csv": test}.items():
        write(name, header, [rows[i] for i in sorted(chosen)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

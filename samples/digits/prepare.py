"""Cut scikit-learn's digits into train.npz, validation.npz and test.npz.

Needs scikit-learn, which training and auditing do not: the three files are kept beside this program.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent


def main() -> None:
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.int64)
    fitted, test = train_test_split(np.arange(len(labels)), test_size=0.30, stratify=labels, random_state=0)
    train, validation = train_test_split(fitted, test_size=0.20, stratify=labels[fitted], random_state=0)
    for name, rows in {"train": train, "validation": validation, "test": test}.items():
        np.savez_compressed(HERE / f"{name}.npz", x=images[np.sort(rows)], y=labels[np.sort(rows)])


if __name__ == "__main__":
    main()

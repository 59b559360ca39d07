"""Shapes of one row, and how they are spoken; None stands for any length."""

Shape = tuple[int | None, ...]


def fits(shape: tuple[int, ...], expected: Shape) -> bool:
    """Whether a row of this shape has the expected one, where None fits any length."""
    return len(shape) == len(expected) and all(e in (None, s) for s, e in zip(shape, expected, strict=True))


def row_words(shape: Shape) -> str:
    """`30 features`, or the dimensions of an array: `1 x 28 x 28 values`."""
    if len(shape) == 1 and shape[0] is not None:
        return f"{shape[0]} feature{'' if shape[0] == 1 else 's'}"
    return (
        " x ".join("any" if length is None else str(length) for length in shape) + " values" if shape else "one value"
    )

"""What working with an expression of sizes would cost, estimated from its form alone.

sympy compares the arguments of a maximum in pairs and multiplies sums out to divide them: a short text can keep it busy
for ever. What PyTorch writes stays far below every limit here.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

MOST_PARTS = 2000
MOST_CHOICES = 40
MOST_TERMS = 4096
LARGEST_DEGREE = 20
MOST_BITS = 2048
DEEPEST = 24

QUOTIENTS_WORDS = """
    Mod FloorDiv ModularIndexing PythonMod CleanDiv CeilDiv FloatTrueDiv IntTrueDiv floor ceiling CeilToInt FloorToInt
    TruncToFloat TruncToInt RoundToInt RoundDecimal sqrt Rational
"""
QUOTIENTS = frozenset(QUOTIENTS_WORDS.split())
CHOICES = frozenset({"Max", "Min", "max", "min"})
POWERS = frozenset({"Pow", "PowByNatural", "FloatPow"})
SHIFTS = frozenset({"LShift", "RShift"})


@dataclass(frozen=True)
class Effort:
    """The size of an expression, and how large it may become.

    `parts` it is written with; `choices`, arguments of maxima and minima; `terms` and `degree` of the polynomial once
    multiplied out; `bits` of its largest number; `depth` of quotients within quotients.
    """

    parts: int = 1
    choices: int = 0
    terms: int = 1
    degree: int = 0
    bits: int = 0
    depth: int = 0

    def excess(self) -> str:
        """The first limit that is passed, in words; "" where all are kept."""
        limits = (
            ("parts", self.parts, MOST_PARTS),
            ("arguments of maxima and minima", self.choices, MOST_CHOICES),
            ("terms once multiplied out", self.terms, MOST_TERMS),
            ("factors in one term", self.degree, LARGEST_DEGREE),
            ("bits in one number", self.bits, MOST_BITS),
            ("quotients within each other", self.depth, DEEPEST),
        )
        return next((f"more than {most:,} {what}" for what, found, most in limits if found > most), "")

    @property
    def steps(self) -> int:
        """Roughly what it takes to read it, counted in parts."""
        return self.parts + self.choices**2


def effort(node: ast.expr) -> Effort:
    """What an expression of sizes or a guard would cost; of a form that the grammar allows."""
    match node:
        case ast.Constant(value=int() as value):
            return Effort(bits=value.bit_length())
        case ast.Call(func=ast.Name(id="Symbol" | "Float")) | ast.Name() | ast.Subscript() | ast.Call(args=[]):
            return Effort(degree=1)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _of_call(name, args)
        case ast.BinOp(left=left, op=op, right=right):
            return _of_operation(left, op, right)
    return _sum([effort(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)])


def _of_call(name: str, args: Sequence[ast.expr]) -> Effort:
    parts = [effort(arg) for arg in args]
    if name in POWERS:
        return _power(parts[0], _exponent(args[1]))
    if name in QUOTIENTS:
        return _quotient(parts)
    if name == "Mul":
        return _product(parts)
    found = _sum(parts)
    if name in CHOICES:
        return replace(found, choices=found.choices + len(parts))
    return replace(found, bits=found.bits + _exponent(args[1])) if name in SHIFTS else found


def _of_operation(left: ast.expr, op: ast.operator, right: ast.expr) -> Effort:
    if isinstance(op, ast.Pow):
        return _power(effort(left), _exponent(right))
    parts = [effort(left), effort(right)]
    if isinstance(op, ast.Div | ast.FloorDiv | ast.Mod):
        return _quotient(parts)
    return _product(parts) if isinstance(op, ast.Mult) else _sum(parts)


def _sum(parts: Sequence[Effort]) -> Effort:
    return Effort(
        parts=1 + sum(part.parts for part in parts),
        choices=sum(part.choices for part in parts),
        terms=sum(part.terms for part in parts),
        degree=max((part.degree for part in parts), default=0),
        bits=max((part.bits for part in parts), default=0) + len(parts).bit_length(),
        depth=max((part.depth for part in parts), default=0),
    )


def _product(parts: Sequence[Effort]) -> Effort:
    return replace(
        _sum(parts),
        terms=prod(part.terms for part in parts),
        degree=sum(part.degree for part in parts),
        bits=sum(part.bits for part in parts),
    )


def _quotient(parts: Sequence[Effort]) -> Effort:
    found = _product(parts)
    return replace(found, depth=found.depth + 1)


def _power(base: Effort, exponent: int) -> Effort:
    return replace(
        base,
        parts=base.parts + 2,
        terms=base.terms**exponent,
        degree=base.degree * exponent,
        bits=base.bits * exponent,
    )


def _exponent(node: ast.expr) -> int:
    """The largest whole number written in an exponent or a shift, which the grammar holds to a small one."""
    return max(
        (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, int)),
        default=0,
    )

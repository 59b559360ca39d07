"""Shape expressions and guards, parsed by a grammar of their own and never evaluated to see.

PyTorch gives the first to sympy's `sympify` and the second to `exec`; both run whatever they are given.
"""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from auditor import wording
from auditor.models.verification.effort import effort
from auditor.models.verification.violations import Violation

LONGEST = 10_000
MOST_STEPS = 1_000_000
LARGEST = 2**64
LARGEST_POWER = 32
LARGEST_DIGITS = 200
SYMBOL = r"(s|u|zf|zuf|ps|i)\d{1,6}"
DECIMAL = r"-?\d{1,20}(\.\d{0,40})?(e[+-]?\d{1,2})?"
CHARACTERS = re.compile(r"[A-Za-z0-9_'(),=<>!+\-*/%&|~.\[\] ]*", re.ASCII)

CONSTANTS = ("oo", "int_oo", "true", "false")
POWERS = ("Pow", "PowByNatural", "FloatPow", "RoundDecimal", "LShift", "RShift")
FUNCTIONS_WORDS = """
    Add Mul Rational Max Min Abs Mod And Or Not Eq Ne Lt Le Gt Ge Equality Unequality StrictLessThan LessThan
    StrictGreaterThan GreaterThan floor ceiling sqrt FloorDiv ModularIndexing Where PythonMod CleanDiv CeilDiv
    CeilToInt FloorToInt FloatTrueDiv IntTrueDiv IsNonOverlappingAndDenseIndicator TruncToFloat TruncToInt
    RoundToInt ToFloat Identity
"""
FUNCTIONS = frozenset(FUNCTIONS_WORDS.split())
GUARD_FUNCTIONS = frozenset({"max", "min", "Max", "Min"})
ASSUMPTIONS_WORDS = """
    integer positive nonnegative negative nonzero zero real finite even odd commutative
"""
ASSUMPTIONS = frozenset(ASSUMPTIONS_WORDS.split())
OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr)
SIGNS = (ast.USub, ast.UAdd, ast.Not, ast.Invert)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def expression(value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """An expression of sizes as PyTorch writes it, `Mul(Integer(2), Symbol('s77', positive=True))` or `2*s77 + 1`."""
    return _checked(value, _check_expression)


def guard(value: Any) -> str:  # noqa: ANN401
    """A comparison of the inputs' sizes as PyTorch writes it, `L['x'].size()[0] >= 2`."""
    return _checked(value, _check_guard)


def _checked(value: Any, check: Callable[[ast.expr], None]) -> str:  # noqa: ANN401
    """The text, once the grammar knows it and working with it is known to end soon."""
    node = _parsed(value)
    try:
        check(node)
        excess = effort(node).excess()
    except RecursionError:
        raise _odd(value) from None
    if excess:
        raise Violation("expressions", f"{wording.quoted(value)} has {excess}")
    return str(value)


def require_soon(program: Any) -> None:  # noqa: ANN401
    """Raise Violation where all expressions of a program together, each as often as it occurs, take too long to read."""
    steps = sum(effort(_parsed(text)).steps for text in _texts(program))
    if steps > MOST_STEPS:
        raise Violation(
            "expressions",
            f"they take {wording.count(steps)} steps to read, at most {wording.count(MOST_STEPS)} are taken",
        )


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    """The expressions and guards anywhere in a program."""
    if isinstance(value, dict):
        yield from [value["expr_str"]] if "expr_str" in value else value.get("guards_code", ())
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for entry in inside:
        yield from _texts(entry)


def _parsed(value: Any) -> ast.expr:  # noqa: ANN401
    """The outermost node of a text that is short and plain enough to be parsed."""
    if not isinstance(value, str) or len(value) > LONGEST or not CHARACTERS.fullmatch(value):
        raise _odd(value)
    try:
        return ast.parse(value, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _odd(value) from None


def _odd(value: object) -> Violation:
    return Violation("expressions", f"{wording.quoted(str(value))} is no plain expression of sizes")


def _check_expression(node: ast.expr) -> None:
    match node:
        case ast.Name(id=name) if name in CONSTANTS or re.fullmatch(SYMBOL, name, re.ASCII):
            return
        case ast.Call(func=ast.Name(id="Symbol" | "Float" as name), args=args, keywords=keywords):
            _check_leaf(node, name, args, keywords)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            for part in _arguments(node, name, args):
                _check_expression(part)
        case _:
            for part in _parts(node):
                _check_expression(part)


def _arguments(node: ast.expr, name: str, args: list[ast.expr]) -> list[ast.expr]:
    if name in FUNCTIONS or (name == "Integer" and len(args) == 1):
        return args
    if name in POWERS and len(args) == 2 and _is_small(args[1]) and not _holds_power(args[0]):
        return args[:1]
    raise _odd(ast.unparse(node))


def _check_leaf(node: ast.expr, name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> None:
    """`Symbol('s77', positive=True)`, `Float('0.5', precision=53)`."""
    pattern = SYMBOL if name == "Symbol" else DECIMAL
    match args:
        case [ast.Constant(value=str(word))] if re.fullmatch(pattern, word, re.ASCII):
            fine = all(_is_assumption(k) if name == "Symbol" else _is_precision(k) for k in keywords)
        case _:
            fine = False
    if not fine:
        raise _odd(ast.unparse(node))


def _is_assumption(keyword: ast.keyword) -> bool:
    return (
        keyword.arg in ASSUMPTIONS and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool)
    )


def _is_precision(keyword: ast.keyword) -> bool:
    value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
    return keyword.arg == "precision" and type(value) is int and 0 < value <= LARGEST_DIGITS


def _check_guard(node: ast.expr) -> None:
    match node:
        case ast.Subscript(
            value=ast.Call(func=ast.Attribute(value=source, attr="size" | "stride"), args=[], keywords=[])
        ):
            _check_index(node)
            _check_source(source)
        case ast.Call(func=ast.Attribute(value=source, attr="storage_offset"), args=[], keywords=[]):
            _check_source(source)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in GUARD_FUNCTIONS:
            for part in args:
                _check_guard(part)
        case ast.Subscript():
            _check_source(node)
        case _:
            for part in _parts(node):
                _check_guard(part)


def _check_source(node: ast.expr) -> None:
    """`L['x']`, `L['args'][0]`: the name of an input."""
    while isinstance(node, ast.Subscript):
        _check_index(node)
        node = node.value
    if not (isinstance(node, ast.Name) and node.id == "L"):
        raise _odd(ast.unparse(node))


def _check_index(node: ast.Subscript) -> None:
    match node.slice:
        case ast.Constant(value=int()):
            return
        case ast.Constant(value=str(word)) if word.isidentifier():
            return
    raise _odd(ast.unparse(node))


def _parts(node: ast.expr) -> list[ast.expr]:
    """What an operation is made of; Violation for what is none. A power has a small, written exponent and is of no power."""
    parts: list[ast.expr] | None = None
    match node:
        case ast.Constant(value=int() | float() as value) if abs(value) <= LARGEST:
            parts = []
        case ast.BinOp(left=left, op=ast.Pow(), right=right) if _is_small(right) and not _holds_power(left):
            parts = [left]
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, OPERATIONS):
            parts = [left, right]
        case ast.UnaryOp(op=op, operand=operand) if isinstance(op, SIGNS):
            parts = [operand]
        case ast.BoolOp(values=values):
            parts = values
        case ast.Compare(left=left, ops=ops, comparators=others) if all(isinstance(op, COMPARISONS) for op in ops):
            parts = [left, *others]
    if parts is None:
        raise _odd(ast.unparse(node))
    return parts


def _holds_power(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Pow) or (isinstance(part, ast.Name) and part.id in POWERS) for part in ast.walk(node)
    )


def _is_small(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="Integer"), args=[inner], keywords=[]):
            return _is_small(inner)
        case ast.Call(func=ast.Name(id="Rational"), args=[one, other], keywords=[]):
            return _is_small(one) and _is_small(other)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _is_small(inner)
        case ast.Constant(value=int() as value):
            return abs(value) <= LARGEST_POWER
    return False

"""Shape expressions and guards are parsed, never evaluated to see."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from auditor.models.verification.expressions import expression, guard
from auditor.models.verification.violations import Violation

HONEST = [
    "s77",
    "2*s77 + 1",
    "Mul(Integer(2), Symbol('s77', positive=True, integer=True))",
    "Add(FloorDiv(Symbol('s53', positive=True, integer=True), Integer(2)), Integer(-3))",
    "Mul(Integer(5), Max(Integer(1), Add(FloorDiv(Symbol('s53', positive=True, integer=True), Integer(2)), Integer(-3))))",
    "Pow(Symbol('s0', integer=True), Integer(2))",
    "s0**2 // 4 % 3",
    "(s0 > 1) & (s1 <= 2)",
    "Eq(Mod(s0, 2), 0)",
    "Float('0.5', precision=53)",
    "u0",
]
HOSTILE = [
    "__import__('os').mkdir('x')",
    "open('x', 'w')",
    "().__class__",
    "s0.__class__",
    "(lambda: 1)()",
    "[s0 for s0 in s1]",
    "Symbol('x')",
    "Symbol('s0', cls=Function)",
    "Symbol(s0)",
    "Function('f')(s0)",
    "Lambda(s0, s0)",
    "sympify('1')",
    "parse_expr('1')",
    "S('1')",
    "eval('1')",
    "exec",
    "os",
    "f'{s0}'",
    "'text'",
    "s0 if s1 else s2",
    "9**9**9",
    "((9**32)**32)**32",
    "Pow(Pow(9, 32), 32)",
    "PowByNatural(9, PowByNatural(9, 9))",
    "s0**s1",
    "2**99",
    "LShift(1, 9999999999)",
    "99999999999999999999999",
    "Float('1e999999')",
    "Max(*s0)",
    "s0 := 1",
    "s0; s1",
    "s0\nimport os",
    "ſ0",  # noqa: RUF001
    "",
    "(" * 5000,
    "-" * 9000 + "1",
    "s0 +" * 5000 + "s0",
    None,
    7,
]


@pytest.mark.parametrize("text", HONEST)
def test_what_pytorch_writes_passes_unchanged(text: str) -> None:
    assert expression(text) == text


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: str(text)[:30])
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(Violation, match="rule expressions"):
        expression(text)


@given(
    st.recursive(
        st.sampled_from([sympy.Symbol("s0", positive=True, integer=True), sympy.Symbol("u3", integer=True)])
        | st.integers(-1000, 1000).map(sympy.Integer),
        lambda parts: (
            st.builds(sympy.Add, parts, parts)
            | st.builds(sympy.Mul, parts, parts)
            | st.builds(sympy.Max, parts, parts)
            | st.builds(sympy.Mod, parts, st.integers(2, 9).map(sympy.Integer))
        ),
        max_leaves=8,
    )
)
def test_whatever_sympy_writes_of_sizes_passes_in_both_spellings(value: sympy.Expr) -> None:
    for text in (sympy.srepr(value), str(value)):
        assert expression(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "L['x'].size()[0] >= 2",
        "28*L['x'].size()[0]*((-1) + (L['x'].size()[2] // 2)) >= 2",
        "L['flat_args'][0].size()[1] == L['y']['k'].size()[0]",
        "max(1, L['x'].size()[0]) != 0 and not L['x'].stride()[0] < 3",
    ],
)
def test_guards_of_sizes_pass(text: str) -> None:
    assert guard(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').mkdir('x') is None",
        "L['x'].size().__class__",
        "L['x'].numpy()[0] > 1",
        'L["x\']"].size()[0] > 1',
        "M['x'].size()[0] > 1",
        "L['x'].size(print())[0] > 1",
        "torch.load('x') == 1",
        "math.inf > 1",
        "9**9**9 > 1",
        "((9**32)**32)**32 > L['x'].size()[0]",
        "L['x'].size()[L['y']] > 1",
        "True, print()",
    ],
)
def test_guards_of_anything_else_are_refused(text: str) -> None:
    with pytest.raises(Violation, match="rule expressions"):
        guard(text)

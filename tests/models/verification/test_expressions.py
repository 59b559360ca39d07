"""Shape expressions and guards are parsed, never evaluated to see."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from auditor.models.verification.expressions import expression, guard, require_soon
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


SUMS = [f"({'+'.join(f's{symbol + number}' for number in range(3))})" for symbol in range(0, 60, 3)]
SLOW = {
    "parts": f"Add({', '.join(['s0'] * 2100)})",
    "arguments of maxima and minima": f"Max({', '.join(f'3*s{n} - s{n + 1}' for n in range(300))})",
    "terms once multiplied out": f"FloorDiv({'*'.join(SUMS[:15])}, {'*'.join(SUMS[10:20])})",
    "factors in one term": "Mod(" + "*".join(["s0**32"] * 300) + " + 1, s0**31 - 3)",
    "bits in one number": "*".join(["18446744073709551615**32"] * 300),
    "quotients within each other": "FloorDiv(" * 60 + "s0" + " + 1, 2)" * 60,
}


@pytest.mark.parametrize("reason", SLOW)
def test_what_would_keep_sympy_busy_is_refused_with_the_reason(reason: str) -> None:
    with pytest.raises(Violation, match=f"rule expressions.* has more than .* {reason}"):
        expression(SLOW[reason])


def test_guards_are_held_to_the_same() -> None:
    with pytest.raises(Violation, match="has more than 20 factors in one term"):
        guard(" * ".join(["L['x'].size()[0]"] * 30) + " > 1")


def test_sizes_of_a_deep_network_of_images_are_far_from_the_limits() -> None:
    side = "s1"
    for _ in range(12):
        side = f"FloorDiv(Add({side}, Integer(-3)), Integer(2))"
    strides = f"Mul(Integer(64), Max(Integer(1), {side}), Max(Integer(1), {side.replace('s1', 's2')}))"
    assert expression(strides) == strides


def test_many_expressions_that_are_each_allowed_are_refused_together() -> None:
    one = {"as_expr": {"expr_str": f"Max({', '.join(f's{n}' for n in range(30))})"}}
    require_soon([one] * 1000)
    with pytest.raises(Violation, match=r"1,0.* steps to read, at most 1,000,000 are taken"):
        require_soon({"sizes": [one] * 1100, "guards_code": []})

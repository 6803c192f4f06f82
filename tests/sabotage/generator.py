"""Makes mutants of a module: comparisons, constants, branches, boundaries and exchanged values, one change each.

A mutant changes the body of a function or a value at the level of the module. Texts, annotations, defaults and
decorators stay as they are. `changes_of` is deterministic, so results can be kept between runs.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

_OPERATORS: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,  # Boundaries.
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SHELLS: Final = {"abs", "int", "max", "maximum", "min", "minimum", "nan_to_num", "sorted", "strip", "tuple", "unique"}
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
Change = tuple[ast.AST, str]


@dataclass(frozen=True, slots=True)
class Mutant:
    """The module with `new` in place of `old` at the offsets in bytes; `function` is empty at the module's level."""

    module: str
    line: int
    function: str
    old: str
    new: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the mutant after other lines of the module have changed."""
        return self.module, self.function, self.old, self.new

    def text(self) -> str:
        """The module's text with the change."""
        source = Path(self.module).read_bytes()
        return (source[: self.start] + self.new.encode() + source[self.end :]).decode()


def changes_of(module: str) -> list[Mutant]:
    """The mutants of a module, in the order of its lines."""
    source = Path(module).read_bytes()
    tree, places = ast.parse(source), [0]
    for line in source.splitlines(keepends=True):
        places.append(places[-1] + len(line))
    siblings, mutants = _siblings(tree), dict[tuple[int, int, str], Mutant]()
    for function, root in _roots(tree):
        for node in _nodes(root):
            for target, new in _changes(node, siblings):
                start = places[target.lineno - 1] + target.col_offset  # type: ignore[attr-defined]
                end = places[target.end_lineno - 1] + target.end_col_offset  # type: ignore[attr-defined]
                old = " ".join(source[start:end].decode().split())
                line = target.lineno  # type: ignore[attr-defined]
                mutants[start, end, new] = Mutant(module, line, function, old, new, start, end)
    return [mutants[place] for place in sorted(mutants)]


def _roots(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """The statements that may change: those of functions, and the values that the module assigns."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield "", node.value
        for function in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(function, _FUNCTIONS) and "jit" not in ast.dump(ast.List(function.decorator_list)):
                name = f"{node.name}.{function.name}" if isinstance(node, ast.ClassDef) else function.name
                yield from ((name, statement) for statement in function.body)


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes whose place in the text is known and whose value matters."""
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return
    yield node
    for name, field in ast.iter_fields(node):
        if name not in {"annotation", "returns", "decorator_list", "defaults", "kw_defaults"}:
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.AST):
                    yield from _nodes(child)


def _siblings(tree: ast.Module) -> Mapping[tuple[str, str], str]:
    """For each member of an enum, and each number of a policy, another of those that the module mentions."""
    members = defaultdict[str, set[str]](set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and _has_siblings(node):
            members[node.value.id].add(node.attr)
    turns = {owner: [*sorted(names), min(names)] for owner, names in members.items()}
    return {(owner, name): after for owner, turn in turns.items() for name, after in pairwise(turn) if name != after}


def _has_siblings(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and (node.attr.isupper() or node.value.id == "policy")


def _changes(node: ast.AST, siblings: Mapping[tuple[str, str], str]) -> Iterator[Change]:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in siblings:
            yield node, f"{owner}.{siblings[owner, name]}"
        case ast.Call():
            yield from _call_changes(node)
        case ast.Set(elts=parts) | ast.List(elts=parts) if len(parts) > 1:
            for part in parts:
                yield node, ast.unparse(type(node)([other for other in parts if other is not part]))
        case ast.Subscript(value=sliced, slice=ast.Slice(), ctx=ast.Load()):
            yield node, f"({ast.unparse(sliced)})"
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield node, "pass"
        case ast.BinOp(left=first, right=second) if not any(map(_is_text, (first, second))):
            yield from ((node, f"({ast.unparse(side)})") for side in (first, second))
        case ast.Constant(value=bool() | int() | float() as number):
            yield node, str(not number if isinstance(number, bool) else number + 1)
        case _:
            yield from _conditions(node)


def _conditions(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield from _constant_conditions(test)
        case ast.comprehension(ifs=tests):
            yield from (change for test in tests for change in _constant_conditions(test))
        case ast.BoolOp(op=op, values=values):
            word = " and " if isinstance(op, ast.And) else " or "
            for side in values:
                yield node, f"({word.join(f'({ast.unparse(other)})' for other in values if other is not side)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, f"({ast.unparse(operand)})"
        case ast.Compare(left=first, ops=ops, comparators=comparators):
            for place, operator in enumerate(ops):
                changed = [*ops[:place], _OPERATORS[type(operator)](), *ops[place + 1 :]]
                yield node, f"({ast.unparse(ast.Compare(first, changed, comparators))})"


def _constant_conditions(test: ast.expr) -> Iterator[Change]:
    """The condition is constant. Where the parts of a condition change too, one constant is enough."""
    if not isinstance(test, ast.BoolOp) or isinstance(test.op, ast.Or):
        yield test, "True"
    if not isinstance(test, ast.BoolOp) or isinstance(test.op, ast.And):
        yield test, "False"


def _call_changes(call: ast.Call) -> Iterator[Change]:
    match call.func:
        case ast.Name(id=name) if name in _NAMES:
            yield call.func, _NAMES[name]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _SHELLS:
        inner = call.args or ([call.func.value] if isinstance(call.func, ast.Attribute) else [])
        yield from ((call, f"({ast.unparse(argument)})") for argument in inner if not isinstance(argument, ast.Starred))
    match call.args:
        case [ast.Name() | ast.Attribute() as first, ast.Name() | ast.Attribute() as second, *others] if (
            name not in _SHELLS
        ):
            yield call, ast.unparse(ast.Call(call.func, [second, first, *others], call.keywords))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))

"""What writes which table, read from source: a statement, a helper that is handed a table, and what refers to these."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# They write the table that they are handed.
WRITERS: Final = frozenset(
    {
        *(f"sqlalchemy.{verb}" for verb in ("insert", "update", "delete")),
        *(f"sqlalchemy.dialects.{dialect}.insert" for dialect in ("postgresql", "sqlite")),
        "serving.platform.database.erasing.Place",
        "serving.platform.database.erasing.delete_some",
        "serving.platform.database.store.add",
        "serving.platform.database.store.add_at_end",
        "serving.platform.database.store.add_or_ignore",
        "serving.platform.database.store.insert_or_ignore",
        "serving.webhooks.store.outbox.Outbox",
    }
)
_VERBS: Final = frozenset({"insert", "update", "delete"})
_SQL: Final = re.compile(r"\b(?:(?:INSERT|MERGE|REPLACE) INTO|UPDATE \w+ SET|DELETE FROM|TRUNCATE)\b")
_Bound = ast.Assign | ast.AnnAssign | ast.For | ast.comprehension


@dataclass(frozen=True, slots=True)
class Write:
    """Something that writes. `table` is the dotted name of a table, None where the source does not say which."""

    module: str
    line: int
    owner: str
    table: str | None


class Tree:
    """Modules by name, with their sources; `tables` are dotted names."""

    def __init__(self, sources: Mapping[str, str], tables: frozenset[str]) -> None:
        self._tables = tables
        self._parsed = {name: ast.parse(source) for name, source in sources.items()}
        self._imports = {name: dict(_imported_names(tree)) for name, tree in self._parsed.items()}

    @cached_property
    def writes(self) -> tuple[Write, ...]:
        """Everything that writes."""
        return tuple(
            Write(module, node.lineno, owner, table)
            for module, tree in self._parsed.items()
            for owner, part in _definitions(module, tree)
            for node in ast.walk(part)
            if isinstance(node, ast.expr)
            for table in self._written(module, part, node)
        )

    def writing(self) -> frozenset[str]:
        """Dotted names of the functions, classes and values that write or refer to one that does."""
        refers = {
            owner: {self._name(module, node) for node in ast.walk(part) if isinstance(node, ast.Name | ast.Attribute)}
            for module, tree in self._parsed.items()
            for owner, part in _definitions(module, tree)
        }
        owners = {write.owner for write in self.writes}
        while more := {owner for owner, names in refers.items() if owner not in owners and names & owners}:
            owners |= more
        return frozenset(owners)

    def _written(self, module: str, part: ast.AST, node: ast.AST) -> Iterator[str | None]:
        match node:
            case ast.Constant(value=str(text)) if _SQL.search(text):
                yield None
            case ast.Call(func=func, args=arguments, keywords=keywords):
                helps = self._name(module, func) in WRITERS
                handed = [*arguments, *(keyword.value for keyword in keywords)]
                if isinstance(func, ast.Attribute) and func.attr in _VERBS:
                    handed.append(func.value)
                elif not helps:
                    return
                tables = {table for expression in handed for table in self._tables_of(module, part, expression)}
                yield from sorted(tables)
                if helps and not tables:
                    yield None
            case _:
                pass

    def _tables_of(self, module: str, part: ast.AST, node: ast.expr) -> Iterator[str]:
        """The table that an expression names, or those that a local name may stand for."""
        if (name := self._name(module, node)) in self._tables:
            yield name
        elif isinstance(node, ast.Name):
            for bound in ast.walk(part):
                if isinstance(bound, _Bound) and node.id in _targets(bound):
                    source = bound.value if isinstance(bound, ast.Assign | ast.AnnAssign) else bound.iter
                    named = (self._name(module, child) for child in (ast.walk(source) if source else ()))
                    yield from (table_name for table_name in named if table_name in self._tables)

    def _name(self, module: str, node: ast.AST) -> str:
        match node:
            case ast.Name(id=name):
                return self._origin(self._imports[module].get(name, f"{module}.{name}"))
            case ast.Attribute(value=value, attr=attribute):
                return self._origin(f"{self._name(module, value)}.{attribute}")
            case _:
                return ""

    def _origin(self, dotted: str) -> str:
        """Where a name comes from that another module only passes on."""
        module, _, name = dotted.rpartition(".")
        passed_on = self._imports.get(module, {}).get(name)
        return dotted if passed_on is None else self._origin(passed_on)


def _imported_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2 for alias in node.names
            )


def _definitions(module: str, tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """The statements of a module by what they define; docstrings are left out."""
    for part in tree.body:
        match part:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield f"{module}.{name}", part
            case ast.Assign() | ast.AnnAssign():
                yield from ((f"{module}.{name}", part) for name in _targets(part))
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
                pass
            case _:
                yield module, part


def _targets(bound: _Bound) -> set[str]:
    """The names that a statement binds."""
    targets = bound.targets if isinstance(bound, ast.Assign) else [bound.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def sources(package: str) -> dict[str, str]:
    """The modules of a package by name; migrations make tables and are no part of it."""
    texts = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts:
            texts[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return texts

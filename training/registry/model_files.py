"""The parts of a registered model: our code as files, the pinned packages of others, its signature and an example.

The distribution `touchstone` of the public package index is another project, so nothing of ours is named there.
"""

import ast
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, Final

import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType, Array

from features.listing import LISTING_FIELDS, SELLER_FIELDS
from training.registry.pyfunc_model import COLUMNS, NESTED, REASONS

PYFUNC: Final = Path(__file__).with_name("pyfunc_model.py")
_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("features", "models")
# All that the model needs of the package for training.
_TRAINING: Final = ("__init__.py", "adapters/__init__.py", "adapters/cells.py", "adapters/native.py")
_ANY: Final[Any] = AnyType()  # type: ignore[no-untyped-call]  # MLflow's own
_FIELDS: Final = {field.name: field for field in LISTING_FIELDS} | {
    f"seller.{field.name}": field for field in SELLER_FIELDS
}
_TEXT_OR_NUMBER: Final = frozenset({"occurred_at", "gtin", "mpn"})
_EXAMPLE: Final = {
    "external_id": "offer-1", "title": "Leather tote, grey", "description": "With dust bag and receipt.",
    "brand": "Aurelle", "product_type": "Bags", "price": "129.00", "currency": "EUR",
    "seller.external_id": "seller-1", "seller.age_days": 12.0, "sales.d7": 3.0,
}  # fmt: skip


def copy_code(folder: Path) -> list[str]:
    """Copy the code of the model into an empty folder; returns the paths for MLflow."""
    for name in _PACKAGES:
        shutil.copytree(_ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _TRAINING:
        path = folder / "training" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_ROOT / "training" / name, path)
    return [str(folder / name) for name in (*_PACKAGES, "training")]


@cache
def requirements() -> tuple[str, ...]:
    """The installed versions of every package of others that the model's code imports."""
    ours = {*_PACKAGES, "training", "serving"}
    trees = (ast.parse(module.read_text(encoding="utf-8")) for module in _module_files())
    names = {name for tree in trees for name in _imported_names(tree)} - ours - sys.stdlib_module_names
    providers = packages_distributions()
    distributions = {_distribution(name, providers.get(name, [])) for name in names}
    return tuple(f"{name}=={version(name)}" for name in sorted(distributions))


def _module_files() -> Iterator[Path]:
    yield PYFUNC
    for name in _PACKAGES:
        yield from sorted((_ROOT / name).rglob("*.py"))
    yield from (_ROOT / "training" / name for name in _TRAINING)


def _imported_names(node: ast.AST) -> Iterator[str]:
    """The names of all imported modules, but those of types alone, which do not exist at run time."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (name.name.partition(".")[0] for name in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module is not None:
            yield child.module.partition(".")[0]
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _imported_names(child)


def _distribution(name: str, providers: list[str]) -> str:
    """The distribution of a module. Several parts of one project may share it; the whole has the module's name."""
    return name if name in providers or not providers else sorted(set(providers))[0]


def model_signature() -> ModelSignature:
    """Every column optional but the id. Counts are doubles, because a pandas column with a missing value is.

    The parameter `reasons` is whether rows get their reasons.
    """
    columns = {name: ColSpec(_type_of(name), name, required=name == "external_id") for name in COLUMNS}
    for name in [name for name in COLUMNS if "." in name]:
        columns[name.replace(".", "_")] = ColSpec(_type_of(name), name.replace(".", "_"), required=False)
    for name in ("seller", *NESTED):
        columns.setdefault(name, ColSpec(_ANY, name, required=False))
    outputs: tuple[ColSpec, ...] = (
        ColSpec(DataType.double, "probability", required=False),
        ColSpec(DataType.string, "route"),
        ColSpec(Array(DataType.string), "reasons"),
    )
    settings = ParamSchema([ParamSpec(REASONS, DataType.boolean, default=True)])
    return ModelSignature(Schema(list(columns.values())), Schema(list(outputs)), settings)


def example_row() -> pd.DataFrame:
    """One row of flat columns."""
    return pd.DataFrame([_EXAMPLE])


def _type_of(column: str) -> Any:
    """Text as text and counts as doubles. A field that comes as text or as a number is not checked here."""
    field = _FIELDS.get(column)
    types = field.schema.get("type") if field else ["number", "null"]
    if types in (["string", "null"],) and column not in _TEXT_OR_NUMBER:
        return DataType.string
    if types in (["integer", "null"], ["number", "null"]):
        return DataType.double
    return _ANY

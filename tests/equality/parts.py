"""The parts by name; each returns texts by name, which are equal for equal trees."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.equality import cli, golden, names, openapi, pages, schema, texts, trainings

PARTS: Final[Mapping[str, Callable[[], Mapping[str, str]]]] = {
    "golden": golden.texts,
    "training": trainings.texts,
    "openapi": openapi.texts,
    "schema": schema.texts,
    "cli": cli.texts,
    "texts": texts.texts,
    "names": names.texts,
    "pages": pages.texts,
}

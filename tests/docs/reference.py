"""The reference of the API and the webhooks from their contract, of the metrics from their functions, of decisions."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from fastapi import FastAPI

from serving import api
from serving.api.contract.document import contract_of
from serving.guards import install_package
from training.evaluate import comparison, metrics

_CREDENTIALS: Final = {
    "apiKey": "API key",
    "signature": "signature of a service account",
    "reporterKey": "key of a registered reporter",
    "session": "session",
    "csrf": "CSRF token",
}
_LABELS: Final = np.array([1, 0], dtype=np.int8)
_SCORES: Final = np.array([0.9, 0.1])
_BOUNDS: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
}


def row(cells: Sequence[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def contract() -> dict[str, Any]:
    """The contract as `touchstone openapi` prints it."""
    routes = FastAPI(openapi_url=None)
    install_package(routes, api)
    return contract_of(routes.routes, "/")


def api_page() -> str:
    """docs/api.md without the mark of generated files."""
    document = contract()
    lines = [
        "# API",
        "",
        f"{document['info']['description']} `touchstone openapi` prints the contract as OpenAPI, and",
        "`GET /api/v1/openapi.json` answers it. [Integration](integrating.md) shows the calls in their order.",
    ]
    for tag in document["tags"]:
        lines += ["", f"## {tag['description'].rstrip('.')}"]
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    lines += _operation(method, path, operation)
    return "\n".join([*lines, *_schemas(document, document["paths"], "Schemas")]) + "\n"


def webhooks_page() -> str:
    """docs/webhooks.md without the mark of generated files."""
    document = contract()
    lines = [
        "# Webhooks",
        "",
        "The messages to a marketplace, and `report.completed` to a brand's own tool. Each is a `POST` of JSON, signed",
        "by Standard Webhooks 1.0. Answer with any 2xx. [Integration](integrating.md#webhooks) explains order,",
        "repetition and verification, and shows a whole message.",
        "",
        "| header | meaning |",
        "| --- | --- |",
    ]
    webhooks = {event: methods["post"] for event, methods in document["webhooks"].items()}
    lines += [row((f"`{part['name']}`", part["description"])) for part in next(iter(webhooks.values()))["parameters"]]
    lines += ["", "| type | meaning | body |", "| --- | --- | --- |"]
    for event, operation in webhooks.items():
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        lines.append(row((f"`{event}`", operation["description"], _type(body))))
    return "\n".join([*lines, *_schemas(document, document["webhooks"], "Bodies")]) + "\n"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> list[str]:
    lines = ["", f"### {method.upper()} {path}", "", operation["description"].strip()]
    ways = [" and ".join(_CREDENTIALS[name] for name in way) or "none" for way in operation["security"]]
    facts = [f"* Credentials: {' or '.join(ways) or 'none'}"]
    if body := operation.get("requestBody"):
        facts.append(f"* Body: {_content(body['content'])}")
    answers = operation["responses"]
    succeeded = [
        f"{status} {_content(answers[status].get('content', {}))}".strip() for status in answers if status < "4"
    ]
    facts.append(f"* Success: {', '.join(succeeded)}")
    facts.append(f"* Refusals: {', '.join(status for status in answers if status >= '4')}")
    lines += ["", *facts]
    if parameters := operation.get("parameters"):
        lines += ["", "| parameter | in | type | meaning |", "| --- | --- | --- | --- |"]
        for part in parameters:
            meaning = part.get("description", "")
            lines.append(row((f"`{part['name']}`", part["in"], _type(part["schema"]), meaning)))
    return lines


def _content(content: Mapping[str, Any]) -> str:
    return ", ".join(
        _type(body["schema"]) + ("" if kind == "application/json" else f" (`{kind}`)") for kind, body in content.items()
    )


def _schemas(document: Mapping[str, Any], start: Any, heading: str) -> list[str]:
    """The schemas that can be reached from a part of the contract, one table each."""
    known = document["components"]["schemas"]
    names: set[str] = set()
    waiting = [start]
    while waiting:
        new = set(re.findall(r"#/components/schemas/(\w+)", str(waiting.pop()))) - names
        names |= new
        waiting += [known[name] for name in new]
    lines = ["", f"## {heading}", "", "A field with * is always there."]
    for name in sorted(names):
        schema = known[name]
        lines += ["", f"### {name}"]
        if schema.get("description"):
            lines += ["", schema["description"].strip()]
        if "properties" in schema:
            required = schema.get("required", ())
            lines += ["", "| field | type | meaning |", "| --- | --- | --- |"]
            for field, inner in schema["properties"].items():
                mark = " *" if field in required else ""
                lines.append(row((f"`{field}`{mark}", _type(inner), inner.get("description", ""))))
        else:
            lines += ["", f"{_type(schema)[:1].upper()}{_type(schema)[1:]}."]
    return lines


def _type(schema: Mapping[str, Any]) -> str:
    """The type in words, with links to the schemas of the page."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for kind in ("anyOf", "oneOf", "allOf"):
        if kind in schema:
            return " or ".join(_type(inner) for inner in schema[kind])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return "one of " + ", ".join("null" if choice is None else f"`{choice}`" for choice in schema["enum"])
    kinds = schema.get("type", "any value")
    shown = kinds if isinstance(kinds, str) else " or ".join(kinds)
    if "items" in schema:
        shown = shown.replace("array", f"list of {_type(schema['items'])}")
    if isinstance(schema.get("additionalProperties"), dict):
        shown = shown.replace("object", f"object of {_type(schema['additionalProperties'])} by name")
    bounds = [text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema]
    return ", ".join([f"{shown} ({schema['format']})" if "format" in schema else shown, *bounds])


_METRICS: Final[dict[str, Callable[..., Any]]] = {
    "ap": metrics.average_precisions,
    "roc_auc": metrics.roc_aucs,
    "precision_at_20": metrics.precision_at,
    "recall": metrics.recalls_at,
    "brier": metrics.brier,
    "calibration_error": metrics.calibration_errors,
    "effective_n": metrics.effective_number,
    "effective_positives": metrics.effective_number,
}


def metrics_table() -> list[str]:
    """The figures of an evaluation with the meaning that their function states."""
    known = {*comparison.figures(_LABELS, _SCORES), *comparison.slice_figures(_LABELS, _SCORES, np.ones(2))}
    assert known == set(_METRICS), "name the function of each figure in _METRICS"
    lines = ["| figure | meaning | function of `training/evaluate/metrics.py` |", "| --- | --- | --- |"]
    for name, function in _METRICS.items():
        meaning = str(function.__doc__).partition("\n")[0].replace(" for each row of `weights` (b, n)", "")
        lines.append(row((f"`{name}`", meaning.replace(",.", "."), f"`{function.__name__}`")))
    return lines


def decisions_page(folder: Path) -> str:
    """docs/decisions/README.md without the mark of generated files: every record of the folder."""
    lines = ["# Decisions", "", "Each choice that is hard to undo, with its context and its alternatives.", ""]
    titles = {path.name: path.read_text(encoding="utf-8").partition("\n")[0] for path in sorted(folder.glob("0*.md"))}
    lines += [f"* [{title.removeprefix('# ')}]({name})" for name, title in titles.items()]
    return "\n".join(lines) + "\n"

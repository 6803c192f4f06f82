"""The contract of the API, without a data directory."""

import json
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.options import a_place_for_a_file, settings_with

app = typer.Typer()

_HERE = "http://127.0.0.1:8321"


@app.command()
def openapi(
    output: Annotated[
        Path | None, typer.Option("--out", callback=a_place_for_a_file, help="Write it here; default: standard output.")
    ] = None,
) -> None:
    """Print the contract of the API as OpenAPI. It needs no data directory and no service."""
    from fastapi import FastAPI

    from serving import api
    from serving.api.contract.document import contract_of
    from serving.guards import install_package

    routes = FastAPI(openapi_url=None)
    install_package(routes, api)
    text = json.dumps(contract_of(routes.routes, settings_with().public_url or _HERE), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")

"""Installation of all pages in an application."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from serving import web
from serving.guards import install_package
from serving.web.errors import install_error_pages
from serving.web.headers import FOLDER, PREFIX


def install_pages(app: FastAPI) -> None:
    """Routes, static files and error pages; the API's error handlers must be installed first."""
    install_package(app, web)
    app.mount(PREFIX.rstrip("/"), StaticFiles(directory=FOLDER), name="static")
    install_error_pages(app)

"""Tables and documents as downloads."""

from typing import Final

from fastapi.responses import Response

from serving.brands.rules.rights_document import file_extension_of
from serving.platform.tabular import Format

_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/jsonl",
    Format.PARQUET: "application/vnd.apache.parquet",
}


def download(form: Format, name: str, content: bytes) -> Response:
    """A file under a name that we choose, which no cache stores."""
    headers = {"content-disposition": f'attachment; filename="{name}.{form.value}"', "cache-control": "no-store"}
    return Response(content, media_type=_MEDIA_TYPES[form], headers=headers)


def document(name: str, media_type: str, content: bytes) -> Response:
    """A download, never rendered: we choose the name, its first bytes determine the type, and a CSP sandboxes it."""
    headers = {
        "content-disposition": f'attachment; filename="{name}.{file_extension_of(media_type)}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }
    return Response(content, media_type=media_type, headers=headers)

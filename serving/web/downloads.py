"""Tables and documents as files that a browser saves."""

from typing import Final

from fastapi.responses import Response

from serving.platform.tabular import Format
from serving.rights.rules.document import ending_of

_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/jsonl",
    Format.PARQUET: "application/vnd.apache.parquet",
}


def download(form: Format, name: str, content: bytes) -> Response:
    """A file under a name of ours, which no cache keeps."""
    headers = {"content-disposition": f'attachment; filename="{name}.{form.value}"', "cache-control": "no-store"}
    return Response(content, media_type=_MEDIA_TYPES[form], headers=headers)


def document(name: str, media_type: str, content: bytes) -> Response:
    """To be saved and never shown: its name is ours, its type what its first bytes say, and it may do nothing."""
    headers = {
        "content-disposition": f'attachment; filename="{name}.{ending_of(media_type)}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }
    return Response(content, media_type=media_type, headers=headers)

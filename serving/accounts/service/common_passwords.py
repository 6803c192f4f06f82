"""The packaged list of common passwords."""

import gzip
from functools import cache
from importlib.resources import files


@cache
def common_passwords() -> frozenset[str]:
    """Passwords and words in small letters, read once; where they come from is in data/manifest.json."""
    content = files("serving.accounts").joinpath("data/common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(content).decode().split())

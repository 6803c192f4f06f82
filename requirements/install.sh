#!/bin/sh
# Installs one hash-pinned requirements file into .venv, then this project itself with nothing resolved anew.
# Byte code is written here, once, so that no start pays for it, the first included.
# Usage: install.sh FILE
set -eu

python=.venv/bin/python
echo "Installing the packages of $1 into .venv; this happens once." >&2
"$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
if ! .venv/bin/uv pip install --quiet --compile-bytecode --python "$python" --require-hashes -r "$1"; then
    echo "uv could not install; trying pip, which takes longer." >&2
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
fi
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

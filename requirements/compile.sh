#!/bin/sh
# Compiles the pinned, hashed requirements from pyproject.toml. No registry is named in the results.
set -eu

compile() { uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet "$@"; }

printf 'uv\n' | compile - -o requirements/installer.txt
compile pyproject.toml --group build -o requirements/runtime.txt
compile pyproject.toml --group build --group dev -o requirements/development.txt
printf 'openapi-python-client==0.29.1\n' | compile - -o requirements/contract.txt
# Peers of the benchmarks, beside the versions of development, into whose environment they are installed.
printf 'duckdb==2.0.1\nonnxmltools==1.16.0\nonnxruntime==1.32.0\npgqueuer[asyncpg]==1.6.0\npolars==2.1.0\ntimber-compiler==0.6.0\n' |
    compile - -c requirements/development.txt -o requirements/bench.txt

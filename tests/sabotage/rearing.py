"""Runs mutants in a process of their own and returns the outcomes."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from tests.sabotage.mutant import Mutant
from tests.sabotage.nursery import SECONDS, Outcome, Request


def outcomes_of(mutants: Sequence[Mutant]) -> list[Outcome]:
    """The outcome of each mutant, in order."""
    requests = [asdict(Request(one.module, one.text(), one.tests)) for one in mutants]
    done = subprocess.run(
        [sys.executable, "-m", "tests.sabotage.nursery"],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=60 + SECONDS * len(mutants),
        check=True,
    )
    return sorted((Outcome(**json.loads(line)) for line in done.stdout.splitlines()), key=lambda one: one.request)

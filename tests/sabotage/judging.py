"""Judges mutants: one process collects the tests, and forks a child for each mutant that ends at the first failure.

A child puts the changed code into the imported module, so it imports and collects nothing. What a module computes
while it is imported stays as it was.

`python -m tests.sabotage.judging SECONDS SHARE [WORD...]` judges the mutants written by hand and one in SHARE of those
made, of the modules whose names contain one of the words. It continues where the last run stopped, and prints the
mutants that no test kills. The lines of JSON in the folder of `guards.py` keep the verdicts. A verdict lasts until the
module or one of its tests changes.
"""

import ast
import inspect
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any, Final
from zlib import crc32

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from tests.sabotage.by_hand import mutants_by_hand
from tests.sabotage.generator import Mutant, changes_of
from tests.sabotage.guards import ARGUMENTS, FOLDER, append, digest_of, lines_of

KILLED: Final = "killed"
SURVIVED: Final = "survived"
_RESULTS: Final = FOLDER / "mutants.jsonl"
_ARGUMENTS: Final = (*ARGUMENTS, "--hypothesis-profile=mutants")
_LONGEST: Final = 600  # Seconds for the tests of a module. A mutant is killed if they take five times as long.
_MOST_OTHERS: Final = 60
# The rules of all rooms are judged, and these modules, which decide as well.
_OTHERS: Final = {
    "features": "corrections facts near_duplicates spec words",
    "models": "bundle bundle_files case classifier evidence explanations exploration flat_trees forest labels"
    " own_words phrases points priority routing sanction_scope second_stage seller_lists strikes"
    " thresholds tree_shares treetext verdict workload",
    "serving/accounts/service": "passwords reset_links",
    "serving/accounts/store": "invitations reset_links",
    "serving/appeals/service": "complaint_case",
    "serving/brands/service": "alias_decisions authorised_sellers brand_file brand_messages mandates"
    " price_lists rights_copies rights_sharing",
    "serving/brands/store": "aliases mandates price_lists rights",
    "serving/cases/service": "naming removal_stops undoing",
    "serving/cases/store": "chosen",
    "serving/learning/service": "labelling promote second_reviews trial",
    "serving/learning/store": "monitoring verdict_history",
    "serving/listings": "matching",
    "serving/listings/service": "batch_scoring intake_rows second_scores",
    "serving/notices/service": "admission notice_complaints notified_listings",
    "serving/operations/service": "breaker",
    "serving/platform": "deadlines",
    "serving/reports/service": "status",
    "serving/reports/store": "report_documents",
    "serving/scoring/service": "scoring",
    "serving/scoring/store": "histories history_queries near_duplicates",
    "serving/sellers/service": "sanction_steps sanctioning seller_listing strike_recording",
    "serving/standing/store": "standings",
    "serving/takedowns/service": "pending_approval takedown",
    "serving/takedowns/store": "budgets",
    "training/evaluate": "judging splits suspects",
    "training/fit": "encoders phrases stages weighting",
    "training/gates": "gate gates golden golden_gate incumbent replay_gate slice_gate upheld",
    "training/snapshots": "snapshot soundness",
}


# Tests outside the subject's folder, or which import the module by a detour.
_ALSO: Final = {
    "models/test_bundle.py": "models/bundle_files models/phrases",
    "models/test_evidence.py": "models/classifier",
    "models/test_routing.py": "models/exploration",
    "training/test_weighting.py": "training/fit/weighting",
    "serving/brands/service/test_alias_decisions.py": "serving/brands/store/aliases",
    "serving/accounts/service/test_inviting.py": "serving/accounts/store/invitations",
    "serving/accounts/service/test_reset_links.py": "serving/accounts/store/reset_links",
    "serving/appeals/service/test_appeal.py": "serving/appeals/service/complaint_case",
    "serving/brands/service/test_indicators.py": "serving/brands/store/price_lists",
    "serving/listings/service/test_one_batch.py": "serving/listings/service/batch_scoring",
    "serving/listings/service/test_intake.py": "serving/listings/service/intake_rows serving/scoring/service/scoring",
    "serving/learning/service/test_retraining.py": "serving/learning/rules/drift_alarm",
    "serving/learning/service/test_trial.py": "serving/scoring/service/scoring",
    "serving/notices/service": "serving/notices/rules/notice_counts",
    "serving/notices/service/test_notice_complaints.py": "serving/appeals/service/complaint_case",
    "serving/notices/service/test_notices.py": "serving/notices/service/notified_listings",
    "serving/operations/service/test_breaker.py": "serving/scoring/service/scoring",
    "serving/reports/rules/test_outcomes.py": "serving/reports/rules/good_faith",
    "serving/reports/service/test_labels.py": "serving/cases/store/chosen serving/learning/service/labelling"
    " serving/learning/store/monitoring training/snapshots/snapshot",
    "serving/cases/service/test_analysts_alone.py": "serving/takedowns/service/pending_approval",
    "serving/cases/service/test_corrected_facts.py": "serving/listings/service/intake_rows",
    "serving/brands/service/test_apart.py": "serving/brands/store/price_lists serving/brands/store/mandates"
    " serving/brands/store/rights",
    "serving/brands/service/test_sharing.py": "serving/brands/service/price_lists serving/brands/service/rights_copies",
    "serving/sellers/service": "serving/sellers/rules/sanction",
    "serving/sellers/service/test_sanctioning.py": "serving/appeals/service/complaint_case"
    " serving/cases/service/undoing serving/sellers/service/sanction_steps serving/sellers/service/strike_recording"
    " serving/takedowns/service/takedown",
    "serving/takedowns/rules/test_approval.py": "serving/takedowns/rules/evidence",
    "serving/takedowns/service/test_pending_approval.py": "serving/learning/store/verdict_history"
    " serving/scoring/store/histories serving/scoring/store/history_queries serving/scoring/store/near_duplicates"
    " serving/standing/store/standings serving/takedowns/service/pending_approval",
    "serving/takedowns/service/test_told.py": "serving/cases/service/removal_stops",
    "serving/transparency/service": "serving/transparency/rules/misuse",
    "serving/web/test_indicators_page.py": "serving/brands/service/brand_file",
    "serving/web/test_notice_page.py": "serving/notices/service/admission",
    "serving/web/test_two_marketplaces.py": "serving/brands/store/mandates serving/brands/store/rights",
}


def judged_modules() -> list[str]:
    """The rules of all rooms, and the other modules that decide."""
    rules = [*Path("serving").glob("*/rules/**/*.py"), *Path("serving").glob("*/rules.py")]
    others = [f"{folder}/{name}.py" for folder, names in _OTHERS.items() for name in names.split()]
    return sorted({*map(str, rules), *others})


@cache
def _imports(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_bytes())
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return frozenset(
        name for node in froms for alias in node.names for name in (str(node.module), f"{node.module}.{alias.name}")
    )


def _importing(module: str, paths: Iterable[Path]) -> list[Path]:
    name = module.removesuffix(".py").replace("/", ".")
    stem = name.rpartition(".")[2]
    return [path for path in sorted(paths) if stem in path.read_text(encoding="utf-8") and name in _imports(path)]


@cache
def _nearest(module: str) -> list[Path]:
    own = Path("tests", module)
    folder = Path("tests", *own.parts[1 : 3 if own.parts[1] == "serving" else 2])
    near = _importing(module, folder.rglob("test_*.py"))
    return sorted(near, key=lambda test: (test.stem != f"test_{own.stem}", test.parent != own.parent))


@cache
def named_tests(module: str) -> tuple[str, ...]:
    """The tests of the module's name, or else those in its place that import it, and those that are named above."""
    beside = [test for test in _nearest(module) if test.parent == Path("tests", module).parent]
    own = [test for test in _nearest(module) if test.stem == f"test_{Path(module).stem}"] or beside
    also = [Path("tests", place) for place, names in _ALSO.items() if module.removesuffix(".py") in names.split()]
    folders = [sorted(place.glob("test_*.py")) if place.is_dir() else [place] for place in also]
    return tuple(dict.fromkeys(map(str, sum(folders, own))))


@cache
def all_tests(module: str) -> tuple[str, ...]:
    """The named tests, then those in the subject's folder that import the module, or else its importers."""
    near = _nearest(module)
    if not near and not named_tests(module):
        importers = _importing(module, Path(module.partition("/")[0]).rglob("*.py"))
        near = [test for importer in importers for test in _nearest(str(importer))]
    return tuple(dict.fromkeys([*named_tests(module), *map(str, near)]))


def put_in(module: str, text: str) -> None:
    """Replace the functions and values that the text changes in the imported module.

    Raises ValueError (it changes something else).
    """
    live = sys.modules[module.removesuffix(".py").replace("/", ".")]
    before, after = _parts(ast.parse(Path(module).read_bytes())), _parts(ast.parse(text))
    codes = dict(_functions(compile(text, module, "exec")))
    changed = [name for name in after if name not in before or ast.dump(before[name]) != ast.dump(after[name])]
    for name in changed:
        part = after[name]
        if isinstance(part, ast.Assign | ast.AnnAssign):
            earlier = dict(vars(live))
            exec(compile(ast.Module([part], []), module, "exec"), vars(live))  # noqa: S102  # our own source
            _pass_on(earlier, vars(live))
        else:
            _swap(live, name, codes[name])
    if not changed:
        raise ValueError(f"{module}: changes neither a function nor a value of the module")


def _parts(tree: ast.Module) -> dict[str, ast.stmt]:
    """The functions, methods and values of a module by their names."""
    parts = dict[str, ast.stmt]()
    for node in tree.body:
        for part in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(part, ast.FunctionDef):
                parts[f"{node.name}.{part.name}" if isinstance(node, ast.ClassDef) else part.name] = part
            elif isinstance(part, ast.Assign | ast.AnnAssign) and part is node:
                parts[ast.unparse(part.target if isinstance(part, ast.AnnAssign) else part.targets[0])] = part
    return parts


def _functions(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """The functions and methods by their names; those within functions belong to these."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner.co_qualname, inner
            yield from _functions(inner)


def _swap(live: object, name: str, code: CodeType) -> None:
    target: Any = live
    for part in name.split("."):
        target = vars(target)[part]
    for wrapped in ("fget", "func", "__func__"):  # Properties, and methods of classes.
        target = getattr(target, wrapped, target)
    inspect.unwrap(target).__code__ = code


def _pass_on(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> None:
    """Give changed values to the modules that imported them."""
    changed = {name: attribute for name, attribute in later.items() if earlier.get(name) is not attribute}
    for other in list(sys.modules.values()):
        for name, attribute in changed.items():
            if name in earlier and vars(other).get(name, other) is earlier[name]:
                setattr(other, name, attribute)


class _Judge:
    """A plugin of pytest that judges mutants in place of running the collected tests once."""

    def __init__(self, mutants: Mapping[str, Sequence[Mutant]], until: float) -> None:
        self._mutants, self._until = mutants, until

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge until the time is over."""
        items = dict[str, list[pytest.Item]]()
        for item in session.items:
            items.setdefault(item.nodeid.partition("::")[0], []).append(item)
        for module, mutants in self._mutants.items():
            named = [item for test in named_tests(module) for item in items.get(test, ())]
            others = [item for test in all_tests(module)[len(named_tests(module)) :] for item in items.get(test, ())]
            tests = [*named, *others[:_MOST_OTHERS]]
            began = time.monotonic()
            is_whole = bool(tests) and _verdict(None, tests, _LONGEST) == SURVIVED
            seconds = 20 + 5 * round(time.monotonic() - began)
            for mutant in mutants:
                if time.monotonic() < self._until:
                    verdict = _verdict(mutant, tests, seconds) if is_whole else "its tests fail or are missing"
                    if verdict == SURVIVED:  # A table may have been computed while its test was imported.
                        verdict = _verdict(mutant, (), seconds, named_tests(module))
                    append(_RESULTS, [{"mutant": mutant.key, "digest": _digest(module), "verdict": verdict}])
        return True


settings.register_profile("mutants", max_examples=20, derandomize=True, database=None, deadline=None)


def _verdict(mutant: Mutant | None, tests: Sequence[pytest.Item], seconds: int, again: Sequence[str] = ()) -> str:
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        code = 2
        try:
            if mutant is not None:
                put_in(mutant.module, mutant.text())
            for test in again:
                sys.modules.pop(test.removesuffix(".py").replace("/", "."), None)
            if again:
                os._exit(int(pytest.main([*_ARGUMENTS, "-x", *again]) != 0))
            code = int(any(_fails(item, after) for item, after in zip(tests, [*tests[1:], None], strict=True)))
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {0: SURVIVED, 1: KILLED, -signal.SIGALRM: KILLED}.get(code, "cannot be judged")


def _fails(item: pytest.Item, after: pytest.Item | None) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def _digest(module: str) -> str:
    return digest_of((module, *all_tests(module)))


def judge(seconds: float, share: int, words: Sequence[str] = ("",)) -> defaultdict[str, list[Mutant]]:
    """The mutants of each verdict so far, after further ones were judged for about so long."""
    until = time.monotonic() + seconds
    FOLDER.mkdir(parents=True, exist_ok=True)
    verdicts = {(*line["mutant"], line["digest"]): line["verdict"] for line in lines_of(_RESULTS)}
    by_verdict, waiting = defaultdict[str, list[Mutant]](list), dict[str, list[Mutant]]()
    for module in judged_modules():
        if any(word in module for word in words):
            drawn = [mutant for mutant in changes_of(module) if crc32(repr(mutant.key).encode()) % share == 0]
            for mutant in (*drawn, *mutants_by_hand(module)):
                if (verdict := verdicts.get((*mutant.key, _digest(module)))) is None:
                    waiting.setdefault(module, []).append(mutant)
                else:
                    by_verdict[verdict].append(mutant)
    if waiting and seconds > 0:
        files = dict.fromkeys(test for module in waiting for test in all_tests(module))
        pytest.main([*_ARGUMENTS, *files], plugins=[_Judge(waiting, until)])
        return judge(0, share, words)
    return by_verdict


if __name__ == "__main__":
    for verdict, mutants in judge(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or ("",)).items():
        for mutant in mutants if verdict != KILLED else ():
            print(verdict, f"{mutant.module}:{mutant.line}", *mutant.key[1:], sep="\t")  # noqa: T201  # the output

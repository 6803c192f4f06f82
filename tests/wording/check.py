"""What is refused, by `refused.tsv`, in names, in prose, and as the whole of a name that we bind.

A name that we bind is a variable, parameter, function, class, field or alias; its use and others' attributes are not
looked at. A name is an identifier of Python, a name in a template's expression, or a file's own name. Prose is what a
person reads: comments, docstrings, texts, templates outside of tags, documents, and the English of the catalogues. Text
in backticks and one-word literals are left out: they are values, and stored values keep the names that they have.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from doctest import DocTestParser
from pathlib import Path
from typing import Final

from jinja2 import Environment, nodes

from features.compute import FEATURES

LIST: Final = Path(__file__).with_name("refused.tsv")
SIGNALS: Final = frozenset(feature.name for feature in FEATURES)
_PROSE_ONLY: Final = {".md", ".po", ".toml", ".tsv"}
_READ: Final = {".py", ".html", ".js", *_PROSE_ONLY}
# Quotes of sellers, real and simulated, and stored kinds; a digest or the simulated world depends on them.
_DATA: Final = ("features/data/", "tests/fixtures/lexicon_samples.tsv", "training/simulation/simulated/data/")
_TEMPLATES: Final = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
_CODE: Final = re.compile(r"`[^`]*`")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_EXPRESSION: Final = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_COMMENT: Final = re.compile(r"(?<![:\"'])//(.*)$|/\*(.*?)\*/", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, what it is looked for in, and what to write instead."""

    kind: str
    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A refused text on a line, counted from 1."""

    line: int
    text: str
    instead: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Those for names and those for prose. Signals keep their names: data sets and notebooks use them.

    `bound` are names that say nothing, with what to write instead; `anything` are files and the names they may bind.
    """

    names: tuple[Rule, ...]
    prose: tuple[Rule, ...]
    bound: Mapping[str, str]
    anything: frozenset[tuple[str, str]]


def rules(path: Path = LIST) -> Rules:
    """The list: a kind (name, prose, bound or anything), a pattern, and a text. Examples are for the tests."""
    names, prose, bound, anything = [], [], dict[str, str](), set[tuple[str, str]]()
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, pattern, instead = line.split("\t")
        if kind == "name":
            names.append(Rule(kind, re.compile(f"_({pattern})_"), instead))
        elif kind == "prose":
            prose.append(Rule(kind, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), instead))
        elif kind == "bound":
            bound |= dict.fromkeys(pattern.split(), instead)
        elif kind == "anything":
            place, _, name = pattern.partition(": ")
            anything.add((place, name))
        elif kind not in {"seen", "let be"}:
            raise ValueError(f"{path.name}: there is no kind {kind!r}")
    return Rules(tuple(names), tuple(prose), bound, frozenset(anything))


def files(root: Path) -> Iterator[Path]:
    """The files of the repository that people read, without the list itself and the quotes of sellers."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]  # What is not committed yet is read too.
    for name in subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().splitlines():
        path = root / name
        if path.suffix in _READ and path.is_file() and path.resolve() != LIST and not name.startswith(_DATA):
            yield path


def hits(path: Path, source: str, known: Rules) -> Iterator[Hit]:
    """What is refused in one file, in its order."""
    file_hits = [*_in_name(path.stem, 1, known)]
    if path.suffix == ".py":
        file_hits += _of_python(source, known)
        file_hits += _of_bound_names(path, source, known)
    elif path.suffix == ".html":
        file_hits += _of_template(source, known)
        file_hits += _of_bound_names_of_template(path, source, known)
    elif path.suffix == ".js":
        file_hits += _of_script(source, known)
    elif path.suffix == ".po":
        file_hits += _of_catalogue(source, known)
    else:
        file_hits += _of_document(source, known)
    yield from sorted(file_hits, key=lambda hit: hit.line)


def _of_python(source: str, known: Rules) -> Iterator[Hit]:
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line, owner, before = token.start[0], before, token.string
        if token.type == tokenize.NAME and owner != ".":  # What follows a dot was named where it was bound.
            yield from _in_name(token.string, line, known)
        elif token.type == tokenize.COMMENT:
            yield from _in_prose(token.string, line, known)
        elif token.type == tokenize.STRING and re.search(r"\s", token.string):
            for number, text in enumerate(token.string.split("\n")):
                yield from _in_prose(re.sub(r"\{[^{}]*\}", "", text), line + number, known)


def _of_bound_names(path: Path, source: str, known: Rules) -> Iterator[Hit]:
    trees = {0: ast.parse(source)}
    trees |= {example.lineno: ast.parse(example.source) for example in DocTestParser().get_examples(source)}
    bound = (
        (first_line + getattr(node, "lineno", 1), name)
        for first_line, tree in trees.items()
        for node in ast.walk(tree)
        for name in _names_bound_by(node)
    )
    yield from _vague_names(path, bound, known)


def _of_bound_names_of_template(path: Path, source: str, known: Rules) -> Iterator[Hit]:
    names = _TEMPLATES.parse(source).find_all(nodes.Name)
    yield from _vague_names(path, ((name.lineno, name.name) for name in names if name.ctx != "load"), known)


def _vague_names(path: Path, bound: Iterable[tuple[int, str]], known: Rules) -> Iterator[Hit]:
    for line, name in bound:
        if name in known.bound and (path.as_posix(), name) not in known.anything:
            yield Hit(line, name, known.bound[name])


def _names_bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.alias(asname=str(name)):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.Attribute(attr=name, value=ast.Name(id="self"), ctx=ast.Store()):
            yield name


def _of_template(source: str, known: Rules) -> Iterator[Hit]:
    outside = _EXPRESSION.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    for number, text in enumerate(re.sub(r"<[^>]*>", " ", outside).split("\n"), start=1):
        yield from _in_prose(text, number, known)
    for match in _EXPRESSION.finditer(source):
        inside = match[1] or match[2] or ""
        line = source.count("\n", 0, match.start()) + 1
        for quoted in _QUOTED.findall(inside):
            if " " in quoted:
                yield from _in_prose(quoted, line, known)
        for name in re.findall(r"[A-Za-z_]\w*", _QUOTED.sub("", inside)):
            yield from _in_name(name, line, known)


def _of_script(source: str, known: Rules) -> Iterator[Hit]:
    for match in _COMMENT.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        for number, text in enumerate(match[0].split("\n")):
            yield from _in_prose(text, line + number, known)
    for number, text in enumerate(source.split("\n"), start=1):
        for quoted in _QUOTED.findall(text):
            if " " in quoted:
                yield from _in_prose(quoted, number, known)


def _of_catalogue(source: str, known: Rules) -> Iterator[Hit]:
    english = False
    for number, text in enumerate(source.split("\n"), start=1):
        if text.startswith(("msgid", "msgstr", "#")):
            english = text.startswith("msgid")
        if english:
            yield from _in_prose(re.sub(r"%\(\w+\)s|\{\w+\}", "", text), number, known)


def _of_document(source: str, known: Rules) -> Iterator[Hit]:
    fenced = False
    for number, text in enumerate(source.split("\n"), start=1):
        if text.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not text.startswith("    "):
            yield from _in_prose(text, number, known)


def _in_name(name: str, line: int, known: Rules) -> Iterator[Hit]:
    if name in SIGNALS:
        return
    parts = f"_{'_'.join(_WORD.findall(name)).lower()}_"
    for rule in known.names:
        if rule.pattern.search(parts):
            yield Hit(line, name, rule.instead)


def _in_prose(text: str, line: int, known: Rules) -> Iterator[Hit]:
    plain = _CODE.sub("", text)
    for rule in known.prose:
        for match in rule.pattern.finditer(plain):
            yield Hit(line, match[0], rule.instead)

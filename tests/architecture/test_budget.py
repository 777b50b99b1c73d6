"""Files and functions stay small, annotated and ours."""

import ast
import importlib
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "commands", "projections", "api", "workers", "migrations")
MEDIAN_LINES = 100
FILE_LINES = 400
FUNCTION_LINES = 50
REASON = "Longer than 400 lines because"

SILENCED = re.compile(r"# (noqa|type: ignore)|^\s*except Exception\b")
WITH_REASON = re.compile(r"# (noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\]) +[-#] \w|except Exception\b.*: +# \w")

FILES = sorted(file for package in (*PACKAGES, "tests") for file in (ROOT / package).rglob("*.py"))
SOURCES = [file for file in FILES if not file.is_relative_to(ROOT / "tests")]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(file: Path) -> int:
    """How long a file is."""
    return len(file.read_text().splitlines())


def functions_of(file: Path) -> Iterator[tuple[str, Function]]:
    """Every function of a file, with its place."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, Function):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", node


def test_half_of_the_files_fit_on_two_screens() -> None:
    """The median says how the code reads, not its worst file."""
    assert statistics.median(lines_of(file) for file in SOURCES) < MEDIAN_LINES


def test_no_file_is_long_without_a_reason() -> None:
    """A long file has the reason at its top: `Longer than 400 lines because ...`."""
    long = [file for file in FILES if lines_of(file) > FILE_LINES]
    assert [str(file.relative_to(ROOT)) for file in long if REASON not in (ast.get_docstring(_tree(file)) or "")] == []


def test_no_function_is_longer_than_a_screen() -> None:
    """Its parts have names then."""
    long = [
        place
        for file in FILES
        for place, function in functions_of(file)
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_every_parameter_and_result_is_annotated() -> None:
    """In the sources and in the tests."""
    bare = [place for file in FILES for place, function in functions_of(file) if not _is_annotated(function)]
    assert bare == []


def test_no_function_is_too_complex() -> None:
    """At most ten ways through a function, as ruff counts them."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert ruff is not None
    told = subprocess.run(
        [ruff, "check", "--select", "C901", "--output-format", "concise", "--no-cache", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_our_packages_are_ours(name: str) -> None:
    """Their names are generic: a dependency could bring an `api` of its own."""
    file = importlib.import_module(name).__file__
    assert file is not None
    assert Path(file).parent == ROOT / name


def test_each_package_says_in_a_line_what_belongs_there() -> None:
    """The folder tree is the architecture diagram."""
    silent = [name for name in PACKAGES if not ast.get_docstring(_tree(ROOT / name / "__init__.py"))]
    assert silent == []


def test_every_silenced_rule_has_its_reason() -> None:
    """Where a check is switched off, or every error caught, the line says why."""
    silenced = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in FILES
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if SILENCED.search(line) and not WITH_REASON.search(line)
    ]
    assert silenced == []


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _is_annotated(function: Function) -> bool:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    parameters = [one for one in named if one is not None and one.arg not in {"self", "cls"}]
    return function.returns is not None and all(one.annotation is not None for one in parameters)

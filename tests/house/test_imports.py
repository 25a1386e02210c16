"""Imports point one way."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

_PLAIN = {"jinja2", "shapely"}
"""What the domain may use beside the standard library: the template language, and polygons for points."""


def test_every_import_contract_is_kept(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    kept = lint_imports(config_filename=str(root / "pyproject.toml"), cache_dir=None, no_logo=True)
    assert kept, capsys.readouterr().out


def _imports(path: Path) -> set[str]:
    """Full names of what a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_nothing_in_the_application_imports_workers_or_tests(root: Path) -> None:
    wrong = {
        str(path.relative_to(root)): sorted(names)
        for path in (root / "campaign").rglob("*.py")
        if (names := {name for name in _imports(path) if name.split(".")[0] in ("workers", "tests")})
    }
    assert wrong == {}


def test_the_domain_uses_the_standard_library_and_little_else(root: Path) -> None:
    allowed = set(sys.stdlib_module_names) | _PLAIN
    wrong = {
        (path.name, name)
        for path in (root / "campaign" / "domain").glob("*.py")
        for name in _imports(path)
        if name.split(".")[0] not in allowed and not name.startswith("campaign.domain")
    }
    assert wrong == set()


def test_only_the_settings_read_the_environment(root: Path) -> None:
    """`create_app` and two commands hand `os.environ` to `Settings.from_env`; the supervisor hands it to its children."""
    edges = {"app.py", "supervisor.py", "cli", "bench", "simulator"}
    wrong = [
        str(path.relative_to(root))
        for path in (root / "campaign").rglob("*.py")
        if ("os.environ" in path.read_text() or "getenv" in path.read_text())
        and path.relative_to(root / "campaign").parts[0] not in edges
    ]
    assert wrong == []

"""The simulator shares no code with what it tests."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ALLOWED = {"simulator", "aiohttp", "cryptography", "yaml"}
ALLOWED_DJANGO = {"apps.py", "live_simulator.py"}


def test_imports() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "tests" in path.parts:
            continue
        allowed = ALLOWED | set(sys.stdlib_module_names) | ({"django"} if path.name in ALLOWED_DJANGO else set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name} imports relatively"
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= allowed, path.name


def test_files_are_short_and_say_what_they_are() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "tests" not in path.parts and text:
            assert ast.get_docstring(ast.parse(text)), path.name
            assert len(text.splitlines()) <= 300, path.name

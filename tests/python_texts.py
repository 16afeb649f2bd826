"""Let Python itself run what a family writes, of nothing but a few kinds of syntax."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

ALLOWED = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Return,
    ast.Assign, ast.Tuple, ast.If, ast.For, ast.Call, ast.IfExp, ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp,
    ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.USub, ast.Not, ast.And, ast.Or,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip


def functions(code: str) -> dict[str, Any]:
    """Return what a text defines; fail where it has more than is listed above."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        assert isinstance(node, ALLOWED), ast.dump(node)
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name) and node.func.id in ("abs", "min", "max", "range")
    space: dict[str, Any] = {"__builtins__": {"abs": abs, "min": min, "max": max, "range": range, "int": int}}
    exec(compile(tree, "<rendered>", "exec"), space)
    return space


def lint(folder: Path) -> None:
    """Run ruff, with the rules on what is wrong and not on what could be shorter, and mypy at its strictest."""
    for command in (
        ["ruff", "check", "--isolated", "--no-cache", "--select", "E,F,W,PLE"],
        ["mypy", "--strict", "--config-file=", "--no-incremental", "--cache-dir=/dev/null"],
    ):
        done = subprocess.run([sys.executable, "-m", *command, folder], capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout[-2000:]

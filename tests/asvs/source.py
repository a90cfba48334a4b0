"""The product's own source, read as a tree: who imports what, who calls what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "serment"


@cache
def trees() -> dict[str, ast.Module]:
    """Each module of the product by its path, migrations included."""
    return {
        str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(PRODUCT.rglob("*.py"))
    }


@cache
def walked(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node, walked once for all rules."""
    return tuple(ast.walk(tree))


@cache
def imported(tree: ast.AST) -> tuple[str, ...]:
    """Dotted names of what is imported, ``a.b.c`` for ``from a.b import c``."""
    return tuple(_imported(tree))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in walked(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def importing(*modules: str) -> set[str]:
    """Paths of those that import one of these modules, or something of them."""
    return {path for path, tree in trees().items() if uses(tree, *modules)}


def uses(tree: ast.AST, *modules: str) -> bool:
    """Whether it imports one of these modules, or something of them."""
    return any(
        name == one or name.startswith(f"{one}.") for name in imported(tree) for one in modules
    )


@cache
def calls(tree: ast.AST) -> tuple[tuple[str, ast.Call], ...]:
    """Each call with its dotted name as written."""
    found = (node for node in walked(tree) if isinstance(node, ast.Call))
    return tuple((ast.unparse(node.func), node) for node in found)


def files(*kinds: str) -> Iterator[tuple[str, str]]:
    """Templates and scripts of ours with their text; what others made is left out."""
    for kind in kinds:
        for file in sorted(PRODUCT.rglob(f"*.{kind}")):
            if "vendor" not in file.parts and "node_modules" not in file.parts:
                yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")

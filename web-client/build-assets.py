"""Copies what pages are drawn with out of the npm packages: fonts, htmx, and the icons we use;
and makes the one-file page that opens continuity sheets from disk.

    python web-client/build-assets.py

Writes ``serment/web/static/vendor/``, which is not committed. Icons become one sprite with only
the symbols named in ``icons.txt``; a name that Lucide does not know stops the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "node_modules"
BUILT = ROOT / "serment" / "web" / "static" / "vendor"
FONTS = {
    "newsreader": ("newsreader-latin-wght-normal", "newsreader-latin-ext-wght-normal"),
    "atkinson-hyperlegible-next": (
        "atkinson-hyperlegible-next-latin-wght-normal",
        "atkinson-hyperlegible-next-latin-ext-wght-normal",
    ),
}


def copy_fonts() -> None:
    """The four variable font files, Latin and extended Latin."""
    target = BUILT / "fonts"
    target.mkdir(parents=True, exist_ok=True)
    for package, files in FONTS.items():
        for name in files:
            source = PACKAGES / "@fontsource-variable" / package / "files" / f"{name}.woff2"
            shutil.copyfile(source, target / f"{name}.woff2")


def copy_htmx() -> None:
    """htmx as its authors minified it."""
    shutil.copyfile(PACKAGES / "htmx.org" / "dist" / "htmx.min.js", BUILT / "htmx.min.js")


def make_sprite() -> None:
    """One SVG file with a symbol per icon, so that a page asks once for all of them."""
    names = (ROOT / "web-client" / "icons.txt").read_text(encoding="utf-8").split()
    symbols = []
    for name in sorted(set(names)):
        source = PACKAGES / "lucide-static" / "icons" / f"{name}.svg"
        if not source.exists():
            raise SystemExit(f"Lucide has no icon named {name}; see web-client/icons.txt.")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", source.read_text(encoding="utf-8"), re.DOTALL)
        if inner is None:
            raise SystemExit(f"The icon {name} is not drawn as expected.")
        drawn = " ".join(inner.group(1).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>')
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"
    (BUILT / "icons.svg").write_text(sprite, encoding="utf-8")


def make_opener() -> None:
    """The page that opens continuity sheets from disk: one file with script and style inside."""
    folder = ROOT / "web-client" / "continuity"
    (bundler,) = PACKAGES.glob("@esbuild/*/bin/esbuild")
    script = subprocess.run(
        [str(bundler), str(folder / "opener.js"), "--bundle", "--minify", "--format=iife",
         "--target=es2020", "--charset=utf8"],
        check=True, capture_output=True, cwd=ROOT, env={"NODE_PATH": str(PACKAGES)},
    ).stdout.decode()  # fmt: skip
    page = (folder / "opener.html").read_text(encoding="utf-8")
    style = (folder / "opener.css").read_text(encoding="utf-8")
    page = page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)
    (BUILT / "continuity.htm").write_text(page, encoding="utf-8")


def main() -> int:
    """Build everything; prints nothing when all is well."""
    BUILT.mkdir(parents=True, exist_ok=True)
    copy_fonts()
    copy_htmx()
    make_sprite()
    make_opener()
    return 0


if __name__ == "__main__":
    sys.exit(main())

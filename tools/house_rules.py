"""Checks what no linter knows: sizes, first lines, who reads the environment, what must not be committed."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 400

# Written so that this file does not match itself.
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:com|org)|yarnpkg[.]com|deb[.]debian[.]org|fil[e]://"
)
MACHINE_PATH = re.compile(r"""(?:^|[\s"'`=(:])/(?:work|home|root|Users|tmp/w)/""", re.MULTILINE)
ENVIRONMENT = re.compile(r"\bos\.environ\b|\bgetenv\b")
ENVIRONMENT_READER = Path("src/vivavoce/environment.py")
# Before anything is loaded that looks there; it reads nothing.
ENVIRONMENT_WRITER = Path("src/vivavoce/__init__.py")
ENVIRONMENT_WRITTEN = re.compile(r"""^os\.environ\["\w+"\] = "\w+"$""", re.MULTILINE)


def committed() -> list[Path]:
    """Text files under version control, relative to the checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [Path(name) for name in names if (ROOT / name).is_file()]


def check_text(path: Path, text: str) -> Iterator[str]:
    for pattern, what in (
        (REGISTRY, "the address of a package registry"),
        (MACHINE_PATH, "a path of one machine"),
    ):
        for match in pattern.finditer(text):
            yield f"{path}:{text.count(chr(10), 0, match.end()) + 1}: {what}: {match[0].strip()}"


def check_module(path: Path, text: str) -> Iterator[str]:
    length = text.count("\n")
    if length > LONGEST_FILE:
        yield f"{path}: {length} lines; split it where the seam is natural (at most {LONGEST_FILE})"
    if not ast.get_docstring(ast.parse(text)):
        yield f"{path}:1: the first line says what the module is for"
    if path == ENVIRONMENT_WRITER:
        text = ENVIRONMENT_WRITTEN.sub("", text)
    if path.is_relative_to("src") and path != ENVIRONMENT_READER and ENVIRONMENT.search(text):
        yield f"{path}: only {ENVIRONMENT_READER} reads the environment"


def check_pins() -> Iterator[str]:
    """Everything installed is pinned, so that tomorrow's set-up gives the same; and torch is not among it."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line)
    pins = {_canonical(name): version for name, version in pinned.items()}
    if "torch" in pins:
        yield "constraints.txt: torch has no place here"
    for distribution in distributions():
        name, version = _canonical(distribution.name), distribution.version
        if name not in {"vivavoce", "setuptools"} and pins.get(name) != version:
            yield f"constraints.txt: {name} is installed as {version} but pinned as {pins.get(name)}"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    problems = list(check_pins())
    for path in committed():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        problems += check_text(path, text)
        if path.suffix == ".py":
            problems += check_module(path, text)
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""The README's promises: every example runs as it stands, every command it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from node import NodeProject
from speech import ROOT, clip

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^### (?P<title>.+?)\n.*?^```(?P<language>\w+)\n(?P<code>.+?)^```", re.MULTILINE | re.DOTALL
)
EXAMPLES = {match["title"]: match for match in EXAMPLE.finditer(README)}
SERVED_AT = "http://127.0.0.1:8080"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where an example runs: with the file that it streams."""
    soundfile.write(
        tmp_path / "speech.wav", clip("en", "quick_brown_fox").samples(), 16_000, subtype="PCM_16"
    )
    return tmp_path


@pytest.mark.parametrize("title", [t for t, example in EXAMPLES.items() if example["language"] == "python"])
def test_a_python_example_prints_what_was_said(title: str, live_server: str, directory: Path) -> None:
    assert "quick brown fox" in _run(EXAMPLES[title]["code"], live_server, directory)


def _run(example: str, live_server: str, directory: Path) -> str:
    """What it prints."""
    code = example.replace(SERVED_AT, live_server)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_example_of_add_ons_prints_a_translation(live_server: str, directory: Path) -> None:
    page = (ROOT / "docs" / "intelligence.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
    lines = _run(code, live_server, directory).splitlines()
    assert any("raposa" in line for line in lines)
    assert lines == [line.strip() for line in lines]


def test_the_javascript_example_prints_what_was_said(
    live_server: str, node_project: NodeProject, directory: Path
) -> None:
    code = EXAMPLES["the official JavaScript SDK"]["code"].replace(SERVED_AT, live_server)
    assert "quick brown fox" in node_project.run(code, cwd=directory)


def test_there_is_an_example_for_each_kind_of_client() -> None:
    assert len(EXAMPLES) == 4
    assert all(SERVED_AT in example["code"] for example in EXAMPLES.values())


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^ +(vivavoce [a-z]+(?: [a-z]+\b)?)", README, re.MULTILINE)))
)
def test_a_command_that_is_named_exists(command: str) -> None:
    words = [word for word in command.split()[1:] if "." not in word]
    program = Path(sys.executable).with_name("vivavoce")
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^ +make (\w+)", README, re.MULTILINE)) <= targets


def test_every_page_that_is_linked_exists() -> None:
    assert all((ROOT / path).is_file() for path in re.findall(r"\]\((?!http)([^)#]+)", README))

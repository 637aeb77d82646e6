"""How the commands find their server, and what they say where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Run


@pytest.mark.parametrize(
    "words",
    [["sessions", "list"], ["sessions", "delete", "-y", "x"], ["transcribe"]],
    ids=lambda words: words[-1],
)
def test_without_a_server_every_command_says_how_to_have_one(
    run: Run, recording: Path, words: list[str]
) -> None:
    result = run(*words, *([recording] if words == ["transcribe"] else []))
    assert result.exit_code == 1
    first, second, *_ = result.stderr.splitlines()
    assert "no answer from http://127.0.0.1:9" in first
    assert (
        second
        == "       Start a server with `vivavoce serve`, or name another one with --url or VIVAVOCE_URL."
    )


def test_a_url_that_is_none_is_named_as_it_was_given(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    must = "must be a URL such as http://127.0.0.1:8080, not '127.0.0.1:8443'"
    assert f"error: --url {must}" in run("sessions", "list", "--url", "127.0.0.1:8443").stderr
    monkeypatch.setenv("VIVAVOCE_URL", "127.0.0.1:8443")
    assert f"error: VIVAVOCE_URL {must}" in run("sessions", "list").stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read: No such file or directory"), ("nothing", "holds no certificate as PEM")],
)
def test_authorities_that_openssl_would_pass_over_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, problem: str
) -> None:
    path = tmp_path / "authorities.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    result = run("sessions", "list", "--url", "https://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr == f"error: SSL_CERT_FILE: {path} {problem}\n"

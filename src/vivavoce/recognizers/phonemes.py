"""How the words of one language sound: a process of its own, `python -m vivavoce.recognizers.phonemes de`.

A line of JSON in, a list of words; a line out, their IPA. g2p2 (MIT licence, Gladia) knows 100 languages;
its data come in packages of which only files are read.
"""

from __future__ import annotations

import json
import lzma
import signal
import sys
from functools import cache
from pathlib import Path

from vivavoce.errors import ModelError
from vivavoce.recognizers.weights import PackagedFile, packaged_files

SUMS = Path(__file__).with_name("phonemes.sha256")


@cache
def _files() -> dict[str, tuple[PackagedFile, str]]:
    """The data of every language, and their sum."""
    return {Path(file.path).name.partition(".")[0]: (file, sha256) for file, sha256 in packaged_files(SUMS)}


def languages() -> frozenset[str]:
    """The codes of the languages whose words can be pronounced."""
    return frozenset(_files())


def read(language: str) -> bytes:
    """What g2p2 knows of a language. Raises `ModelError` when it is missing or damaged."""
    file, sha256 = _files()[language]
    return lzma.decompress(file.verified(sha256).read_bytes())


def _serve(language: str) -> None:
    import g2p2

    model = g2p2.Model.from_bytes(read(language))

    def sound(word: str) -> str:
        spelled = g2p2.expand_numbers(word, language) if any(map(str.isdigit, word)) else word
        return "".join(model.phonemize(part) for part in spelled.replace("-", " ").split())

    for line in sys.stdin:
        print(json.dumps([sound(word) for word in json.loads(line)]), flush=True)


if __name__ == "__main__":
    # Ctrl-C in the server's terminal reaches this process too; it ends when its input does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What an error says may be a word that was said, and the server's log is where it would go.
    sys.excepthook = lambda kind, _, __: print(f"phonemes: {kind.__name__}", file=sys.stderr)
    try:
        _serve(sys.argv[1])
    except ModelError as error:
        sys.exit(str(error))

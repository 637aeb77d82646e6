"""Coverage-guided fuzzing of one part with Atheris: `python -m fuzz.guided PART [options of libFuzzer]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def run_all(directory: Path, seconds: int, seed: int) -> None:
    """Every part for so many seconds, in a process of its own. Raises CalledProcessError where one breaks."""
    from fuzz.corpus import SEEDS

    for part, seeds in SEEDS.items():
        corpus = directory / part
        corpus.mkdir(parents=True)
        for number, data in enumerate(seeds):
            (corpus / str(number)).write_bytes(data)
        options = [
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            "-max_len=2000",
            "-timeout=10",
            "-rss_limit_mb=2048",
        ]
        options += ["-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={directory}/{part}-"]
        print(f"{part}:", flush=True)
        subprocess.run(
            [sys.executable, "-m", "fuzz.guided", part, *options, str(corpus)], cwd=TESTS, check=True
        )


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["vivavoce"]):
        from fuzz.parts import PARTS

    part = PARTS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, part)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

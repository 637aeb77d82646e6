"""Disturbs sessions of a real server, and compares each with an undisturbed one of the same audio.

    make chaos ARGS="cuts [N]"     connections break at N points of the exchange, or some more
    make chaos ARGS="kills [N]"    the server is killed N times, and started again
    make chaos ARGS="terms [N]"    it is asked to end N times, and started again
    make chaos ARGS="soak [S]"     S seconds of sessions in all formats, with cuts

Recorded speech is streamed, quicker than it was spoken, by the official SDKs (Python, synchronous and
asynchronous, and JavaScript), by our client, and by two clients of the bare protocol. The recording must be
what was sent, byte for byte, and the finals (identifiers, texts, times) those of an undisturbed session. With
--add-ons sessions ask for entities, sentiment, a translation, a summary and chapters, half of the takes for
redaction, too: all that is made of the words must be the same, each after its final and before the end, in
the messages as in the result, and what is redacted appears nowhere. One line is printed for each difference,
and a summary in the end; the exit status is 1 if there was a difference. The same --seed makes the same
choices. Needs the development set-up (`make chaos` sees to it).
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from disturbed.modes import MODES
from disturbed.run import Run

DEFAULTS = {"cuts": 40, "kills": 3, "terms": 2, "soak": 120}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("amount", nargs="?", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=3, help="sessions at the same time")
    parser.add_argument("--seconds", type=float, default=12.0, help="of a session, about")
    parser.add_argument("--client", action="append", help="only this one; may be given again")
    parser.add_argument("--scripted", action="store_true", help="without the model: words that are made up")
    parser.add_argument("--add-ons", action="store_true", help="sessions ask for all that is made of words")
    arguments = parser.parse_args()
    # What the asynchronous SDK does not fetch of its tasks' errors.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    # A server that runs is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    run = Run(
        arguments.seed,
        arguments.at_once,
        arguments.seconds,
        arguments.client,
        arguments.scripted,
        arguments.add_ons,
    )
    amount = DEFAULTS[arguments.mode] if arguments.amount is None else arguments.amount
    try:
        MODES[arguments.mode](run, amount)
    finally:
        print(run.summary(), flush=True)
    return 1 if run.different else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a run disturbs: connections, the server, or both for hours."""

from __future__ import annotations

import itertools
import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from disturbed import add_ons
from disturbed.check import Stored, differences
from disturbed.material import Take, any_pieces
from disturbed.memory import Memory
from disturbed.network import Fault, Network, network
from disturbed.plans import any_faults, any_moment
from disturbed.raw import STOP, create
from disturbed.run import PATIENCE, Run
from disturbed.server import Server, real_server, scripted_server_process
from speech import ROOT

# Seconds.
_IDLE = 20.0
_IDLE_WITHOUT_CLIENT = 6.0
_KILLED_WITHIN = 60.0


def cuts(run: Run, amount: int) -> None:
    """At least so many faults are planned; most of them happen."""
    with _serving(run) as (server, net):
        takes = _known_takes(run, server)
        jobs: list[tuple[Any, ...]] = []
        while sum(len(job[3]) for job in jobs) < amount:
            jobs.append(_job(run, takes, len(jobs), run.chance.randint(2, 6)))

        def session(job: tuple[Any, ...]) -> None:
            run.session(server, net, *job)
            print(f"{run.sessions} of {len(jobs)} sessions, {server.megabytes():.0f} MB", flush=True)

        _each(run, jobs, session)
        run.faults += net.faults


def soak(run: Run, amount: int) -> None:
    """Sessions for so many seconds, some of which are cut; memory must be flat."""
    with _serving(run) as (server, net):
        takes, memory = _known_takes(run, server), Memory()
        counting, until, left = itertools.count(), time.monotonic() + amount, threading.Event()

        def keep_on() -> None:
            going_on = True
            while going_on:
                with run.lock:
                    job = _job(run, takes, next(counting), run.chance.randint(0, 3))
                run.session(server, net, *job)
                with run.lock:
                    memory.after(run.sessions, server.megabytes())
                    if len(memory.samples) % 100 == 0:
                        hours, megabytes = run.audio_seconds / 3600, memory.samples[-1][1]
                        print(f"{run.sessions} sessions, {hours:.2f} h, {megabytes:.0f} MB", flush=True)
                going_on = time.monotonic() < until and not left.is_set()

        with ThreadPoolExecutor(run.at_once) as pool:
            try:
                for done in [pool.submit(keep_on) for _ in range(run.at_once)]:
                    done.result()
            finally:
                left.set()  # who is told to end does not wait for the end of the run
        run.faults += net.faults
        run.memory = list(memory.table())
        if problem := memory.problem:
            run.differs("the server's memory", [], [problem])


def ends(run: Run, amount: int, number: signal.Signals) -> None:
    """So many times the server is ended by the signal and started again, whatever sessions are at."""
    with _serving(run, idle_timeout=_IDLE_WITHOUT_CLIENT) as (server, net):
        takes = _known_takes(run, server)
        for round_ in range(amount):
            _end_once(run, server, net, takes, round_, number)
        run.faults += net.faults


def _end_once(
    run: Run, server: Server, net: Network, takes: Sequence[Take], round_: int, number: signal.Signals
) -> None:
    name, skip = any_moment(run.chance, add_ons=run.add_ons)
    struck, left = threading.Event(), [skip]

    def watch(names: frozenset[str]) -> None:
        if name in names:
            left[0] -= 1
            if left[0] < 0:
                struck.set()

    def all_over(done: Sequence[Future[None]]) -> None:
        if all(each.done() for each in done):
            # The moment comes no more.
            struck.set()

    with ThreadPoolExecutor(run.at_once + 1) as pool:
        jobs = [_job(run, takes, round_ * run.at_once + n, 0) for n in range(run.at_once)]
        done = [pool.submit(run.session, server, net, *job[:3], watch=watch) for job in jobs]
        lost = pool.submit(_client_that_never_comes_back, run, server, run.chance.choice(takes), round_)
        for each in done:
            each.add_done_callback(lambda _: all_over(done))
        struck.wait(_KILLED_WITHIN)
        came = left[0] < 0
        time.sleep(run.chance.choice([0.0, 0.0, 0.01, 0.1]))
        server.end(number)
        time.sleep(run.chance.uniform(0, 0.3))
        server.start()
        run.faults[number.name if came else f"{number.name}, at a moment that never came"] += 1
        print(f"{number.name} {round_ + 1}: {'at' if came else 'never came:'} {name}[{skip}]", flush=True)
        for each in [*done, lost]:
            each.result()


def _client_that_never_comes_back(run: Run, server: Server, take: Take, seed: int) -> None:
    """Its session must be completed all the same, with all that was acknowledged."""
    chance = random.Random(seed)
    audio, starts = take.audio(), server.starts
    audio = audio[: chance.randint(len(audio) // 3, len(audio))]
    created = create(server.url, take.request())
    acknowledged = 0
    try:
        with connect(created["url"], compression=None, max_size=None, proxy=None) as socket:
            for piece in any_pieces(chance, audio, take.format):
                socket.send(piece)
                time.sleep(0.01)
            if chance.random() < 0.5:
                socket.send(STOP)
            while True:
                message = json.loads(socket.recv())
                if message["type"] == "audio_chunk" and message["acknowledged"]:
                    acknowledged = message["data"]["byte_range"][1]
    except (OSError, WebSocketException):
        pass
    stored = _stored_in_the_end(server, created["id"], begun=acknowledged > 0)
    recorded = audio[len(take.header()) :]
    length = max(0, len(stored.recording) - len(take.empty_file()))
    problems = []
    if stored.status == "queued" and not acknowledged:
        return
    whole = acknowledged - len(take.header())
    if length < whole - whole % take.format.frame_bytes:
        problems.append(f"{acknowledged} bytes were acknowledged, {length} are recorded")
    prefix = recorded[:length]
    expected = run.undisturbed(server.url, take, prefix)
    if take.redacted:
        expected = replace(expected, hidden=run.references[take].hidden - expected.words)
    restarts = server.starts - starts if take.redacted else 0
    problems += differences(stored, expected, prefix, take.format, sent=False, restarts=restarts)
    if take.add_ons:
        problems += add_ons.failures(stored.result)
    if problems:
        run.differs(f"a client that never came back, seed {seed}, {take.format}", [], problems)
    run.count("never came back", take, len(prefix))


def _stored_in_the_end(server: Server, session_id: str, *, begun: bool) -> Stored:
    """One that has `begun` may be shown as queued as long as the server that takes it up starts."""
    deadline = time.monotonic() + PATIENCE
    going_on = {"processing", "queued"} if begun else {"processing"}
    while (stored := Stored.of(server.url, session_id)).status in going_on and time.monotonic() < deadline:
        time.sleep(0.5)
    return stored


def _known_takes(run: Run, server: Server) -> list[Take]:
    takes = run.takes()
    _each(run, takes, partial(run.reference, server))
    return takes


def _job(run: Run, takes: Sequence[Take], count: int, faults: int) -> tuple[Any, ...]:
    take = run.chance.choice(takes)
    planned: list[Fault] = []
    if faults:
        planned = any_faults(run.chance, int(take.seconds * 10), faults, add_ons=take.add_ons)
    return run.names[count % len(run.names)], take, run.chance.getrandbits(32), planned


def _each(run: Run, items: Sequence[Any], do: Callable[[Any], object]) -> None:
    with ThreadPoolExecutor(run.at_once) as pool:
        for done in [pool.submit(do, item) for item in items]:
            done.result()


@contextmanager
def _serving(run: Run, idle_timeout: float = _IDLE) -> Iterator[tuple[Server, Network]]:
    if run.scripted:
        running = scripted_server_process(idle_timeout=idle_timeout)
    else:
        running = real_server(ROOT / ".cache" / "models", idle_timeout=idle_timeout)
    with running as server, network(server.url) as net:
        yield server, net
        if "Traceback" in (log := server.log()):
            at = log.index("Traceback")
            run.differs("the server's log has a traceback", [], [log[at - 300 : at + 3000]])


MODES: Mapping[str, Callable[[Run, int], None]] = {
    "cuts": cuts,
    "kills": partial(ends, number=signal.SIGKILL),
    "terms": partial(ends, number=signal.SIGTERM),
    "soak": soak,
}

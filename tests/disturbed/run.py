"""A run of disturbed sessions: what is disturbed, by what, and what came of it."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from disturbed import add_ons
from disturbed.check import Stored, Telling, differences
from disturbed.clients import CLIENTS, SCRIPT, Job, raw_client
from disturbed.material import Take, any_pieces, any_redacted_take, any_take
from disturbed.network import Fault, Network
from disturbed.server import Server
from node import NodeProject

# Seconds.
PATIENCE = 120.0
PAUSES = (0.002, 0.01, 0.03)
# As many undisturbed sessions are needed.
TAKES = 4


@dataclass
class Run:
    """Its sessions are made by `seed`; what they had to show for it is counted here."""

    seed: int
    at_once: int = 3
    seconds: float = 12.0
    only: Sequence[str] | None = None
    scripted: bool = False
    add_ons: bool = False
    sessions: int = 0
    audio_seconds: float = 0.0
    audio_bytes: int = 0
    different: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    memory: Sequence[str] = ()
    """The server's over the run, as a table, where it was looked at."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.lock = threading.Lock()
        self.references: dict[Take, Stored] = {}
        self._began = time.monotonic()

    @property
    def names(self) -> Sequence[str]:
        return self.only or list(CLIENTS)

    def takes(self) -> list[Take]:
        takes = [any_take(self.chance, self.seconds) for _ in range(TAKES)]
        if not self.add_ons:
            return takes
        redacted = self.chance.sample(range(TAKES), TAKES // 2)
        return [
            any_redacted_take(self.chance, self.seconds) if n in redacted else replace(take, add_ons=True)
            for n, take in enumerate(takes)
        ]

    def reference(self, server: Server, take: Take) -> Stored:
        """An undisturbed session of it."""
        with self.lock:
            known = self.references.get(take)
        if known is None:
            known = self.undisturbed(server.url, take, take.recorded())
            if take.redacted:
                plain = self.undisturbed(server.url, replace(take, redacted=False), take.recorded())
                known = known.hiding(plain)
                if not known.hidden:
                    self.differs(f"an undisturbed session, {take}", [], ["nothing is redacted"])
            with self.lock:
                self.references[take] = known
        return known

    def undisturbed(self, url: str, take: Take, recorded: bytes) -> Stored:
        """What a session of this audio, of the take's format, comes to."""
        pieces = any_pieces(random.Random(0), recorded, take.format)
        with tempfile.TemporaryDirectory() as scratch:
            job = Job(url, take.request(), pieces, 0.002, 0, PATIENCE, Path(scratch))
            stored = Stored.of(url, raw_client(job).session_id)
        problems = list(differences(stored, stored, recorded, take.format))
        if take.add_ons:
            problems += [
                *add_ons.failures(stored.result),
                *add_ons.incoherence(stored.result, stored.messages),
            ]
        if problems:
            self.differs(f"an undisturbed session of {len(recorded)} bytes, {take.format}", [], problems)
        return stored

    def session(
        self,
        server: Server,
        net: Network,
        name: str,
        take: Take,
        seed: int,
        faults: Sequence[Fault] = (),
        watch: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        """Stream it, and compare."""
        expected, starts = self.references[take], server.starts
        chance = random.Random(seed)
        pieces = any_pieces(chance, take.audio(), take.format)
        label = f"{name}, seed {seed}, {take.format}, {len(pieces)} pieces"
        with net.line(faults, watch) as line, tempfile.TemporaryDirectory() as scratch:
            if name == "JavaScript SDK":
                _install(NodeProject.installed(), Path(scratch))
            job = Job(line.url, take.request(), pieces, chance.choice(PAUSES), seed, PATIENCE, Path(scratch))
            try:
                outcome = CLIENTS[name](job)
                while not outcome.session_id and self.starts_again():
                    outcome = CLIENTS[name](job)
            except Exception as error:  # noqa: BLE001 - whatever stops a client is a finding
                self.differs(label, faults, [f"{type(error).__name__}: {error}"])
                return
            happened = list(line.happened)
        if not outcome.session_id:
            self.differs(label, happened, [f"no session: {outcome.trouble}"])
            return
        stored = Stored.of(server.url, outcome.session_id)
        broken = len(happened) + server.starts - starts
        restarts = server.starts - starts if take.redacted else 0
        problems = list(
            differences(stored, expected, take.recorded(), take.format, broken=broken, restarts=restarts)
        )
        truth = stored if restarts else expected
        telling = Telling.of(outcome, truth)
        tellings = {"finals": telling}
        if take.add_ons:
            problems += add_ons.incoherence(stored.result, stored.messages)
            tellings["add-ons"] = Telling.of_add_ons(outcome, truth)
            if shown := expected.hidden & add_ons.words_in(outcome.messages):
                problems.append(f"redacted words were told: {sorted(shown)}")
        for what, each in tellings.items():
            if name == "our client" and not each.exact:
                problems.append(f"its user was not told each of the {what} once and in order: {each}")
            if each.disordered or each.wrong:
                problems.append(f"{what} were told in a wrong order, or other ones: {each}")
        if problems:
            self.differs(f"{label}, session {outcome.session_id}", happened, problems)
        self.count(name, take, len(take.recorded()))
        with self.lock:
            self.ends[f"{name} {outcome.code}"] += 1
            for what, each in tellings.items():
                self.told[f"{what} not told, {name}"] += each.missing
                self.told[f"{what} told twice, {name}"] += each.repeated
            self.told["finals"] += len(expected.finals)
            self.told["add-ons"] += len(dict(add_ons.contents(expected.messages)))
            self.told["words to hide"] += len(expected.hidden)
            if "post_final_transcript" not in outcome.kinds:
                self.told[f"results not told, {name}"] += 1
            self.notes += [
                f"{label}: {what}: {each} {[str(fault) for fault in happened]}"
                for what, each in tellings.items()
                if each.missing or each.repeated
            ]

    def starts_again(self) -> bool:
        """Whether an application whose session could not be created is to try again."""
        with self.lock:
            self.told["sessions that could not be created at first"] += 1
            return self.told["sessions that could not be created at first"] < 100

    def count(self, name: str, take: Take, recorded: int) -> None:
        with self.lock:
            self.sessions += 1
            self.clients[name] += 1
            self.audio_bytes += recorded
            self.audio_seconds += take.format.seconds(recorded)

    def differs(self, label: str, faults: Sequence[Fault], problems: Sequence[str]) -> None:
        with self.lock:
            self.different += 1
            print(f"DIFFERENT {label}: {'; '.join(problems)} [{'; '.join(map(str, faults))}]", flush=True)

    def summary(self) -> str:
        lines = [*(f"  {note}" for note in self.notes[:20])]
        lines += [f"  {name}: {count}" for name, count in sorted(self.told.items()) if count]
        lines += [f"  {name}: {count}" for name, count in sorted(self.faults.items())]
        lines += [f"  ended: {name}: {count}" for name, count in sorted(self.ends.items())]
        lines += self.memory
        lines.append(
            f"{self.sessions} sessions, {self.audio_seconds / 3600:.2f} hours of audio"
            f" ({self.audio_bytes / 1e6:.0f} MB), {sum(self.faults.values())} faults,"
            f" {self.different} differences in {time.monotonic() - self._began:.0f} s, seed {self.seed}"
        )
        return "\n".join(lines)


def _install(project: NodeProject, scratch: Path) -> None:
    (scratch / "node_modules").symlink_to(project.directory / "node_modules")
    (scratch / SCRIPT.name).write_bytes(SCRIPT.read_bytes())

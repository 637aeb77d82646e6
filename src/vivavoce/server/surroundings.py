"""What every session of a server shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivavoce.engine.engine import Engine
from vivavoce.live.limits import Limits
from vivavoce.storage.stores import Storage

if TYPE_CHECKING:
    from vivavoce.server.runtime import SessionRuntime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`ended` is called with a session when it has ended."""

    storage: Storage
    engine: Engine
    limits: Limits
    ended: Callable[[SessionRuntime], None]

"""What all sessions of a server have around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivavoce.engine.engine import Engine
from vivavoce.live.limits import Limits
from vivavoce.server.intelligence import Intelligence
from vivavoce.server.patience import Patience
from vivavoce.storage.stores import Storage

if TYPE_CHECKING:
    from vivavoce.server.runtime import SessionRuntime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every session of the server shares.

    `ended` is called with a session that has ended, `posted` when something to be posted has been stored.
    `patience` makes that of a session, by its id.
    """

    storage: Storage
    engine: Engine
    intelligence: Intelligence
    limits: Limits
    ended: Callable[[SessionRuntime], None]
    posted: Callable[[], None]
    patience: Callable[[str], Patience] = Patience

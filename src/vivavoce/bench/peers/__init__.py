"""Other live servers for Whisper, to measure beside ours: the same speech, machine, weights and run."""

from vivavoce.bench.peers import whisperlive, whisperlivekit
from vivavoce.bench.peers.peer import launch

PEERS = {"whisperlive": whisperlive.PEER, "whisperlivekit": whisperlivekit.PEER}

__all__ = ["PEERS", "launch"]

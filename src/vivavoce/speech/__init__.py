"""The recognition side of one channel, as a pure machine."""

"""The protocol side of a live session, as a pure machine."""

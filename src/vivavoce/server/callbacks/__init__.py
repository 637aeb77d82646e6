"""Callbacks and webhooks: where they may go, what they carry, how they are delivered."""

"""How well a server hears: which words, in which language, cut where, and when they were said."""

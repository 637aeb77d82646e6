"""Utterances in other languages: each pair by the means that serve it best of those that there are."""

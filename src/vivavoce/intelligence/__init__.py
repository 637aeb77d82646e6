"""What is done with the words: entities, sentiment, translation, redaction, summaries, chapters.

Everything here blocks, and may be called on several threads at once.
"""

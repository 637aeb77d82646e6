"""A live speech-to-text server that you run yourself, and its client."""

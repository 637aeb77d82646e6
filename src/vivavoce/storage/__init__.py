"""What is kept: the audio log, sessions, utterances, messages, keys, usage."""

"""The threads that turn audio into words: ticks, voice activity, scheduling, decoding."""

"""From the bytes of a stream to 16 kHz samples."""

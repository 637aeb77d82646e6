"""What is named in an utterance: people, places, dates, numbers, as Gladia's types."""

"""Speech recognisers and the registry of their models."""

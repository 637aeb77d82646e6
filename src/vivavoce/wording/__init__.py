"""What the session's own settings make of the recogniser's words."""

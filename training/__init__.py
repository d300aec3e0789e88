"""Learning a model from labelled messages."""

"""Endurance, measured by hand and printed as Markdown: python -m tests.soak."""

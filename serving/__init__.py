"""The HTTP service that tags live messages."""

"""What the service remembers: masked messages, tags, conversations, outcomes, feedback, counts, audit; on SQLite or PostgreSQL."""

"""Messages and the taxonomy: reading, masking, checking, splitting."""

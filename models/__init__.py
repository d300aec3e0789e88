"""Text in, calibrated topics out."""

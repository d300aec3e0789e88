"""Measuring and recording; the only floor that knows MLflow."""

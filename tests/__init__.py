"""The tests, flat: test_<floor>_<module>.py."""

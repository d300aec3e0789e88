"""One error tree for all floors: what was wrong, where, what was expected and how to mend it.

RubricatorError            anything a user can mend; commands print it as one line and exit with its code
 ├── DataError             a file or a row of it
 │    └── RowError         one row: the field, what was expected
 ├── ConfigError           a configuration file, an option, a taxonomy
 ├── BundleError           a saved model that is missing, damaged or foreign
 └── ServiceError          the service cannot start or go on: a port in use, a refused setting
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RubricatorError(Exception):
    """Something that a user can mend; the message says how."""

    exit_code = 1


class DataError(RubricatorError):
    """A data file cannot be used."""


class RowError(DataError):
    """One row cannot be used.

    Attributes:
        field: name of the offending field, or "" if the whole row is meant.
        expected: what should have stood there, and how to mend it.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"field {field!r}: {expected}" if field else expected)
        self.field = field
        self.expected = expected


class ConfigError(RubricatorError):
    """A configuration, an option or a taxonomy is wrong."""

    exit_code = 2


class BundleError(RubricatorError):
    """A saved model is missing, damaged, or made for another format or library version."""


class ServiceError(RubricatorError):
    """The service cannot start or go on."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known name closest to `name`, or the list of known names if none is close."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''})" if names else ""

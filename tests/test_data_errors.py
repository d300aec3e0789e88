"""data/errors.py: one tree, one line, the nearest name."""

from __future__ import annotations

import pytest

from data.errors import BundleError, ConfigError, DataError, RowError, RubricatorError, ServiceError, nearest


@pytest.mark.parametrize("kind", [DataError, RowError, ConfigError, BundleError, ServiceError])
def test_every_error_has_one_root(kind: type[Exception]) -> None:
    assert issubclass(kind, RubricatorError)


def test_a_row_is_a_part_of_data() -> None:
    assert issubclass(RowError, DataError)


def test_exit_codes_tell_a_wrong_call_from_wrong_data() -> None:
    assert (DataError.exit_code, BundleError.exit_code, ServiceError.exit_code, ConfigError.exit_code) == (1, 1, 1, 2)


def test_a_row_error_names_the_field() -> None:
    error = RowError("text", "empty")
    assert (str(error), error.field, error.expected) == ("field 'text': empty", "text", "empty")
    assert str(RowError("", "not JSON")) == "not JSON"


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("tarifs", ["sim", "tariffs"], " (did you mean 'tariffs'?)"),
        ("xyz", ["sim", "tariffs"], " (known: sim, tariffs)"),
        ("q", [str(number) for number in range(13)], " (known: 0, 1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, ...)"),
        ("anything", [], ""),
    ],
)
def test_the_nearest_known_name_is_given(name: str, known: list[str], hint: str) -> None:
    assert nearest(name, known) == hint

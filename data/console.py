"""The edge of every command: a mendable error becomes one line and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys

import typer

from data.errors import RubricatorError


def command_line(name: str, text: str) -> typer.Typer:
    """An application for `python -m NAME` with the settings that all share."""
    app = typer.Typer(
        name=f"python -m {name}",
        help=text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    # With a callback, an application of one command still wants the command's name.
    app.callback()(lambda: None)
    return app


def run(app: typer.Typer) -> None:
    """Run a command; RubricatorError prints `error: ...` and exits with its code.

    A file or folder that the system refuses is such an error too; Ctrl-C exits with 130, a closed pipe quietly.
    """
    try:
        app()
    except RubricatorError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the one line that a user gets to see
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)  # noqa: T201
        sys.exit(1)

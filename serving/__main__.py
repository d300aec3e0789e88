"""python -m serving run | demo | keys | erase: commands of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from data.errors import RubricatorError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Model = Annotated[str | None, typer.Option(help="the bundle's folder (models/artifacts/champion unless named)", show_default=False)]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="port (8000 unless named)", show_default=False)]


@app.command()
def run(
    host: Annotated[str | None, typer.Option(help="address to listen on (127.0.0.1 unless named)", show_default=False)] = None,
    port: Port = None,
    model: Model = None,
) -> None:
    """Serve the API until Ctrl-C. Example: python -m serving run --port 8000."""

    def work() -> None:
        from serving.server import run as run_server
        from serving.settings import load_settings

        run_server(load_settings(host=host, port=port, model=model), lambda line: typer.echo(line, err=True))

    _one_line(work)


@app.command()
def demo(port: Annotated[int, typer.Option(min=1, max=65535)] = 8000, model: Model = None) -> None:
    """Start the service, tag sample messages through it, stay until Ctrl-C. Example: python -m serving demo --port 8000."""

    def work() -> None:
        from rich.console import Console

        from serving.demo import demo as show

        console = Console()
        # A file or a pipe has no width of its own; eighty columns would break every message into pieces.
        show(port, model, console if console.is_terminal else Console(width=140))

    _one_line(work)


keys = typer.Typer(help="Make, list and revoke API keys; RUBRICATOR_STORE names the store.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command("make")
def make_key(
    name: Annotated[str, typer.Argument(help="who will use it")],
    role: Annotated[list[str], typer.Option(help="classify, report, feedback or admin; may be given several times")],
) -> None:
    """Make a key and print it: it cannot be shown again. Example: python -m serving keys make router --role classify."""

    def work() -> None:
        from serving.commands import in_store, operator
        from serving.settings import load_settings
        from serving.store.keys import make
        from serving.store.store import now_ms

        typer.echo(in_store(load_settings(), lambda connection: make(connection, name, role, operator(), now_ms())))

    _one_line(work)


@keys.command("revoke")
def revoke_key(name: str) -> None:
    """End a key. Example: python -m serving keys revoke router."""

    def work() -> None:
        from serving.commands import in_store, operator
        from serving.settings import load_settings
        from serving.store.keys import revoke
        from serving.store.store import now_ms

        in_store(load_settings(), lambda connection: revoke(connection, name, operator(), now_ms()))
        typer.echo(f"{name} is revoked; a running service notices within seconds")

    _one_line(work)


@keys.command("list")
def list_keys() -> None:
    """List keys by name. Example: python -m serving keys list."""

    def work() -> None:
        from serving.commands import in_store
        from serving.settings import load_settings
        from serving.store.keys import listed

        for key in in_store(load_settings(), listed):
            typer.echo("\t".join([key["name"], key["roles"], *(["revoked"] if key["revoked"] else [])]))

    _one_line(work)


@app.command()
def erase(
    reason: Annotated[str, typer.Option(help="why, for the evidence: a request, a court's decision")],
    client: Annotated[str | None, typer.Option(help="your id of the client")] = None,
    message: Annotated[str | None, typer.Option(help="CHANNEL/ID of one message")] = None,
) -> None:
    """Erase what is kept of a client or a message, leaving a line of evidence. Example: python -m serving erase --client 7 --reason request."""

    def work() -> None:
        from serving.commands import erase as erase_now
        from serving.settings import load_settings

        gone = erase_now(load_settings(), client, message, reason)
        kept = ", ".join(f"{rows} {table}" for table, rows in gone.items() if rows)
        typer.echo(f"erased: {kept}" if kept else "nothing is kept of it")

    _one_line(work)


def _one_line(work: Callable[[], None]) -> None:
    """Print what went wrong as one line; a traceback never reaches a user."""
    try:
        work()
    except RubricatorError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    app()

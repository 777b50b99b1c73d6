"""The command line, `koi`: one module for each group of commands, imported when it is asked for."""

import asyncio
import importlib.metadata
import os
import sys
from collections.abc import Sequence

import cyclopts
from rich.console import Console
from rich.markup import escape

from domain.kernel.errors import KoiError

COMMANDS = {
    # name: (where, what it does)
    "up": ("workers.cli.up:up", "Start everything on this machine and keep it running."),
    "serve": ("workers.cli.serving:serve", "Run the API alone."),
    "work": ("workers.cli.working:work", "Run the workers alone."),
    "import": ("workers.cli.importing:app", "Bring files of history in."),
    "sources": ("workers.cli.sources:app", "List, check and run the declared sources."),
    "simulate": ("workers.cli.simulating:app", "Serve simulated shops on marketplaces, or a CRM."),
    "context": ("workers.cli.context:app", "Ask where and when: regions, phones, the calendar, cleaning."),
    "infer": ("workers.cli.inferring:app", "Infer what nobody has said, by declared rules."),
    "identity": ("workers.cli.identity:app", "Ask who is one person and why, decide matches, change the rules."),
    "tags": ("workers.cli.tags:app", "List tags, explain and try them, build those of everybody, define one's own."),
    "models": ("workers.cli.models:app", "Train models, let them speak, let them score."),
    "segments": ("workers.cli.segments:app", "Ask who belongs together, now or then; keep rules and lists of people."),
    "projections": ("workers.cli.projecting:app", "Look at views, rebuild them, verify them."),
    "audit": ("workers.cli.auditing:app", "Ask what happened, and why."),
    "customers": ("workers.cli.customers:app", "Hand out what is kept about a person."),
    "quarantine": ("workers.cli.quarantine:app", "Look at what could not be taken in, replay it, discard it."),
    "erasures": ("workers.cli.erasures:app", "Forget people for good, and look at the receipts."),
    "keys": ("workers.cli.keys:app", "Create, list and revoke API keys."),
    "bench": ("workers.cli.bench:app", "Measure Koi beside what this machine can do."),
}


def build() -> cyclopts.App:
    """Assemble the command line; nothing behind it is imported yet."""
    app = cyclopts.App(name="koi", help="Koi: real history in, a message out, all of it replayable.", version=_version)
    for name, (place, help_text) in COMMANDS.items():
        app.command(place, name=name, help=help_text)
    return app


def _version() -> str:
    return importlib.metadata.version("koi")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; an error Koi can explain is told without a traceback, and ends with 1."""
    try:
        build()(sys.argv[1:] if arguments is None else arguments)
    except KoiError as error:
        # The place that is at fault, unless the words name it.
        place = f"{error.field}: " if error.field and error.field not in error.detail else ""
        _tell(f"{place}{error.detail}")
        sys.exit(1)
    except BrokenPipeError:
        # Who read the output has seen enough (`koi ... | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ConnectionError as error:
        _tell(f"A server that Koi needs does not answer ({error}).")
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


def _tell(words: str) -> None:
    Console(stderr=True).print(f"[bold red]Error:[/] {escape(words)}", soft_wrap=True, highlight=False)

"""The last words of a start: where Koi is, which keys open it, what to try first."""

import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings


def welcome(console: Console, settings: Settings, secrets: Secrets) -> None:
    """Print address, keys (in full until they have been shown once) and three commands to try."""
    shown = settings.home / "run" / "keys-shown"
    console.print()
    console.print(f"[bold]Koi runs at {settings.api_url}[/] (API reference: {settings.api_url}/schema)", soft_wrap=True)
    console.print(f"State in {settings.home}, keys in {settings.secrets_file}", soft_wrap=True, highlight=False)
    lines = ["Try (the journey of the demo answers a cart after 30 s; KOI_DEMO_WAIT_SECONDS):"]
    lines += [f"  {command}" for command in first_commands(settings.api_url)]
    if not shown.exists():
        keys = {"ADMIN_KEY": secrets.admin_key, "WRITE_KEY": secrets.write_key}
        lines = [*(f"  export {name}={key}" for name, key in keys.items()), *lines]
    # As plain text, unwrapped: to be copied.
    console.print(Text("\n".join(lines)), soft_wrap=True)
    shown.touch()
    console.print("Ctrl-C stops everything.")


def first_commands(api_url: str) -> list[str]:
    """Three commands to try: find a customer, fill a cart, ask why (once the demo's journey has answered)."""
    koi = _short(Path(sys.executable).with_name("koi"))
    cart = '{"type":"track","userId":"member-1","event":"Product Added","properties":{"product_id":"1"}}'
    return [
        f'curl -H "Authorization: Bearer $ADMIN_KEY" "{api_url}/api/v1/customers?identifier=member_code:1"',
        f"curl -u \"$WRITE_KEY:\" -H 'Content-Type: application/json' -d '{cart}' {api_url}/v1/track",
        f"{koi} audit why member_code:member-1",
    ]


def _short(program: Path) -> str:
    """As seen from here, if it lies below."""
    here = Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)

"""The doors platforms knock at: declared by files, found by name and secret."""

import asyncio
import logging
from datetime import datetime
from pathlib import Path

import pytest

from commands.callbacks.doors import Doors, NoDoorError
from commands.callbacks.receiver import Receiver
from commands.runtime.sources import Source
from domain.ingestion.callbacks.call import NOTHING, SUCCESS, Call, Letter, Received

SECRET = "nobody-guesses-this"


class Postbox:
    """Takes whatever comes."""

    def open(self, call: Call) -> Letter:
        """Nothing is signed here."""
        return Letter(body=call.body, answer=SUCCESS)

    def read(self, body: bytes, received_at: datetime) -> Received:  # noqa: ARG002 - as the port wants it
        """It says nothing."""
        return NOTHING


def _open(_: Source) -> Receiver:
    return Postbox()


def declare(folder: Path, name: str, text: str) -> None:
    """Declare a source."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text)


def doors(folder: Path) -> Doors:
    """The doors of a folder, for one kind of source."""
    return Doors(folder, {"postbox": _open})


async def test_a_source_is_found_by_its_name_and_its_secret(tmp_path: Path) -> None:
    """The name stands on every fact, the secret only in the address."""
    declare(tmp_path, "wechat-main", f'kind = "postbox"\nhook = "{SECRET}"\n')
    hook = await doors(tmp_path).find("wechat-main", SECRET)
    assert (hook.source, hook.kind) == ("wechat-main", "postbox")
    assert SECRET not in repr(hook)


@pytest.mark.parametrize(
    ("name", "secret"), [("wechat-main", "guessed-wrong-again"), ("another", SECRET), ("wechat-main", ""), ("", "")]
)
async def test_a_wrong_name_and_a_wrong_secret_are_told_alike(tmp_path: Path, name: str, secret: str) -> None:
    """Who tries addresses learns nothing."""
    declare(tmp_path, "wechat-main", f'kind = "postbox"\nhook = "{SECRET}"\n')
    with pytest.raises(NoDoorError) as refusal:
        await doors(tmp_path).find(name, secret)
    assert refusal.value.detail == "there is nothing at this path: /schema/openapi.json lists what there is"


async def test_a_source_that_cannot_be_used_closes_no_other_door(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A slip in one file is told in the log, by file and key; another kind, or a source without `hook`, has no door."""
    declare(tmp_path, "a-broken", "kind = ")
    declare(tmp_path, "b-short", 'kind = "postbox"\nhook = "short"\n')
    declare(tmp_path, "c-without", 'kind = "postbox"\n')
    declare(tmp_path, "d-files", 'source = "pos"\nrow = "fact"\n')
    declare(tmp_path, "e-good", f'kind = "postbox"\nhook = "{SECRET}"\n')
    with caplog.at_level(logging.WARNING, "koi.callbacks"):
        assert (await doors(tmp_path).find("e-good", SECRET)).source == "e-good"
    told = [record.getMessage() for record in caplog.records]
    assert [line.split()[3] for line in told] == ["a-broken.toml", "b-short.toml"]
    assert "short" not in told[1].replace("b-short", "")


async def test_a_changed_folder_is_read_again(tmp_path: Path) -> None:
    """A new source needs no restart, and one that is gone no longer answers."""
    known = doors(tmp_path)
    with pytest.raises(NoDoorError):
        await known.find("late", SECRET)
    declare(tmp_path, "late", f'kind = "postbox"\nhook = "{SECRET}"\n')
    assert await _comes_to(known, is_there=True)
    (tmp_path / "late.toml").unlink()
    assert await _comes_to(known, is_there=False)


async def _comes_to(known: Doors, *, is_there: bool) -> bool:
    """Whether the source is soon there, or gone: the folder is looked at once a second."""
    for _ in range(100):
        try:
            await known.find("late", SECRET)
        except NoDoorError:
            found = False
        else:
            found = True
        if found is is_there:
            return True
        await asyncio.sleep(0.05)
    return False

"""How a shop is declared, and what `koi sources list` says of one that has to be authorised again."""

import asyncio
from pathlib import Path

import pytest

from commands.activity import source_runs
from commands.marketplaces.shop import shop_of
from commands.marketplaces.tokens import ReauthoriseError, Token, Tokens
from commands.runtime.sources import SourceError, read_source
from tests.workers.marketplaces.shopping import PLATFORMS, Scene
from workers.sources.declared import declared
from workers.sources.telling import listed
from workers.sources.turn import take_turn


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ('kind = "taobao"\napp_key = "1"', "shop.toml: ", "app_secret"),
        ('kind = "jd"\napp_key = "1"\napp_secret = "x"\nbackfil_days = 3', "shop.toml: ", "backfil_days"),
        (
            'kind = "jd"\napp_key = "1"\napp_secret = "x"\noverlap_seconds = -1',
            "shop.toml: overlap_seconds",
            "at least 0",
        ),
        ('kind = "jd"\napp_key = "1"\napp_secret = { env = "NO_SUCH_ONE" }', "shop.toml: app_secret", "NO_SUCH_ONE"),
        (
            'kind = "jd"\napp_key = "1"\napp_secret = "x"\nmapping = { order = { idd = ["x"] } }',
            "shop.toml: mapping.order",
            "idd",
        ),
    ],
)
def test_a_slip_in_a_declaration_is_told_with_its_place(tmp_path: Path, text: str, field: str, words: str) -> None:
    """And without the secret."""
    file = tmp_path / "shop.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as error:
        shop_of(read_source(file))
    assert (error.value.field or "").startswith(field.rstrip(": "))
    assert words in error.value.detail


def test_the_platform_that_comes_with_koi_is_enough_for_a_declaration(tmp_path: Path) -> None:
    """Key, secret, and the tokens of the authorisation."""
    for kind in PLATFORMS:
        file = tmp_path / f"{kind}-shop.toml"
        file.write_text(f'kind = "{kind}"\napp_key = "1"\napp_secret = "s3cr3t"\n', encoding="utf-8")
        shop = shop_of(read_source(file))
        assert shop.platform.url.startswith("https://")
        assert "s3cr3t" not in repr(shop.settings) + repr(shop)


async def test_a_shop_that_has_to_be_authorised_again_is_parked_and_listed_so(scene: Scene) -> None:
    """Until its file changes, nobody asks the platform again."""
    source = scene.source("taobao")
    scene.gate("taobao").revoke()
    with pytest.raises(ReauthoriseError):
        await take_turn(source, scene.means)
    folder, pool = scene.means.settings.sources_folder, scene.means.store.pool
    sources, unreadable = declared(folder)
    (row,) = listed(sources, unreadable, await source_runs.runs(pool))
    assert row.state == "parked"
    assert row.reason is not None
    assert "has to be authorised again 需要重新授权" in row.reason
    assert await source_runs.due(pool, [source.name]) == []


async def test_two_processes_that_renew_at_once_renew_once(scene: Scene) -> None:
    """A refresh token serves once: whoever comes second takes what the first one got."""
    shop = shop_of(scene.source("taobao"))
    pool, key = scene.means.store.pool, scene.means.secrets.master_key
    asked = 0

    async def renew(old: Token) -> Token:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)  # lets the other one come
        return Token(access=f"{old.access}-{asked}", refresh="next")

    first = await Tokens(pool, key).current(shop)
    both = [Tokens(pool, key).renewed(shop, first, renew) for _ in range(2)]
    tokens = await asyncio.gather(*both)
    assert asked == 1
    assert tokens[0] == tokens[1] == await Tokens(pool, key).current(shop)
    assert await Tokens(pool, b"another master key of 32 bytes!!").current(shop) == first

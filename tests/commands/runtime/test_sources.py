"""Declared sources: one TOML file each, with secrets kept elsewhere."""

from pathlib import Path

import msgspec
import pytest

from commands.runtime.sources import SourceError, read_source, read_sources, settings_of


class Shop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the tests declare."""

    app_key: str
    app_secret: str
    every: int = 300


def declared(folder: Path, name: str, text: str) -> Path:
    """Write a source's file."""
    file = folder / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_source_has_its_files_name_and_its_kind(tmp_path: Path) -> None:
    """A file without a kind is a mapping of files; its own `name` stays its own."""
    declared(tmp_path, "pos", 'name = "receipts"\nsource = "pos"')
    declared(tmp_path, "tmall", 'kind = "taobao"\nname = "tmall-flagship"\napp_key = "1"')
    found = {source.name: (source.kind, dict(source.table)) for source in read_sources(tmp_path)}
    assert found == {
        "pos": ("file", {"name": "receipts", "source": "pos"}),
        "tmall-flagship": ("taobao", {"app_key": "1"}),
    }
    assert [source.name for source in read_sources(tmp_path, kind="taobao")] == ["tmall-flagship"]


def test_a_secret_need_not_stand_in_the_file(tmp_path: Path) -> None:
    """It comes from a variable or from another file, and is never shown."""
    (tmp_path / "key").write_text("k-1\n", encoding="utf-8")
    file = declared(tmp_path, "jd", 'kind = "jd"\napp_key = { file = "key" }\napp_secret = { env = "JD_SECRET" }')
    source = read_source(file)
    assert settings_of(source, Shop, env={"JD_SECRET": "s-1"}) == Shop(app_key="k-1", app_secret="s-1")
    assert "s-1" not in repr(source)
    with pytest.raises(SourceError, match="JD_SECRET"):
        settings_of(source, Shop, env={})


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('kind = "jd"\napp_key = 5\napp_secret = "s"', "jd.toml: app_key"),
        ('kind = "jd"\napp_key = "k"\napp_secret = "s"\nevry = 1', "jd.toml"),
        ('kind = "jd"\napp_secret = "s"', "jd.toml"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, field: str) -> None:
    """The file, the key, and what would be right."""
    with pytest.raises(SourceError) as raised:
        settings_of(read_source(declared(tmp_path, "jd", text)), Shop)
    assert raised.value.field == field


@pytest.mark.parametrize("text", ["kind = ", 'kind = "jd"\nname = "JD Shop"', "kind = 5"])
def test_a_file_that_is_no_source_is_refused(tmp_path: Path, text: str) -> None:
    """With the file named."""
    with pytest.raises(SourceError, match=r"jd\.toml|`name`|`kind`"):
        read_source(declared(tmp_path, "jd", text))


def test_two_files_cannot_claim_one_name(tmp_path: Path) -> None:
    """What stands on facts must tell who said them."""
    declared(tmp_path, "a", 'kind = "jd"\nname = "shop"')
    declared(tmp_path, "b", 'kind = "jd"\nname = "shop"')
    with pytest.raises(SourceError, match=r"a\.toml has the name shop"):
        read_sources(tmp_path)

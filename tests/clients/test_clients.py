"""The tools of the tests of tracker SDKs stand on this machine."""

import json
from pathlib import Path

from playwright.async_api import Page

from tests.clients.installing import HERE
from tests.clients.running import run_node

_PACKAGES = json.loads((HERE / "package.json").read_text())["dependencies"]


def test_the_lock_names_versions_and_no_registry() -> None:
    """Any mirror can serve it, and it is the same on every machine."""
    lock = (HERE / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert all(version[0].isdigit() for version in _PACKAGES.values())


async def test_every_client_can_be_loaded(javascript: Path) -> None:
    """Those for Node.js load in Node.js; what a script complains about is heard."""
    assert [name for name in _PACKAGES if not (javascript / name).is_dir()] == []
    assert await run_node("loading.cjs", names=["sa-sdk-node", "posthog-node"]) == ""
    assert "nothing-of-the-kind" in await run_node("loading.cjs", names=["nothing-of-the-kind"])


async def test_a_browser_opens_the_shop_and_keeps_to_this_machine(page: Page) -> None:
    """A page with an origin of its own, scripts of the SDKs beside it, and no way out."""
    assert await page.title() == "Shop"
    await page.add_script_tag(url="/sa-sdk-javascript/sensorsdata.min.js")
    assert await page.evaluate("typeof window.sensorsDataAnalytic201505") == "object"
    outside = "fetch('http://example.org/').then(() => 'reached', () => 'refused')"
    assert await page.evaluate(outside) == "refused"

"""What tests ask for by name: the JavaScript clients, a shop's pages, and a real browser to open them."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.clients import chromium
from tests.clients.installing import NotInstalledError, installed
from tests.clients.pages import shop_pages


@pytest.fixture(scope="session")
async def javascript() -> Path:
    """The folder with the JavaScript clients; skips where npm reaches no registry."""
    try:
        return await to_thread(installed)
    except NotInstalledError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shop(javascript: Path) -> Iterator[str]:
    """The address of a shop's web server: a page below `/shop`, the clients' files below `/`."""
    with shop_pages(javascript) as url:
        yield url


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium for the session; skips, saying what to install, where none can be had."""
    try:
        found = await to_thread(chromium.found)
    except chromium.NoBrowserError as error:
        pytest.skip(str(error))
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=found.executable, env=found.environment, args=list(chromium.FLAGS)
        )
        yield started
        await started.close()


@pytest.fixture
async def page(browser: Browser, shop: str) -> AsyncIterator[Page]:
    """A visitor who has just opened the shop: empty cookies, empty storage."""
    async with await browser.new_context() as visitor:
        opened = await visitor.new_page()
        await opened.goto(f"{shop}/shop/")
        yield opened

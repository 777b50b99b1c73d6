"""Whether Koi is well, as supervisors and scrapers ask."""

from tests.api.running import RunningKoi


async def test_a_supervisor_needs_no_key_to_ask_whether_koi_lives_and_is_ready(koi: RunningKoi) -> None:
    """Who restarts processes has no secrets."""
    async with koi.client() as anybody:
        alive, ready = await anybody.get("/livez"), await anybody.get("/readyz")
    assert alive.status_code == 200
    assert ready.json() == {"database": True, "log_writable": True, "schema_current": True}
    assert ready.headers["cache-control"] == "no-store"

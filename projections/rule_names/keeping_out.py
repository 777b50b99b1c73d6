"""The tags that the last build kept out, and why: no rule can ask everybody for them."""

from projections.tag_catalogue.manifests import built


async def refused(lake_url: str) -> dict[str, str]:
    """Return the tags by key with the reason; none where nothing was built yet."""
    found = await built(lake_url)
    return found[0].refused if found else {}

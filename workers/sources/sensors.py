"""Projects of Sensors Analytics: their SDKs send by themselves, the declaration is checked all the same."""

from datetime import timedelta
from typing import Final

from commands.activity.sensors_projects import keys_of, project_of
from commands.runtime.sources import Source
from workers.sources.kind import Came, Means

_RARELY: Final = timedelta(days=1)


class Sensors:
    """A project whose events come to `/sa`."""

    def interval(self, source: Source) -> timedelta:
        """Its declaration is looked at again now and then; whatever changes in it is seen at once anyway."""
        project_of(source)
        return _RARELY

    async def check(self, source: Source, means: Means) -> Came:
        """Read the declaration, and say which address its SDKs are told."""
        project = project_of(source)
        keys_of(source, project)
        token = "&token=<token>" if project.token else ""
        return Came(notes=[f"SDKs send to {means.settings.api_url}/sa?project={project.project}{token}"])

    async def run(self, source: Source, means: Means) -> Came:
        """There is nothing to fetch."""
        return await self.check(source, means)

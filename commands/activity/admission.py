"""Who is taken in: nobody who was erased, under whatever name she comes back."""

from collections.abc import Sequence

import msgspec

from commands.runtime.suppressions import Suppressions
from domain.activity.activity import Activity
from domain.identity.identifier import IdentifierType
from domain.identity.naming import Naming

# They name a thing that others use as well: whoever says who she is on it is somebody else.
_THINGS = frozenset({IdentifierType.DEVICE, IdentifierType.ANONYMOUS})


def admitted(activities: Sequence[Activity], suppressions: Suppressions, naming: Naming) -> list[Activity]:
    """Return the activities that may be taken in, in their order.

    One that names an erased person is not; a tablet or a browser of hers is left out of what another person, who is
    named beside it, does there.
    """
    if not suppressions:
        return list(activities)
    found = (_admitted(activity, suppressions, naming) for activity in activities)
    return [activity for activity in found if activity is not None]


def _admitted(activity: Activity, suppressions: Suppressions, naming: Naming) -> Activity | None:
    kept = tuple(one for one in activity.identifiers if naming.customer_id(one) not in suppressions)
    if len(kept) == len(activity.identifiers):
        return activity
    names_another = any(one.type not in _THINGS for one in kept)
    names_her = any(one.type not in _THINGS for one in activity.identifiers if one not in kept)
    return msgspec.structs.replace(activity, identifiers=kept) if names_another and not names_her else None

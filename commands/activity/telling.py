"""Tell a customer what an activity says: under which identifiers she was seen, what it asks of her profile."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from commands.identity.attributes import parted
from commands.identity.describing import Describing
from domain.activity.activity import Activity
from domain.activity.operation import Operation, OperationKind
from domain.identity.customer import Customer, Observed
from domain.identity.identifier import Identifier
from domain.identity.naming import Naming


def concerned(activity: Activity, naming: Naming) -> Iterable[UUID]:
    """Return the customers an activity with an operation speaks of, beside the one it names."""
    cut = activity.operation.cut if activity.operation else ()
    return (naming.customer_id(one) for one in cut)


_Say = Callable[[dict[str, Any], dict[str, Any], datetime], None]


class Telling:
    """Tells customers, by the rules of cleaning and inference."""

    def __init__(self, naming: Naming, describing: Describing) -> None:
        self._naming = naming
        self._describing = describing

    def tell(self, customer: Customer, activity: Activity) -> None:
        """Tell the customer what is new about her."""
        operation = activity.operation
        if operation is None or operation.kind not in _IDENTITIES:
            self._observe(customer, activity, activity.identifiers)
        if activity.traits:
            self._say(customer.describe, customer, activity, activity.traits)
        if operation is not None:
            _OPERATIONS[operation.kind](self, customer, activity, operation)

    def set(self, customer: Customer, activity: Activity, operation: Operation) -> None:
        """Set attributes."""
        self._say(customer.set_attributes, customer, activity, operation.attributes)

    def set_once(self, customer: Customer, activity: Activity, operation: Operation) -> None:
        """Set attributes that have no value."""
        self._say(customer.set_once, customer, activity, operation.attributes)

    def extend(self, customer: Customer, activity: Activity, operation: Operation) -> None:
        """Add texts to lists, which have no form to be cleaned to."""
        customer.extend(*parted(operation.attributes), activity.occurred_at)

    def remove(self, customer: Customer, activity: Activity, operation: Operation) -> None:
        """Unset attributes, under the names they are kept by."""
        names = [self._describing.cleaner.canonical(name) for name in operation.attributes]
        customer.remove_attributes(names, activity.occurred_at)
        self._describing.locate(customer)

    def clear(self, customer: Customer, activity: Activity, _: Operation) -> None:
        """Forget all attributes."""
        customer.clear_profile(activity.occurred_at)
        self._describing.locate(customer)

    def bind(self, customer: Customer, activity: Activity, _: Operation) -> None:
        """Join identifiers for good."""
        customer.bind(self._observed(activity, activity.identifiers), activity.occurred_at)

    def unbind(self, customer: Customer, activity: Activity, operation: Operation) -> None:
        """Cut an identifier from everybody."""
        own = {self._naming.customer_id(one): one for one in operation.cut}.get(customer.id)
        if own is None:  # the one who asks for it; what is cut is no claim of hers
            self._observe(customer, activity, activity.identifiers)
            return
        self._observe(customer, activity, (own,))
        customer.unbind(activity.occurred_at)

    def _observe(self, customer: Customer, activity: Activity, identifiers: Iterable[Identifier]) -> None:
        customer.observe(self._observed(activity, identifiers), activity.occurred_at)

    def _observed(self, activity: Activity, identifiers: Iterable[Identifier]) -> tuple[Observed, ...]:
        return self._describing.observed(identifiers, self._naming, activity.occurred_at)

    def _say(self, told: _Say, customer: Customer, activity: Activity, attributes: Mapping[str, Any]) -> None:
        self._describing.say(told, customer, attributes, source=activity.source, said_at=activity.occurred_at)


_Told = Callable[[Telling, Customer, Activity, Operation], None]
_OPERATIONS: Final[Mapping[OperationKind, _Told]] = {
    OperationKind.SET: Telling.set,
    OperationKind.SET_ONCE: Telling.set_once,
    OperationKind.EXTEND: Telling.extend,
    OperationKind.REMOVE: Telling.remove,
    OperationKind.CLEAR: Telling.clear,
    OperationKind.BIND: Telling.bind,
    OperationKind.UNBIND: Telling.unbind,
}
# These say themselves under which identifiers the customer was seen.
_IDENTITIES: Final = frozenset({OperationKind.BIND, OperationKind.UNBIND})

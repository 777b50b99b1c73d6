"""Tell a customer what an activity says: under which identifiers she was seen, what it asks of her profile."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from uuid import UUID

from commands.identity.attributes import parted
from domain.activity.activity import Activity
from domain.activity.operation import Operation, OperationKind
from domain.identity.customer import Customer, Observed
from domain.identity.identifier import Identifier
from domain.identity.naming import Naming


def concerned(activity: Activity, naming: Naming) -> Iterable[UUID]:
    """Return the customers an activity with an operation speaks of, beside the one it names."""
    cut = activity.operation.cut if activity.operation else ()
    return (naming.customer_id(one) for one in cut)


def tell(customer: Customer, activity: Activity, naming: Naming) -> None:
    """Tell the customer what is new about her."""
    operation, at = activity.operation, activity.occurred_at
    if operation is None or operation.kind not in _IDENTITIES:
        customer.observe(observed(activity.identifiers, naming), at)
    if activity.traits:
        plain, personal = parted(activity.traits)
        customer.describe(plain, personal, at)
    if operation is not None:
        _OPERATIONS[operation.kind](customer, activity, operation, naming)


def observed(identifiers: Iterable[Identifier], naming: Naming) -> tuple[Observed, ...]:
    """Return the identifiers with the ids they name."""
    return tuple(
        Observed(naming.customer_id(one), str(one.type), one.value if one.type.is_value_kept else None)
        for one in identifiers
    )


def _set(customer: Customer, activity: Activity, operation: Operation, _: Naming) -> None:
    customer.set_attributes(*parted(operation.attributes), activity.occurred_at)


def _set_once(customer: Customer, activity: Activity, operation: Operation, _: Naming) -> None:
    customer.set_once(*parted(operation.attributes), activity.occurred_at)


def _extend(customer: Customer, activity: Activity, operation: Operation, _: Naming) -> None:
    customer.extend(*parted(operation.attributes), activity.occurred_at)


def _remove(customer: Customer, activity: Activity, operation: Operation, _: Naming) -> None:
    customer.remove_attributes(operation.attributes, activity.occurred_at)


def _clear(customer: Customer, activity: Activity, _operation: Operation, _: Naming) -> None:
    customer.clear_profile(activity.occurred_at)


def _bind(customer: Customer, activity: Activity, _: Operation, naming: Naming) -> None:
    customer.bind(observed(activity.identifiers, naming), activity.occurred_at)


def _unbind(customer: Customer, activity: Activity, operation: Operation, naming: Naming) -> None:
    own = {naming.customer_id(one): one for one in operation.cut}.get(customer.id)
    if own is None:  # the one who asks for it; what is cut is no claim of hers
        customer.observe(observed(activity.identifiers, naming), activity.occurred_at)
        return
    customer.observe(observed((own,), naming), activity.occurred_at)
    customer.unbind(activity.occurred_at)


_Told = Callable[[Customer, Activity, Operation, Naming], None]
_OPERATIONS: Final[Mapping[OperationKind, _Told]] = {
    OperationKind.SET: _set,
    OperationKind.SET_ONCE: _set_once,
    OperationKind.EXTEND: _extend,
    OperationKind.REMOVE: _remove,
    OperationKind.CLEAR: _clear,
    OperationKind.BIND: _bind,
    OperationKind.UNBIND: _unbind,
}
# These say themselves under which identifiers the customer was seen.
_IDENTITIES: Final = frozenset({OperationKind.BIND, OperationKind.UNBIND})

"""Graphs to resolve: identifiers of all kinds, seen with each other in any way."""

from uuid import UUID

from hypothesis import strategies as st

from domain.identity.identifier import IdentifierType

Graph = tuple[dict[UUID, int], list[tuple[UUID, UUID]], list[tuple[UUID, UUID]]]
KINDS = (
    IdentifierType.MEMBER_CODE,
    IdentifierType.UNIONID,
    IdentifierType.PHONE,
    IdentifierType.EMAIL,
    IdentifierType.DEVICE,
    IdentifierType.ANONYMOUS,
)


def of_kind(kind: IdentifierType, number: int) -> UUID:
    """Return an id that is easy to read: its rank, then its number."""
    return UUID(int=(kind.rank << 64) + number)


_NAMES = [of_kind(kind, number) for kind in KINDS for number in range(5)]
_PAIRS = st.tuples(st.sampled_from(_NAMES), st.sampled_from(_NAMES)).filter(lambda pair: pair[0] != pair[1])
GRAPHS = st.tuples(
    st.just({one: one.int >> 64 for one in _NAMES}),
    st.lists(_PAIRS, max_size=30, unique=True),
    st.lists(_PAIRS, max_size=4, unique=True),
)

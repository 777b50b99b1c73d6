"""Erasures: a person is forgotten for good, with a receipt; she may come back by a new consent."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import Body, FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from api.auth import needs
from api.idempotency import Asked, Commands
from api.openapi import CREATE, READ, READ_ONE
from api.pages import Page, Paging
from commands.access.scope import Scope
from commands.identity.erase_customer import EraseCustomer, erase_customer
from commands.identity.erasing import Erasing, carry_out
from commands.identity.lift_erasure import LiftErasure, lift_erasure
from commands.identity.reapplying import begun_erasures, receipt_if_any
from commands.identity.receipt import receipt_of
from commands.identity.receipt_words import ReceiptInWords, in_words

_WRITE: Final[dict[str, Any]] = {"guards": (needs(Scope.COMMAND), needs(Scope.PERSONAL)), "responses": CREATE}
_READ: Final = (needs(Scope.AUDIT),)
_ERASE: Final = Example(
    value={
        "identifiers": [{"type": "phone", "value": "13800138000"}],
        "reason": "asked at the counter",
        "legal_basis": "pipl-47",
        "evidence": "form 2026-118",
    }
)
Works = NamedDependency[SkipValidation[Erasing]]


class ErasureController(Controller):
    """Erasing people, and the receipts of it."""

    path = "/api/v1/erasures"
    tags = ("erasures",)

    @post("/", operation_id="EraseCustomer", summary="Erase a person", status_code=HTTP_201_CREATED, **_WRITE)
    async def erase(
        self,
        data: Annotated[EraseCustomer, Body(examples=[_ERASE])],
        asked: NamedDependency[SkipValidation[Asked]],
        commands: NamedDependency[SkipValidation[Commands]],
        erasing: Works,
    ) -> Response[ReceiptInWords]:
        """Erase whoever is joined with this customer or these identifiers, and answer the receipt once it is done.

        It cannot be undone. What names the person is kept out from then on, by every way data comes in.
        """
        outcome = await commands.once(asked, lambda by: erase_customer(data, by=by, erasing=erasing))
        # A repeat may find it interrupted: it is finished before it is answered.
        receipt = await carry_out(UUID(outcome.result["id"]), erasing=erasing)
        return Response(
            in_words(receipt), status_code=HTTP_201_CREATED, headers=_headers(receipt.position, f"/{receipt.id}")
        )

    @post("/{erasure_id:uuid}/lift", operation_id="LiftErasure", summary="Let a person in again", **_WRITE)
    async def lift(
        self,
        erasure_id: FromPath[UUID],
        data: JSONBody[LiftErasure],
        asked: NamedDependency[SkipValidation[Asked]],
        commands: NamedDependency[SkipValidation[Commands]],
        erasing: Works,
    ) -> Response[ReceiptInWords]:
        """Record a person's new consent to be known under these identifiers; what was erased does not come back."""
        await commands.once(asked, lambda by: lift_erasure(data, erasure_id=erasure_id, by=by, erasing=erasing))
        receipt = await receipt_of(erasing.store, erasure_id)
        return Response(in_words(receipt), status_code=HTTP_201_CREATED, headers=_headers(receipt.position))

    @get("/", operation_id="ListErasures", summary="List erasures", guards=_READ, responses=READ)
    async def receipts(
        self, erasing: Works, paging: NamedDependency[SkipValidation[Paging]]
    ) -> Response[Page[ReceiptInWords]]:
        """List the receipts, the newest first."""
        of = ("erasures",)
        after = paging.after(of, UUID)
        ids = await begun_erasures(erasing)
        ids = ids[ids.index(after) + 1 :] if after in ids else ids
        found = [in_words(await receipt_of(erasing.store, one)) for one in ids[: paging.one_more]]
        return paging.page(of, found, lambda last: last.id)

    @get("/{erasure_id:uuid}", operation_id="GetErasure", summary="Show a receipt", guards=_READ, responses=READ_ONE)
    async def receipt(self, erasure_id: FromPath[UUID], erasing: Works) -> Response[ReceiptInWords]:
        """Show what was destroyed and why, in numbers and in words; it names nobody."""
        found = await receipt_if_any(erasing, erasure_id)
        return Response(in_words(found), status_code=HTTP_200_OK, headers=_headers(found.position))


def _headers(position: int, location: str | None = None) -> dict[str, str]:
    headers = {"Koi-Position": str(position), "Cache-Control": "no-store"}
    return headers if location is None else headers | {"Location": f"{ErasureController.path}{location}"}

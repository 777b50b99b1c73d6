"""What identifiers and attributes give away by themselves: a national ID its birthday, a phone number its city."""

from datetime import datetime
from uuid import UUID

from domain.context.former_regions import former_regions
from domain.context.phone_places import phone_places
from domain.identity import national_id
from domain.identity.identifier import Identifier, IdentifierType
from domain.identity.inference import Inference
from domain.inference.rules import InferenceRules


def of_identifier(one: Identifier, claim: UUID, rules: InferenceRules, at: datetime) -> tuple[Inference, ...]:
    """Return what follows from an identifier seen at a time; `claim` is the id it names, which stands as evidence."""
    found: dict[str, object] = {}
    match one.type:
        case IdentifierType.NATIONAL_ID:
            found = _national_id(one.value)
        case IdentifierType.PHONE:
            found = {"phone_region": phone_places().place(one.value).region}
        case _:
            return ()
    evidence = f"{one.type}:{claim}"
    return tuple(
        inference
        for rule, value in found.items()
        if (inference := following(rule, value, evidence, rules, at)) is not None
    )


def following(rule: str, value: object, evidence: str, rules: InferenceRules, at: datetime) -> Inference | None:
    """Return the inference that a rule makes of a value; None without a value, or where the rule was taken out."""
    said = rules.from_.get(rule)
    if said is None or value is None:
        return None
    return Inference(
        attribute=said.attribute,
        value=value,
        rule=rule,
        confidence=said.confidence,
        evidence=(evidence,),
        occurred_at=at,
        basis=evidence,
    )


def _national_id(number: str) -> dict[str, object]:
    born = national_id.birthday(number)
    region = former_regions().resolve(national_id.registered_in(number), born.year if born else None)
    return {
        "national_id_birthday": born.isoformat() if born else None,
        "national_id_sex": national_id.sex(number),
        "national_id_region": region.code,
    }

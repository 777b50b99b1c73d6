"""What is said of a customer, by whatever door: cleaned, sealed where it is personal, followed to what it implies.

Every command that takes identifiers or attributes goes through here, so that a member file, a tracker and the API mean
the same by 女, F and 2.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from commands.identity.attributes import parted
from domain.cleaning import rules as cleaning_rules
from domain.cleaning.cleaning import RAW, REFUSED, Cleaner, address_of, is_of_address
from domain.cleaning.contacts import region
from domain.identity.customer import Customer, Observed
from domain.identity.identifier import Identifier
from domain.identity.inference import Inference
from domain.identity.naming import Naming
from domain.inference import rules as inference_rules
from domain.inference.identifiers import following, of_identifier

_ADDRESS = "attribute:address"
_NAME = "attribute:name"


class Describing:
    """The rules of cleaning and of inference, applied to customers."""

    def __init__(self, cleaner: Cleaner, inference: inference_rules.InferenceRules) -> None:
        self.cleaner = cleaner
        self.inference = inference

    @classmethod
    def of_home(cls, home: Path) -> Self:
        """Return the user's rules, `cleaning.toml` and `inference.toml` in Koi's home, else those that come with Koi.

        Raises `RulesError` of either kind, naming the key that is wrong.
        """
        cleaning, inference = home / "cleaning.toml", home / "inference.toml"
        return cls(
            Cleaner(cleaning_rules.Rules.read(cleaning.read_text("utf-8-sig")) if cleaning.is_file() else None),
            inference_rules.InferenceRules.read(inference.read_text("utf-8-sig"))
            if inference.is_file()
            else inference_rules.shipped(),
        )

    def observed(self, identifiers: Iterable[Identifier], naming: Naming, at: datetime) -> tuple[Observed, ...]:
        """Return identifiers as a customer takes note of them, with what they give away by themselves."""
        return tuple(self.noted(one, naming.customer_id(one), at) for one in identifiers)

    def noted(self, one: Identifier, claim: UUID, at: datetime) -> Observed:
        """Return one identifier as a customer takes note of it; `claim` is the id it names."""
        tells = of_identifier(one, claim, self.inference, at)
        return Observed(claim, str(one.type), one.value if one.type.is_value_kept else None, tells)

    def describe(
        self,
        customer: Customer,
        attributes: Mapping[str, Any],
        *,
        source: str,
        said_at: datetime,
        sealed: Collection[str] = (),
    ) -> None:
        """Tell the customer what a source says of her; what is `sealed` there stays sealed whatever its name."""
        self.say(customer.describe, customer, attributes, source=source, said_at=said_at, sealed=sealed)

    def say(
        self,
        told: Callable[[dict[str, Any], dict[str, Any], datetime], None],
        customer: Customer,
        attributes: Mapping[str, Any],
        *,
        source: str,
        said_at: datetime,
        sealed: Collection[str] = (),
    ) -> None:
        """Clean the attributes, have the customer `told` the plain and the personal ones, and follow them further.

        What cannot be cleaned is kept as it stood, sealed, beside the reason: `raw.birthday` and `refused.birthday`.
        """
        cleaned = self.cleaner.clean(attributes, source=source, said_at=said_at)
        plain, personal = parted(cleaned.attributes)
        hidden = {self.cleaner.canonical(key) for key in sealed}
        personal |= {key: plain.pop(key) for key in hidden & plain.keys()}
        plain |= {f"{REFUSED}{key}": reason for key, reason in cleaned.refused.items()}
        personal |= {f"{RAW}{key}": value for key, value in cleaned.raw.items()}
        told(plain, personal, said_at)
        if cleaned.sex is not None:
            self._follow(customer, "name_title_sex", cleaned.sex, _NAME, said_at)
        if any(is_of_address(key) for key in cleaned.attributes):
            self.locate(customer)

    def locate(self, customer: Customer) -> None:
        """Follow the address as it stands now, whatever was said in which order, to its region."""
        known = {key: said for key, said in customer.attributes.items() if is_of_address(key)}
        if not known:
            customer.withdraw_inferences([f"address_region|{_ADDRESS}"], "evidence_gone")
            return
        text = address_of({key: said.value for key, said in known.items()})
        code = region(text, self.cleaner.rules).value if text and not text.isascii() else None
        at = max(said.occurred_at for said in known.values())
        if code is None:
            customer.withdraw_inferences([f"address_region|{_ADDRESS}"], "evidence_gone")
        else:
            self._follow(customer, "address_region", code, _ADDRESS, at)

    def _follow(self, customer: Customer, rule: str, value: object, evidence: str, at: datetime) -> None:
        inference: Inference | None = following(rule, value, evidence, self.inference, at)
        if inference is not None:
            customer.infer([inference])


@functools.cache
def shipped() -> Describing:
    """Return the rules that come with Koi, for whoever has no home at hand."""
    return Describing(Cleaner(), inference_rules.shipped())

"""`koi identity` in processes of its own, as a person types it."""

import json
from importlib import resources
from pathlib import Path
from uuid import UUID

from commands.identity.customers import GivenIdentifier
from commands.identity.register_customer import RegisterCustomer, register_customer
from commands.identity.rules import ensure_rules
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.naming import Naming
from projections.customer_360.projector import PROJECTION as CUSTOMER_360
from projections.engine.verify import verify
from projections.engine.waiting import wait_until
from projections.identity_graph.projector import PROJECTION as IDENTITY_GRAPH
from projections.match_review.projector import PROJECTION as MATCH_REVIEW
from tests.projections.following import SECONDS, following
from tests.workers.cli.test_keys_and_audit import env, koi

__all__ = ["env"]

VIEWS = (IDENTITY_GRAPH, CUSTOMER_360, MATCH_REVIEW)
RULES = resources.files("domain.identity").joinpath("rules.toml").read_text(encoding="utf-8")


async def _two_on_a_phone(settings: Settings, secrets: Secrets) -> list[UUID]:
    naming, by, made = Naming(secrets.pepper), Context(actor="test"), []
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=2) as store:
        await ensure_rules(store.streams, naming)
        for code in ("M1", "M2"):
            given = {"member_code": code, "phone": "13712345670"}
            identifiers = tuple(GivenIdentifier(type=kind, value=value) for kind, value in given.items())
            changed = await register_customer(
                RegisterCustomer(identifiers=identifiers), by=by, streams=store.streams, naming=naming
            )
            made.append(changed.id)
        for view in VIEWS:
            await wait_until(store.pool, view.name, changed.position, SECONDS)
    return made


async def test_rules_are_edited_checked_compared_adopted_and_switched_back(
    env: dict[str, str], settings: Settings, secrets: Secrets, tmp_path: Path
) -> None:
    """What a person does who finds that families share phones more than the rules allow for."""
    env["KOI_SECRETS_FILE"] = str(settings.secrets_file)
    alone, wrong = tmp_path / "alone.toml", tmp_path / "wrong.toml"
    alone.write_text(RULES.replace("persons = 3", "persons = 1"))
    wrong.write_text(RULES.replace("links = 50", "links = 0"))
    async with following(settings.database_url, *VIEWS):
        one, other = await _two_on_a_phone(settings, secrets)

        shown = json.loads(await koi(env, "identity", "rules", "show", "--json"))
        refused = await koi(env, "identity", "rules", "check", str(wrong), code=1)
        compared = json.loads(await koi(env, "identity", "rules", "compare", str(alone), "--json"))
        why = json.loads(await koi(env, "identity", "why", "member_code:M2", "--json"))
        await koi(env, "identity", "rules", "adopt", str(alone), "--reason", "too many families")
        apart = json.loads(await koi(env, "identity", "why", str(one), "--json"))
        back = json.loads(await koi(env, "identity", "rules", "adopt", "--version", "1", "--reason", "back", "--json"))
        proposed = json.loads(await koi(env, "identity", "propose", "--json"))

        assert (await verify(settings.database_url, IDENTITY_GRAPH)).equal
    assert (shown["version"], back["version"]) == (1, 3)
    assert "must be 2 to 1000" in refused
    assert (compared["split"], compared["moved"]) == (1, 3)
    assert {step["customer_id"] for step in why["joined_by"]} == {str(one), str(other)}
    assert "13712345670" not in json.dumps(why)
    assert (apart["rules_version"], apart["kept_apart_by"][0]["hold"]) == (2, "shared")
    assert proposed["proposed"] == 0

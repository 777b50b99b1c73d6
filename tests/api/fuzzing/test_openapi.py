"""Every operation of the OpenAPI document, asked as the document allows and as it does not."""

from typing import Any

import msgspec
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from api.document import document
from tests.api.running import RunningKoi

_SCHEMA = schemathesis.openapi.from_dict(msgspec.json.decode(document()))


@_SCHEMA.parametrize()
@settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_operation_fails(case: "Case[Any]", fuzzed: RunningKoi) -> None:
    """Carried out or refused with a problem document (or the verdict of a check), never a failure of Koi's."""
    # Who waits for a position that never comes is told so, after seconds.
    for given, name in ((case.query, "wait_for"), (case.headers, "Koi-Wait-For")):
        given.pop(name, None)
    answer = case.call(base_url=fuzzed.url, headers={"X-API-Key": fuzzed.keys["all"]})
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and case.method != "HEAD" and b'"faults"' not in answer.content:
        assert answer.headers["content-type"] == ["application/problem+json"]

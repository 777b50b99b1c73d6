"""A noisy session: bad bodies with personal values on every path; none of them comes out again by a side door."""

import logging
import uuid

import httpx
import pytest

from tests.api.asking import a_name
from tests.api.running import RunningKoi

_NAME, _STREET = "欧阳不可见", "不可见路 8 号"


async def test_personal_values_are_in_no_answer_log_or_metric(
    koi: RunningKoi, everything: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever is wrong with the request: answers of errors name fields and codes, logs and metrics no values."""
    phone, mail = f"1390013{uuid.uuid4().int % 10_000:04}", f"{a_name()}@example.cn"
    values = (phone, mail, _NAME, _STREET)
    said = {"phone": phone, "email": mail, "name": _NAME, "address": {"street": _STREET}}
    key = koi.keys["ingest"]
    broken = f'{{"batch":[{{"type":"track","userId":"{mail}","properties":{{"phone":"{phone}"'
    headers = {"If-Match": "*", "Idempotency-Key": phone}
    nowhere = f"/api/v1/customers/{uuid.uuid4()}"
    requests = [
        ("POST", "/v1/batch", {"content": broken}),
        ("POST", "/v1/batch", {"json": {"batch": [said, {"type": "track", "traits": said}, [_NAME]]}}),
        ("POST", "/v1/identify", {"json": {"traits": said, "timestamp": _NAME}}),
        ("POST", "/api/v1/events", {"json": {"specversion": "1.0", "id": phone, "data": said}}),
        ("POST", "/api/v1/events", {"content": _NAME.encode()}),
        ("POST", "/capture/", {"json": {"api_key": key, "event": 7, "properties": said}}),
        ("POST", f"/sa?token={key}", {"json": {"type": _NAME, "properties": said}}),
        ("POST", f"/sa?token={phone}", {"json": said}),
        ("POST", "/api/v1/customers", {"json": {"identifiers": [{"type": "phone", "value": _NAME}]}}),
        ("POST", "/api/v1/customers", {"json": {"identifiers": [{"type": mail, "value": phone}], "attributes": said}}),
        ("POST", f"{nowhere}/attributes", {"json": {"attributes": said}, "headers": headers}),
        ("POST", f"{nowhere}/consents", {"json": said, "headers": headers}),
        ("POST", "/api/v1/erasures", {"json": {"identifiers": [{"type": "email", "value": _NAME}], "reason": phone}}),
        ("GET", f"/api/v1/customers?identifier=phone:{_NAME}", {}),
        ("GET", f"/api/v1/audit/why/{mail}", {}),
        ("POST", "/hooks/nobody/123456789012345678", {"content": f"<xml>{_NAME}{phone}</xml>"}),
    ]
    caplog.set_level(logging.DEBUG)
    for method, path, body in requests:
        answer = await everything.request(method, path, **body)  # type: ignore[arg-type]  # one table for all of them
        assert answer.status_code < 500, path
        for value in values:
            assert value not in answer.text, (path, answer.text)
    metrics = (await everything.get("/metrics")).text
    listed = (await everything.get("/api/v1/quarantine", params={"limit": 200})).text
    logs = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("koi", "litestar")))
    out = capfd.readouterr()
    for value in values:
        assert value not in metrics
        assert value not in listed
        assert value not in logs
        assert value not in out.out + out.err

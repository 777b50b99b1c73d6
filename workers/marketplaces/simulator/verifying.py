"""The signature rules once more, as the platforms' documents put them: what is tested must not check itself."""

import hashlib
import hmac


def is_signed_for_taobao(parameters: dict[str, str], secret: str) -> bool:
    """Sort all parameters by name, join names and values, then md5 or hmac, hex in capitals."""
    told = dict(parameters)
    given, method = told.pop("sign", ""), told.get("sign_method", "md5")
    joined = "".join(name + value for name, value in sorted(told.items())).encode("utf-8")
    if method == "md5":
        wrapped = secret.encode() + joined + secret.encode()
        return given == hashlib.new("md5", wrapped, usedforsecurity=False).hexdigest().upper()
    digest = {"hmac": "md5", "hmac-sha256": "sha256"}.get(method)
    return digest is not None and given == hmac.new(secret.encode(), joined, digest).hexdigest().upper()


def is_signed_for_jd(parameters: dict[str, str], secret: str) -> bool:
    """The same with md5 alone; neither `format` nor `sign_method` counts."""
    told = {name: value for name, value in parameters.items() if name not in {"sign", "format", "sign_method"}}
    joined = secret + "".join(name + told[name] for name in sorted(told)) + secret
    return parameters.get("sign") == hashlib.new("md5", joined.encode(), usedforsecurity=False).hexdigest().upper()


def is_signed_for_douyin(query: dict[str, str], body: bytes, secret: str) -> bool:
    """Five parameters in the order of their names, the secret around them and as the key of the HMAC."""
    told = ["app_key", query.get("app_key", ""), "method", query.get("method", ""), "param_json", body.decode()]
    told += ["timestamp", query.get("timestamp", ""), "v", query.get("v", "")]
    key = secret.encode()
    expected = hmac.new(key, secret.encode() + "".join(told).encode() + secret.encode(), hashlib.sha256)
    return query.get("sign_method") == "hmac-sha256" and query.get("sign") == expected.hexdigest()

"""The files that declare the example CRM as a source."""

from typing import Final

TOKEN: Final = "demo-crm-token"  # noqa: S105 - it guards made-up members
_CRM: Final = """\
# A CRM that is asked over HTTP for the members that have changed.
kind = "http"
url = "{address}/members"
rows = "data.items"                                       # where the rows lie in the answer
every = 10                                                # seconds
query = {{ page = "{{page}}", size = "{{size}}", since = "{{since}}" }}
paging = {{ style = "page", size = 200 }}
since = {{ field = "updated_at" }}                          # the newest one seen is asked for the next time
headers = {{ Authorization = "Bearer {token}" }}   # a real one: {{ env = "CRM_TOKEN" }}

[mapping]                                                 # what the rows mean, as for a file
source = "crm"
row = "customer"
key = ["id"]
time = "updated_at"
identifier = [{{ column = "id", type = "member_code" }}, {{ column = "mobile", type = "phone" }}]
tags = {{ column = "tags", mapping = "crm_tags.toml" }}

[mapping.fields]
city = "city"

[[mapping.consent]]
column = "sms"
channel = "sms"
values = {{ "是" = "granted", "否" = "withdrawn" }}
"""
_TAGS: Final = """\
# The CRM's tags in Koi's catalogue; a tag that is not here is kept as crm.crm.<name>.
kind = "tags"
source = "crm"

[tags."咖啡爱好者"]
key = "interest.coffee"
zh = "咖啡爱好者"
en = "Coffee lover"

[tags."等级"]
key = "member.level"
zh = "会员等级"
en = "Member level"
values = { "金卡" = "gold", "银卡" = "silver" }
"""


def declared(address: str) -> dict[str, str]:
    """Return the files by their names."""
    return {"crm.toml": _CRM.format(address=address, token=TOKEN), "crm_tags.toml": _TAGS}

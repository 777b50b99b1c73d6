"""Withdrawals: facts are never rewritten; what turns out to be wrong is taken back by a fact of its own (冲正)."""

from typing import Final

# Of the same customer, time, amount and currency as the fact it takes back, so that whatever sums one sums both to
# nothing; its body says which: `fact_id`, its `name`, the `reason` (missing, replaced, deleted) and the `file`.
WITHDRAWN: Final = "fact.withdrawn"

"""The customer at a glance: what she did, bought, said about herself and consented to.

Kept per customer, folded per profile when read. Counters cover all time; money over a window of days is summed from the
purchases when asked, so it is exact to the instant. Personal values stay sealed here as they are in the log.
"""

"""Why something happened, from events alone: back from a coupon or message to the fact and the launch behind it."""

"""Every module that defines events: importing this one completes the register of topics."""

from domain.access import disclosure
from domain.activity import sealing
from domain.campaigns import campaign
from domain.channels import message
from domain.context import weather
from domain.coupons import coupon
from domain.identity import customer, erasure, match, rule_book
from domain.journeys import run
from domain.products import product
from domain.scoring import model
from domain.segments import segment
from domain.tags import tag

__all__ = [
    "campaign",
    "coupon",
    "customer",
    "disclosure",
    "erasure",
    "match",
    "message",
    "model",
    "product",
    "rule_book",
    "run",
    "sealing",
    "segment",
    "tag",
    "weather",
]

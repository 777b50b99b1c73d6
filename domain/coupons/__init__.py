"""Coupons: one promise to one customer, kept once."""

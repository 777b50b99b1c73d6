"""What may be asked of coupons."""

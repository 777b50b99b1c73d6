"""Every coupon: to whom it was promised and why, whether it was used, and on which order."""

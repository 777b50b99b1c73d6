"""A made-up town of customers whose true type is known: what the core segments are measured on."""

"""What may be asked about who a customer is."""

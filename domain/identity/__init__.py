"""Identity: who a customer is, under how many names, and which customers are one person."""

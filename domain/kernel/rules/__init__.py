"""The one rule language: who is meant, and what is known of her, as data; judged live, in batch, and in words."""

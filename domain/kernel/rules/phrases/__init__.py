"""The words of rules: labels of what they name, and how Chinese and English put them together."""

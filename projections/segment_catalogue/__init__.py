"""Segments as they are defined: names, kind, the versions of whom they mean, and which of them are live."""

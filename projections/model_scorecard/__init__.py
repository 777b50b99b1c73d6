"""Models and their versions: what each learned from, how good it is, which speaks since when, what its runs said."""

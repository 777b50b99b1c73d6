"""People by their tags, as bitmaps over the rows of a run of the tags: counts of rules in a few milliseconds.

Made column by column from the run when a rule first asks for the column; the run is the truth and never changes, so
nothing here is ever edited. What bitmaps cannot say is `NotIndexedError`: whoever asks counts in the run itself.
"""

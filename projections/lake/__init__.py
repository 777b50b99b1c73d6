"""The lake: history as Parquet, by month of occurrence and customer bucket, written exactly once on any fsspec URL.

Where a segment of the log ends depends on the log alone, and so do the rows, their order and the names of its files:
a replay writes the same bytes. What lies after the last segment is read from PostgreSQL (`queries.read_facts` reads
both).
"""

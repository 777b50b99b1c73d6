"""All people at once: the rule tree compiled to one query over staged Parquet, for DuckDB here and Spark on a cluster.

`values_of`, `members_of` and `count` in `running.py` are what others call; `Lakehouse` is where the data is.
"""

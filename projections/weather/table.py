"""The table of weather."""

import sqlalchemy as sa

tables = sa.MetaData()

# The last word of each source on a day in a region.
observation = sa.Table(
    "observation",
    tables,
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("condition", sa.Text, nullable=False),
    sa.Column("temperature_high", sa.Double),
    sa.Column("temperature_low", sa.Double),
    sa.Column("precipitation_mm", sa.Double),
    sa.Column("is_forecast", sa.Boolean, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)

"""The tables of model_scorecard."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP, UUID

tables = sa.MetaData()

_WHEN = TIMESTAMP(timezone=True)

# One row a model; `version` is that of its stream, `promoted` the version of the model that speaks.
model = sa.Table(
    "model",
    tables,
    sa.Column("model_id", UUID, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("promoted", sa.Integer),
    sa.Column("promoted_at", _WHEN),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("model_key", "key", unique=True),
)

# One row a training.
version = sa.Table(
    "version",
    tables,
    sa.Column("model_id", UUID, primary_key=True),
    sa.Column("model_version", sa.Integer, primary_key=True),
    sa.Column("training", JSON, nullable=False),
    sa.Column("trained_at", _WHEN, nullable=False),
    sa.Column("trained_by", sa.Text, nullable=False),
    sa.Column("promoted_at", _WHEN),
    sa.Column("promoted_because", sa.Text),
    sa.Column("retired_at", _WHEN),
    sa.Column("retired_because", sa.Text),
)

# How good a version was found on later data.
evaluation = sa.Table(
    "evaluation",
    tables,
    sa.Column("model_id", UUID, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("model_version", sa.Integer, nullable=False),
    sa.Column("at", _WHEN, nullable=False),
    sa.Column("found", JSON, nullable=False),
)

# What was said of everybody as of an instant; without a path: from then on nothing is said.
run = sa.Table(
    "run",
    tables,
    sa.Column("model_id", UUID, primary_key=True),
    sa.Column("at", _WHEN, primary_key=True),
    sa.Column("is_live", sa.Boolean, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("model_version", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("path", sa.Text),
    sa.Column("sha256", sa.Text),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("drift", JSON),
)

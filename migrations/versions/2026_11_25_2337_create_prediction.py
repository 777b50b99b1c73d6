"""What the models that speak say of everybody: their last runs."""

from alembic import op

revision = "2026_11_25_2337"
down_revision = "2026_11_25_2105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create two tables."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE prediction (
            model text NOT NULL,
            profile_id uuid NOT NULL,
            at timestamptz NOT NULL,
            model_version integer NOT NULL,
            value double precision,
            label text,
            further jsonb NOT NULL,
            reasons jsonb,
            PRIMARY KEY (profile_id, model, at)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE prediction_run (
            model text NOT NULL,
            at timestamptz NOT NULL,
            model_version integer NOT NULL,
            PRIMARY KEY (model, at)
        )
        """
    )


def downgrade() -> None:
    """Drop them: the scores still lie in the lake."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE prediction_run")
    op.execute("DROP TABLE prediction")

"""When each declared source ran and what it brought; what a kind of source has to remember between two runs."""

from alembic import op

revision = "2026_11_25_2017"
down_revision = "2026_11_25_2010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE source_run (
            source text PRIMARY KEY,
            kind text NOT NULL,
            declared bytea NOT NULL,
            state text NOT NULL,
            reason text,
            failures integer NOT NULL DEFAULT 0,
            next_at timestamptz,
            asked_at timestamptz,
            began_at timestamptz,
            ended_at timestamptz,
            brought_at timestamptz,
            last json,
            read bigint NOT NULL DEFAULT 0,
            accepted bigint NOT NULL DEFAULT 0,
            duplicates bigint NOT NULL DEFAULT 0,
            quarantined bigint NOT NULL DEFAULT 0
        )
        """
    )
    op.execute(
        """
        CREATE TABLE source_memory (
            source text NOT NULL,
            key text NOT NULL,
            value json NOT NULL,
            updated_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (source, key)
        )
        """
    )


def downgrade() -> None:
    """Drop them: every source then runs at once, and finds what it brought before known."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE source_memory")
    op.execute("DROP TABLE source_run")

"""Create the hints of platforms: what has changed there and has to be asked for."""

from alembic import op

revision = "2026_11_25_2010"
down_revision = "2026_11_23_0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nothing exists yet that a lock could wait for."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
        CREATE TABLE source_hint (
            source text NOT NULL,
            subject text NOT NULL,
            received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (source, subject)
        )
    """)


def downgrade() -> None:
    """Drop the table: sources are asked regularly as well, a lost hint costs time alone."""
    op.execute("DROP TABLE source_hint")

"""Create the tokens of shops on marketplaces: they are renewed on the way, so they are kept, sealed."""

from alembic import op

revision = "2026_11_25_2041"
down_revision = "2026_11_25_2027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nothing exists yet that a lock could wait for."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
        CREATE TABLE marketplace_token (
            source text PRIMARY KEY,
            sealed bytea NOT NULL,
            given bytea NOT NULL,
            expires_at timestamptz,
            updated_at timestamptz NOT NULL DEFAULT now()
        )
    """)


def downgrade() -> None:
    """Drop the table: the shops are authorised anew."""
    op.execute("DROP TABLE marketplace_token")

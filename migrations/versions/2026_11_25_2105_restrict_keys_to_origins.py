"""A key may say which web pages use it: their origins; without any it is everybody's."""

from alembic import op

revision = "2026_11_25_2105"
down_revision = "2026_11_25_2045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a constant default rewrites no row."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE api_key ADD COLUMN origins text[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Drop the column: every key is everybody's again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE api_key DROP COLUMN origins")

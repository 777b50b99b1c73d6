"""Whose key is never to be made again: asked by every process that makes one, whatever it has heard."""

from alembic import op

revision = "2026_11_25_2027"
down_revision = "2026_11_25_2019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE TABLE erased_subject (subject_id uuid PRIMARY KEY)")


def downgrade() -> None:
    """Refuse: keys of erased people could be made again."""
    msg = "without it keys of erased people could be made again"
    raise RuntimeError(msg)

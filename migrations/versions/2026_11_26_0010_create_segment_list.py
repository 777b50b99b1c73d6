"""Create what segments that are lists are made of: the customers of each list, which never changes once it is made."""

from alembic import op

revision = "2026_11_26_0010"
down_revision = "2026_11_25_2340"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create a table."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE segment_list (
            list_id uuid NOT NULL,
            customer_id uuid NOT NULL,
            PRIMARY KEY (list_id, customer_id)
        )
        """
    )
    op.execute("CREATE INDEX segment_list_customer_idx ON segment_list (customer_id)")


def downgrade() -> None:
    """Drop it: the lists have to be uploaded again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE segment_list")

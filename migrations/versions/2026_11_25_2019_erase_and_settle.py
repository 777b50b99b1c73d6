"""Erasures: their few events found fast, their steps done once. The quarantine: how an entry came, and its outcome."""

from alembic import op

revision = "2026_11_25_2019"
down_revision = "2026_11_25_2017"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE INDEX decision_log_erasure_idx ON decision_log (notification_id)
    WHERE topic IN ('erasure.begun.v1', 'erasure.widened.v1', 'erasure.lifted.v1')
    """,
    """
    CREATE TABLE erasure_step (
        erasure_id uuid NOT NULL,
        step text NOT NULL,
        destroyed bigint NOT NULL,
        PRIMARY KEY (erasure_id, step)
    )
    """,
    # `came_by` says which parser or mapping an entry is replayed through, `about` what that needs besides the bytes.
    """
    ALTER TABLE quarantine
        ADD COLUMN came_by text NOT NULL DEFAULT '',
        ADD COLUMN about json NOT NULL DEFAULT '{}',
        ADD COLUMN state text NOT NULL DEFAULT 'open',
        ADD COLUMN settled_at timestamptz,
        ADD COLUMN settled_by text,
        ADD COLUMN outcome text
    """,
    "CREATE INDEX quarantine_open_idx ON quarantine (source, reason) WHERE state = 'open'",
    "CREATE INDEX quarantine_received_idx ON quarantine (received_at) WHERE state = 'open'",
)


def upgrade() -> None:
    """Add to what is there; the index over the log holds next to nothing, but reads all of it once."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was erased could come back."""
    msg = "without its suppressions the log would take erased people in again"
    raise RuntimeError(msg)

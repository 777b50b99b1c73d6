"""Know when members of live segments are lost, and what the last comparison of them with batch found."""

from alembic import op

revision = "2026_11_26_0425"
down_revision = "2026_11_26_0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    # How many rows of members there are: with fewer some are lost, and the segment is begun anew.
    "ALTER TABLE segmenting.segment ADD COLUMN chunks integer NOT NULL DEFAULT 0",
    "UPDATE segmenting.segment AS s SET chunks = (SELECT count(*) FROM segmenting.member AS m WHERE m.key = s.key)",
    # By segment: whom batch found in that was not (missing), and who was in without (surplus), some of them by profile.
    """
    CREATE TABLE segmenting.verified (
        key text PRIMARY KEY,
        verified_at timestamptz NOT NULL,
        members integer NOT NULL,
        missing integer NOT NULL,
        surplus integer NOT NULL,
        sample uuid[] NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Add both; a handful of rows."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them: both are found again."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE segmenting.verified")
    op.execute("ALTER TABLE segmenting.segment DROP COLUMN chunks")

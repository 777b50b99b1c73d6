"""Create what the segmenting worker keeps: who is in which segment, and whose membership changes next by time alone."""

from alembic import op

revision = "2026_11_25_2340"
down_revision = "2026_11_25_2337"
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE SCHEMA segmenting",
    # One row: whoever follows the log has raised the epoch, and writes nothing once another has.
    "CREATE TABLE segmenting.owner (is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only), epoch bigint NOT NULL)",
    "INSERT INTO segmenting.owner (epoch) VALUES (0)",
    # The segments whose changes are told. `walked` is how far everybody has been judged anew, NULL: to the end; what is
    # found on the way is told where it goes back to something that happened, at `telling_at`.
    """
    CREATE TABLE segmenting.segment (
        key text PRIMARY KEY,
        version integer NOT NULL,
        digest text NOT NULL,
        began_at timestamptz NOT NULL,
        walked uuid,
        telling_at timestamptz
    )
    """,
    # The customers by dense numbers, and whose profile each was part of when membership was last judged.
    """
    CREATE TABLE segmenting.person (
        customer_id uuid PRIMARY KEY,
        number integer NOT NULL UNIQUE,
        profile_id uuid NOT NULL
    )
    """,
    "CREATE INDEX person_profile_idx ON segmenting.person (profile_id)",
    # Members by the numbers of their profiles, 65,536 numbers a row, as serialised roaring bitmaps.
    """
    CREATE TABLE segmenting.member (
        key text NOT NULL,
        chunk integer NOT NULL,
        numbers bytea NOT NULL,
        PRIMARY KEY (key, chunk)
    )
    """,
    # The earliest instant at which a person's membership of any segment may change without anything happening.
    """
    CREATE TABLE segmenting.due (
        profile_id uuid PRIMARY KEY,
        due_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX due_at_idx ON segmenting.due (due_at)",
)


def upgrade() -> None:
    """Create the schema; nothing exists yet that a lock could wait for."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop it: membership can be judged anew from the log at any time."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP SCHEMA segmenting CASCADE")

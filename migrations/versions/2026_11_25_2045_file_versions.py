"""What became of each watched file, the versions of a file, and the fact behind a key."""

from alembic import op

revision = "2026_11_25_2045"
down_revision = "2026_11_25_2041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create two tables and a column that is empty for the keys there are: nothing is rewritten."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE watched_file (
            source text NOT NULL,
            address text NOT NULL,
            stamp text NOT NULL,
            state text NOT NULL,
            declared bytea NOT NULL,
            sha256 text,
            reason text,
            noted_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (source, address)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE file_version (
            identity text NOT NULL,
            file text NOT NULL,
            number integer NOT NULL,
            sha256 text NOT NULL,
            chunks integer NOT NULL,
            begun_at timestamptz NOT NULL DEFAULT now(),
            imported_at timestamptz,
            PRIMARY KEY (identity, file, number),
            UNIQUE (identity, file, sha256)
        )
        """
    )
    op.execute("ALTER TABLE fact_key ADD COLUMN fact_id bigint")
    # Of what files tell under keys; the messages of trackers have none, and pay nothing.
    op.execute("CREATE INDEX fact_key_fact_id_idx ON fact_key (fact_id) WHERE fact_id IS NOT NULL")


def downgrade() -> None:
    """Drop them: files are still known by their content, but no longer as versions of each other."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE fact_key DROP COLUMN fact_id")
    op.execute("DROP TABLE file_version")
    op.execute("DROP TABLE watched_file")

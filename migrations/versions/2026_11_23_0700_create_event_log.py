"""Create the event log: decisions, facts, and what is written in the same transaction as they are."""

from alembic import op

revision = "2026_11_23_0700"
down_revision = None
branch_labels = None
depends_on = None

# The shape the eventsourcing library's PostgreSQL recorder expects (9.5), plus an external state an auditor can read.
DECISION_LOG = (
    "CREATE TYPE stored_event_uuid AS (originator_id uuid, originator_version bigint, topic text, state bytea)",
    """
    CREATE TABLE decision_log (
        originator_id uuid NOT NULL,
        originator_version bigint NOT NULL,
        topic text NOT NULL,
        state bytea NOT NULL,
        notification_id bigserial,
        PRIMARY KEY (originator_id, originator_version)
    ) WITH (
        autovacuum_vacuum_threshold = 100000000,
        autovacuum_analyze_threshold = 1000,
        autovacuum_analyze_scale_factor = 0.01
    )
    """,
    "CREATE UNIQUE INDEX decision_log_notification_id_idx ON decision_log (notification_id)",
    """
    CREATE VIEW decisions AS
    SELECT notification_id AS position, originator_id AS stream_id, originator_version AS version, topic,
           convert_from(state, 'UTF8')::json AS state
    FROM decision_log
    """,
    """
    CREATE TABLE command_log (
        command_id uuid PRIMARY KEY,
        fingerprint bytea,
        position bigint NOT NULL,
        result json,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX command_log_recorded_at_idx ON command_log USING brin (recorded_at)",
)
# Partitioned by the month of recording: a month that has passed never changes again and can leave for the lake.
FACT_LOG = (
    """
    CREATE TABLE fact_log (
        fact_id bigint NOT NULL,
        recorded_at timestamptz NOT NULL,
        occurred_at timestamptz NOT NULL,
        customer_id uuid NOT NULL,
        name text NOT NULL,
        source text NOT NULL,
        amount bigint,
        currency text,
        body json NOT NULL,
        sealed bytea,
        PRIMARY KEY (fact_id, recorded_at)
    ) PARTITION BY RANGE (recorded_at)
    """,
    "CREATE INDEX fact_log_customer_idx ON fact_log (customer_id, occurred_at)",
    # A process takes a block of ids at a time, so the rows of one batch are one contiguous range.
    "CREATE SEQUENCE fact_block",
    """
    CREATE TABLE fact_key (
        key uuid PRIMARY KEY,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX fact_key_recorded_at_idx ON fact_key USING brin (recorded_at)",
)
PERSONAL = (
    """
    CREATE TABLE subject_key (
        subject_id uuid PRIMARY KEY,
        wrapped bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
)
READ_SIDE = (
    """
    CREATE TABLE projection_position (
        name text PRIMARY KEY,
        version integer NOT NULL,
        position bigint NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE dead_letter (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        projection text NOT NULL,
        position bigint NOT NULL,
        stream_id uuid NOT NULL,
        topic text NOT NULL,
        reason text NOT NULL,
        failed_at timestamptz NOT NULL DEFAULT now(),
        replayed_at timestamptz
    )
    """,
    "CREATE INDEX dead_letter_open_idx ON dead_letter (projection, stream_id) WHERE replayed_at IS NULL",
)
EDGES = (
    """
    CREATE TABLE api_key (
        key_id text PRIMARY KEY,
        label text NOT NULL,
        hash bytea NOT NULL,
        scopes text[] NOT NULL,
        source text,
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz
    )
    """,
    """
    CREATE TABLE quarantine (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source text NOT NULL,
        batch_key text NOT NULL,
        line bigint,
        reason text NOT NULL,
        detail text NOT NULL,
        sealed bytea NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX quarantine_once_idx ON quarantine (source, batch_key, line, reason) NULLS NOT DISTINCT",
    """
    CREATE TABLE sandbox_outbox (
        message_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        channel text NOT NULL,
        subject text,
        body text NOT NULL,
        parameters json NOT NULL,
        accepted_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX sandbox_outbox_accepted_idx ON sandbox_outbox (accepted_at, message_id)",
)


def upgrade() -> None:
    """Create everything; nothing exists yet that a lock could wait for."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (*DECISION_LOG, *FACT_LOG, *PERSONAL, *READ_SIDE, *EDGES):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: history is never dropped by a migration."""
    msg = "the event log is never dropped; restore a backup instead"
    raise RuntimeError(msg)

-- Rejects are work: found over all jobs, corrected, replayed; the receipt knows how fresh every entity is.

CREATE INDEX ingestion_jobs_loaded_ix ON staging.ingestion_jobs (tenant_id, entity_type, completed_at DESC)
    WHERE status IN ('completed', 'partially_failed');

-- Corrections of a job's kept records that somebody sent in. The same corrections to the same records are the same
-- row: `id` is a hash of both, and names the object that carries them.
CREATE TABLE staging.replays (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    id text NOT NULL CHECK (id ~ '^[0-9a-f]{32}$'),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'staged', 'done', 'failed')),
    records integer NOT NULL,
    corrected integer NOT NULL,
    staged_records integer NOT NULL DEFAULT 0,
    loaded_records integer NOT NULL DEFAULT 0,
    failed_records integer NOT NULL DEFAULT 0,
    hand_over jsonb,
    error_summary text,
    requested_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES staging.ingestion_jobs (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('staging.replays');
GRANT INSERT ON staging.replays TO ops_copilot;

-- A record that somebody corrected keeps what the file had said.
ALTER TABLE staging.staging_data ADD COLUMN original_data jsonb;

-- The API may call a job off; of a job it may change nothing else that says what became of the file.
GRANT UPDATE (status, error_code, error_summary, completed_at, updated_at, row_version)
    ON staging.ingestion_jobs TO ops_copilot;

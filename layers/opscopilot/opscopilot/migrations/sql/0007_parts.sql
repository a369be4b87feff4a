-- A file may hold several tables (sheets, members of an archive) and a large table several parts.
ALTER TABLE staging.ingestion_jobs DROP CONSTRAINT ingestion_jobs_status_check;
ALTER TABLE staging.ingestion_jobs
    ADD CONSTRAINT ingestion_jobs_status_check CHECK (status IN
        ('pending', 'running', 'needs_mapping', 'completed', 'partially_failed', 'failed', 'cancelled')),
    ADD COLUMN table_name text,
    ADD COLUMN parent_job_id uuid,
    ADD COLUMN parts integer NOT NULL DEFAULT 1;
CREATE INDEX ingestion_jobs_parent_ix ON staging.ingestion_jobs (tenant_id, parent_job_id)
    WHERE parent_job_id IS NOT NULL;
-- Every file is asked whether its bytes came before.
CREATE INDEX ingestion_jobs_sha256_ix ON staging.ingestion_jobs (tenant_id, sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE staging.job_parts (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    part_no integer NOT NULL,
    status text NOT NULL CHECK (status IN ('cut', 'staged', 'loaded')),
    part_key text NOT NULL,
    staged_key text,
    total_records integer NOT NULL DEFAULT 0,
    successful_records integer NOT NULL DEFAULT 0,
    failed_records integer NOT NULL DEFAULT 0,
    duplicate_records integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, part_no),
    FOREIGN KEY (tenant_id, job_id) REFERENCES staging.ingestion_jobs (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('staging.job_parts');

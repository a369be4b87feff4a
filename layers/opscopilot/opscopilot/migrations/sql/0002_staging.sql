-- Ingestion jobs, what could not be loaded (kept as it came), the job's log, and remembered mappings.
CREATE TABLE staging.ingestion_jobs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    source_type text NOT NULL DEFAULT 'erp' CHECK (source_type IN
        ('erp', 'accounting', 'inventory', 'sales', 'quality', 'production', 'pos', 'external_api')),
    source_system text NOT NULL,
    mode text NOT NULL DEFAULT 'push' CHECK (mode IN ('pull', 'push')),
    entity_type text,
    entity_score numeric(5,4),
    mapping jsonb,
    status text NOT NULL CHECK (status IN
        ('pending', 'running', 'completed', 'partially_failed', 'failed', 'cancelled')),
    file_name text NOT NULL,
    bucket text,
    object_key text,
    object_version text,
    size_bytes bigint,
    sha256 text,
    staged_key text,
    total_records integer NOT NULL DEFAULT 0,
    successful_records integer NOT NULL DEFAULT 0,
    failed_records integer NOT NULL DEFAULT 0,
    duplicate_records integer NOT NULL DEFAULT 0,
    error_code text,
    error_summary text,
    requested_by text,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT counters_add_up CHECK (status NOT IN ('completed', 'partially_failed')
        OR total_records = successful_records + failed_records + duplicate_records)
);
CREATE INDEX ingestion_jobs_recent_ix ON staging.ingestion_jobs (tenant_id, created_at DESC, id);
CREATE INDEX ingestion_jobs_open_ix ON staging.ingestion_jobs (tenant_id, entity_type)
    WHERE status IN ('pending', 'running');
SELECT platform.secure_table('staging.ingestion_jobs');
GRANT INSERT ON staging.ingestion_jobs TO ops_copilot;

CREATE TABLE staging.staging_data (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    record_no integer NOT NULL,
    entity_type text NOT NULL,
    natural_key text,
    raw_data jsonb NOT NULL,
    validation_status text NOT NULL CHECK (validation_status IN
        ('pending', 'valid', 'warning', 'invalid', 'duplicate', 'superseded')),
    errors jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, record_no),
    FOREIGN KEY (tenant_id, job_id) REFERENCES staging.ingestion_jobs (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('staging.staging_data');

CREATE TABLE staging.ingestion_log_entries (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    level text NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    code text NOT NULL,
    field text,
    message text NOT NULL,
    raw_value text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES staging.ingestion_jobs (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('staging.ingestion_log_entries');

CREATE TABLE staging.data_connector_configs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    connector_type text NOT NULL,
    name text NOT NULL,
    config_json jsonb NOT NULL,
    secret_ref text,
    schedule text,
    is_active boolean NOT NULL DEFAULT true,
    last_success_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
SELECT platform.secure_table('staging.data_connector_configs');
GRANT INSERT, UPDATE ON staging.data_connector_configs TO ops_copilot;

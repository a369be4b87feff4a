-- Where every pull stands, and when the next is due.
ALTER TABLE staging.data_connector_configs
    ADD COLUMN source_type text NOT NULL DEFAULT 'erp' CHECK (source_type IN
        ('erp', 'accounting', 'inventory', 'sales', 'quality', 'production', 'pos', 'external_api')),
    ADD COLUMN next_run_at timestamptz;
CREATE INDEX data_connector_configs_due_ix ON staging.data_connector_configs (tenant_id, next_run_at)
    WHERE next_run_at IS NOT NULL;

-- One row per stream of a connector. `watermark` moves when a pull is complete; `resume`, `high` and `sequence`
-- say where the pull of `job_id` stands, and move only after what was fetched has landed.
CREATE TABLE staging.connector_state (
    tenant_id uuid NOT NULL,
    connector text NOT NULL,
    stream text NOT NULL,
    watermark text,
    job_id uuid,
    sequence integer NOT NULL DEFAULT 0,
    resume jsonb,
    resume_lasts boolean NOT NULL DEFAULT false,
    high text,
    fetched bigint NOT NULL DEFAULT 0,
    waits integer NOT NULL DEFAULT 0,
    last_started_at timestamptz,
    last_success_at timestamptz,
    last_failed_at timestamptz,
    last_error_code text,
    last_error text,
    failures_in_row integer NOT NULL DEFAULT 0,
    paused_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connector, stream),
    FOREIGN KEY (tenant_id, connector) REFERENCES staging.data_connector_configs (tenant_id, name) ON DELETE CASCADE
);
SELECT platform.secure_table('staging.connector_state');
-- Saving a connector wakes its paused streams.
GRANT UPDATE (paused_at, failures_in_row, updated_at) ON staging.connector_state TO ops_copilot;

CREATE INDEX ingestion_jobs_pulled_ix ON staging.ingestion_jobs (tenant_id, source_system, status)
    WHERE mode = 'pull' AND status IN ('pending', 'running');

-- The schedule runs for every tenant: ingest may read the list of tenants, to then take them one transaction at a
-- time, as forecast and notify do.
ALTER POLICY registry ON platform.tenants TO ops_forecast, ops_notify, ops_ingest;

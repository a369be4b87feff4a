-- Runs of the forecasting state machine: what was asked, where it stands, what it cost.
-- id: the run a caller asked for, or one that follows from the execution and the tenant.
-- step: the last step that began. resumed_batches: batches that an interrupted run before this one had finished.
CREATE TABLE forecast.forecast_runs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    scope text NOT NULL DEFAULT 'demand' CHECK (scope IN ('demand', 'adhoc')),
    started_by text NOT NULL CHECK (started_by IN ('request', 'data', 'schedule')),
    execution text NOT NULL,
    status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'skipped', 'failed')),
    step text NOT NULL DEFAULT 'plan' CHECK (step IN ('plan', 'prepare', 'forecast', 'reconcile', 'publish', 'done')),
    periods text[] NOT NULL DEFAULT '{}',
    versions uuid[] NOT NULL DEFAULT '{}',
    resumed_batches integer NOT NULL DEFAULT 0,
    reason text,
    error text,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT failed_says_why CHECK (status <> 'failed' OR error IS NOT NULL)
);
CREATE INDEX forecast_runs_recent_ix ON forecast.forecast_runs (tenant_id, started_at DESC, id DESC);
CREATE INDEX forecast_runs_open_ix ON forecast.forecast_runs (tenant_id, updated_at) WHERE status = 'running';
SELECT platform.secure_table('forecast.forecast_runs');

-- The items of a forecast that somebody asked for by hand (a version of scope adhoc, never published).
CREATE TABLE forecast.adhoc_items (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, version_id, sku_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.adhoc_items');

-- A batch belongs to the run that computes it. gb_seconds adds up over its attempts.
ALTER TABLE forecast.model_executions
    ADD COLUMN run_id uuid,
    ADD COLUMN memory_mb integer,
    ADD COLUMN gb_seconds numeric(14,4) NOT NULL DEFAULT 0;

-- prepared_at: its demand history is built and its series are dealt. reconciled_at: its levels add up.
ALTER TABLE forecast.forecast_versions
    ADD COLUMN prepared_at timestamptz,
    ADD COLUMN reconciled_at timestamptz;

-- A draft that failed keeps its finished batches and may be taken up again by a run on the same data.
CREATE OR REPLACE FUNCTION forecast.guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moves CONSTANT text[] := ARRAY['draft>published', 'draft>failed', 'failed>draft', 'published>superseded',
        'superseded>archived'];
    mutable CONSTANT text[] := ARRAY['status', 'updated_at', 'row_version'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status IN ('draft', 'failed') THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'Forecast version % is % and cannot be deleted.', OLD.code, OLD.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.status <> OLD.status AND NOT (OLD.status || '>' || NEW.status) = ANY (moves) THEN
        RAISE EXCEPTION 'Forecast version % cannot go from % to %.', OLD.code, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status NOT IN ('draft', 'failed') AND (to_jsonb(NEW) - mutable) IS DISTINCT FROM (to_jsonb(OLD) - mutable)
    THEN
        RAISE EXCEPTION 'Forecast version % is % and cannot be changed; make a new version.', OLD.code, OLD.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- Whether files are still being loaded decides when a forecast that data started may begin.
GRANT USAGE ON SCHEMA staging TO ops_forecast;
GRANT SELECT (tenant_id, id, status, created_at, updated_at) ON staging.ingestion_jobs TO ops_forecast;

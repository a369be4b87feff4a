-- What planners say about forecasts: the settings of their plan, what they override and why, what in the history
-- was no demand. Written by the API; the forecast function reads it and never writes it.
GRANT USAGE ON SCHEMA planning TO ops_forecast;

-- One row per tenant; none = the defaults of forecasting/settings.py, which also says what `settings` may hold.
CREATE TABLE planning.forecast_settings (
    tenant_id uuid NOT NULL PRIMARY KEY,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    updated_by text,
    row_version integer NOT NULL DEFAULT 1
);
SELECT platform.secure_table('planning.forecast_settings');
GRANT SELECT ON planning.forecast_settings TO ops_forecast;

-- A planner's number for one entity and bucket. The published row it stands over never changes (P-52): reading lays
-- the open override over it, the next version is made with it. A draft's own overrides (draft_id) count for others
-- once that version was published. statistical_value is what the engine had said when the planner spoke; as_of and
-- revoked_as_of are days of the plant, which may be frozen.
CREATE TABLE planning.forecast_overrides (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    forecast_id uuid NOT NULL,
    version_id uuid NOT NULL,
    draft_id uuid,
    entity_type text NOT NULL CHECK (entity_type IN ('sku', 'sku_location', 'family', 'plant')),
    entity_id uuid NOT NULL,
    location_id uuid,
    period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly')),
    bucket_start date NOT NULL,
    value numeric(18,6) NOT NULL CHECK (value >= 0),
    statistical_value numeric(18,6) NOT NULL CHECK (statistical_value >= 0),
    uom varchar(3) NOT NULL,
    reason text NOT NULL CHECK (length(btrim(reason)) >= 5),
    reason_category text NOT NULL CHECK (reason_category IN ('promotion', 'price_change', 'new_customer',
        'lost_customer', 'new_item', 'phase_out', 'supply', 'event', 'data_error', 'judgement')),
    as_of date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    revoked_at timestamptz,
    revoked_by text,
    revoked_as_of date,
    replaced_by uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT revoked_by_somebody CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX one_open_override ON planning.forecast_overrides
    (tenant_id, entity_type, entity_id, location_id, period, bucket_start, draft_id) NULLS NOT DISTINCT
    WHERE revoked_at IS NULL;
CREATE INDEX forecast_overrides_bucket_ix ON planning.forecast_overrides (tenant_id, period, bucket_start, entity_id);
SELECT platform.secure_table('planning.forecast_overrides');
GRANT SELECT ON planning.forecast_overrides TO ops_forecast;

-- What a person says about a bucket of demand: leave it out of what is learned, keep it although it looks like an
-- outlier, or learn from another quantity. The order lines and the ordered quantity stay as they are.
CREATE TABLE planning.demand_adjustments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    location_id uuid,
    period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly')),
    bucket_start date NOT NULL,
    action text NOT NULL CHECK (action IN ('exclude', 'keep', 'replace')),
    qty numeric(18,6) CHECK (qty >= 0),
    reason text NOT NULL CHECK (length(btrim(reason)) >= 5),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    revoked_at timestamptz,
    revoked_by text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT replace_says_by_what CHECK ((action = 'replace') = (qty IS NOT NULL)),
    CONSTRAINT adjustment_revoked_by_somebody CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX one_open_adjustment ON planning.demand_adjustments
    (tenant_id, sku_id, location_id, period, bucket_start) NULLS NOT DISTINCT WHERE revoked_at IS NULL;
SELECT platform.secure_table('planning.demand_adjustments');
GRANT SELECT ON planning.demand_adjustments TO ops_forecast;

-- A version made with open overrides keeps beside them what the engine had said: statistical_bounds are its
-- lower_95, lower_80, upper_80, upper_95. All three null where nobody overrode the row.
ALTER TABLE forecast.forecasts
    ADD COLUMN statistical_value numeric(18,6) CHECK (statistical_value >= 0),
    ADD COLUMN statistical_bounds numeric(18,6)[],
    ADD COLUMN override_id uuid;

-- Sums over the rolling origins, so that levels above are made of sums before ratios: n, actual, error, absolute,
-- squared, scale, inside_80, inside_95 (null = not kept). backtest_lead: only the lag that matters, the lead time.
ALTER TABLE forecast.forecast_series
    ADD COLUMN backtest_sums double precision[],
    ADD COLUMN backtest_lead double precision[];

-- level item: one series. Others add up the items of a family, an ABC class, a base unit (plant), or all (total).
-- lag_basis lead_time: each item at its own lead time, rounded up to periods; lag is that number for an item and 0
-- for a sum of items. Sums are kept beside the ratios, to be added up again.
-- Errors are actual - forecast. naive: the best simple method of the version. engine: without planners' overrides.
-- uom null: items of several units, weighted with their list price (else unit cost).
ALTER TABLE forecast.forecast_accuracy_metrics
    ADD COLUMN level text NOT NULL DEFAULT 'item' CHECK (level IN ('item', 'family', 'abc_class', 'plant', 'total')),
    ADD COLUMN group_code text,
    ADD COLUMN uom varchar(3),
    ADD COLUMN lag_basis text NOT NULL DEFAULT 'fixed' CHECK (lag_basis IN ('fixed', 'lead_time', 'all')),
    ADD COLUMN sum_actual double precision,
    ADD COLUMN sum_error double precision,
    ADD COLUMN sum_absolute double precision,
    ADD COLUMN sum_squared double precision,
    ADD COLUMN sum_scale double precision,
    ADD COLUMN sum_scaled double precision,
    ADD COLUMN naive_absolute double precision,
    ADD COLUMN naive_wape double precision,
    ADD COLUMN engine_absolute double precision,
    ADD COLUMN engine_wape double precision,
    ADD COLUMN overridden integer NOT NULL DEFAULT 0,
    ADD COLUMN inside_80 double precision,
    ADD COLUMN inside_95 double precision,
    DROP CONSTRAINT forecast_accuracy_metrics_key,
    ADD CONSTRAINT forecast_accuracy_metrics_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, kind, level, entity_type, entity_id, location_id, group_code, uom, lag_basis, lag);

-- What people did with versions, beyond the runs' own publishing. withdrawn: taken out of force by a rollback; it is
-- not measured against what came, and the same data do not bring it back by themselves.
CREATE TABLE forecast.version_moves (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    version_id uuid NOT NULL,
    move text NOT NULL CHECK (move IN ('cloned', 'published', 'archived', 'withdrawn', 'restored')),
    reason text,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX version_moves_version_ix ON forecast.version_moves (tenant_id, version_id, created_at);
SELECT platform.secure_table('forecast.version_moves');

-- A rollback names the version it puts back in force; nothing else may go from superseded to published. What the
-- version says stays as it was published.
CREATE OR REPLACE FUNCTION forecast.guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moves CONSTANT text[] := ARRAY['draft>published', 'draft>failed', 'failed>draft', 'published>superseded',
        'superseded>archived'];
    mutable CONSTANT text[] := ARRAY['status', 'updated_at', 'row_version'];
    move CONSTANT text := OLD.status || '>' || CASE WHEN TG_OP = 'DELETE' THEN 'deleted' ELSE NEW.status END;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status IN ('draft', 'failed') THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'Forecast version % is % and cannot be deleted.', OLD.code, OLD.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.status <> OLD.status AND NOT move = ANY (moves) AND NOT (
        move = 'superseded>published' AND coalesce(current_setting('app.rollback_to', true), '') = NEW.id::text)
    THEN
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

ALTER TABLE forecast.forecast_models
    ADD COLUMN validated_at timestamptz,
    ADD COLUMN activated_at timestamptz,
    ADD COLUMN retired_at timestamptz;
UPDATE forecast.forecast_models SET activated_at = created_at WHERE status = 'active';

-- A challenger beside the active model on the same series and rolling origins: sums of one version's run. The
-- challenger's forecasts are kept to be held against what comes.
CREATE TABLE forecast.model_trials (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    model_id uuid NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid NOT NULL,
    location_id uuid,
    n double precision NOT NULL,
    scale double precision,
    absolute double precision NOT NULL,
    champion_absolute double precision NOT NULL,
    actual double precision NOT NULL,
    coverage_95 double precision,
    champion_coverage_95 double precision,
    milliseconds double precision,
    CONSTRAINT model_trials_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, model_id, entity_type, entity_id, location_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, model_id) REFERENCES forecast.forecast_models (tenant_id, id)
);
SELECT platform.secure_table('forecast.model_trials');

CREATE TABLE forecast.challenger_forecasts (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    model_id uuid NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid NOT NULL,
    location_id uuid,
    bucket_start date NOT NULL,
    value numeric(18,6) NOT NULL CHECK (value >= 0),
    CONSTRAINT challenger_forecasts_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, model_id, entity_type, entity_id, location_id, bucket_start),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, model_id) REFERENCES forecast.forecast_models (tenant_id, id)
);
SELECT platform.secure_table('forecast.challenger_forecasts');

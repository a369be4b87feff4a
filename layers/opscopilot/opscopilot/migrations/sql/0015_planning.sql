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

-- Forecast versions (immutable once published), what they say, how good they were, what follows for stock,
-- and the alerts that come of it.
CREATE TABLE forecast.forecast_models (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    name text NOT NULL,
    version text NOT NULL,
    type text NOT NULL CHECK (type IN ('demand', 'inventory', 'supply', 'quality')),
    method text NOT NULL,
    params jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL CHECK (status IN ('registered', 'validated', 'active', 'retired')),
    trained_at timestamptz,
    training_from date,
    training_to date,
    metrics jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name, version)
);
SELECT platform.secure_table('forecast.forecast_models');

-- `scope` names what is forecast (demand of every SKU of the plant); one version of it is in force at a time.
CREATE TABLE forecast.forecast_versions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    code text NOT NULL,
    name text NOT NULL,
    scope text NOT NULL DEFAULT 'demand',
    period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly')),
    status text NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'published', 'superseded', 'archived', 'failed')),
    as_of date NOT NULL,
    history_end date NOT NULL,
    horizon_start date NOT NULL,
    horizon_end date NOT NULL,
    horizon_periods integer NOT NULL CHECK (horizon_periods > 0),
    input_fingerprint text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    model_id uuid NOT NULL,
    batches integer NOT NULL DEFAULT 0,
    series_count integer NOT NULL DEFAULT 0,
    forecast_count integer NOT NULL DEFAULT 0,
    refused_count integer NOT NULL DEFAULT 0,
    metrics jsonb NOT NULL DEFAULT '{}',
    locked boolean NOT NULL DEFAULT false,
    error text,
    published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    CONSTRAINT horizon_runs_forward CHECK (history_end < horizon_start AND horizon_start <= horizon_end),
    CONSTRAINT published_is_locked CHECK (status NOT IN ('published', 'superseded', 'archived')
        OR (locked AND published_at IS NOT NULL)),
    FOREIGN KEY (tenant_id, model_id) REFERENCES forecast.forecast_models (tenant_id, id)
);
CREATE UNIQUE INDEX one_published_version ON forecast.forecast_versions (tenant_id, scope, period)
    WHERE status = 'published';
CREATE UNIQUE INDEX one_draft_per_input ON forecast.forecast_versions (tenant_id, scope, period, input_fingerprint)
    WHERE status = 'draft';
CREATE INDEX forecast_versions_recent_ix ON forecast.forecast_versions (tenant_id, created_at DESC, id);
SELECT platform.secure_table('forecast.forecast_versions');

CREATE TABLE forecast.model_executions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    model_id uuid NOT NULL,
    version_id uuid NOT NULL,
    batch integer NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    status text NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    input_hash text NOT NULL,
    series integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    latency_ms integer,
    error text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, version_id, batch),
    FOREIGN KEY (tenant_id, model_id) REFERENCES forecast.forecast_models (tenant_id, id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id)
);
SELECT platform.secure_table('forecast.model_executions');

-- Demand as it was requested, in the SKU's base unit, one row per period between the first demand and the last
-- complete period. Belongs to no version: it is a fact, rebuilt from the order lines.
CREATE TABLE forecast.demand_history (
    tenant_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly')),
    bucket_start date NOT NULL,
    ordered_qty numeric(18,6) NOT NULL CHECK (ordered_qty >= 0),
    shipped_qty numeric(18,6) NOT NULL,
    lost_qty numeric(18,6) NOT NULL DEFAULT 0 CHECK (lost_qty >= 0),
    was_stocked_out boolean NOT NULL DEFAULT false,
    was_promo boolean NOT NULL DEFAULT false,
    unconstrained_qty numeric(18,6) NOT NULL CHECK (unconstrained_qty >= 0),
    cleaning_rule text NOT NULL DEFAULT 'as_ordered',
    order_lines integer NOT NULL DEFAULT 0,
    uom varchar(3) NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, sku_id, period, bucket_start)
);
SELECT platform.secure_table('forecast.demand_history');

-- One row per version and SKU: the plan puts it there (pending, with its batch), the batch decides it.
-- bias = sum of (actual - forecast) / sum of actuals: negative means forecast too high.
-- lead_time_quantiles: demand over the lead time, not exceeded with the probabilities in lead_time_levels.
-- order_up_to: demand over lead time and review time (protection_days) at the service level of the version.
-- recent_volume: demand of the last year, the weight of this series in figures over all series.
CREATE TABLE forecast.forecast_series (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    entity_type text NOT NULL DEFAULT 'sku' CHECK (entity_type IN ('sku')),
    entity_id uuid NOT NULL,
    sku_code text NOT NULL,
    batch integer NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ok', 'refused')),
    reason text,
    method text,
    note text,
    demand_class text,
    uom varchar(3) NOT NULL,
    history_start date,
    history_periods integer NOT NULL DEFAULT 0,
    origins integer NOT NULL DEFAULT 0,
    wape double precision,
    bias double precision,
    mase double precision,
    coverage_80 double precision,
    coverage_95 double precision,
    loss_name text,
    loss double precision,
    naive_name text,
    naive_wape double precision,
    naive_loss double precision,
    lead_time_days_mean double precision,
    lead_time_days_sd double precision,
    lead_time_basis text,
    lead_time_n integer,
    lead_time_mean double precision,
    lead_time_levels double precision[],
    lead_time_quantiles double precision[],
    protection_days double precision,
    order_up_to double precision,
    recent_volume double precision,
    PRIMARY KEY (tenant_id, version_id, entity_type, entity_id),
    CONSTRAINT refused_says_why CHECK (status <> 'refused' OR reason IS NOT NULL),
    CONSTRAINT ok_names_its_method CHECK (status <> 'ok' OR method IS NOT NULL),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX forecast_series_batch_ix ON forecast.forecast_series (tenant_id, version_id, batch, sku_code);
SELECT platform.secure_table('forecast.forecast_series');

CREATE TABLE forecast.forecasts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    version_id uuid NOT NULL,
    entity_type text NOT NULL DEFAULT 'sku' CHECK (entity_type IN ('sku')),
    entity_id uuid NOT NULL,
    location_id uuid,
    bucket_start date NOT NULL,
    value numeric(18,6) NOT NULL,
    lower_80 numeric(18,6) NOT NULL,
    upper_80 numeric(18,6) NOT NULL,
    lower_95 numeric(18,6) NOT NULL,
    upper_95 numeric(18,6) NOT NULL,
    confidence_level numeric(5,2) NOT NULL DEFAULT 95 CHECK (confidence_level > 0 AND confidence_level < 100),
    uom varchar(3) NOT NULL,
    method text NOT NULL,
    model_id uuid NOT NULL,
    baseline_method text,
    baseline_value numeric(18,6) CHECK (baseline_value >= 0),
    is_override boolean NOT NULL DEFAULT false,
    override_reason text,
    promo_uplift numeric(18,6),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT forecasts_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, entity_type, entity_id, location_id, bucket_start),
    CONSTRAINT interval_holds_value CHECK (0 <= lower_95 AND lower_95 <= lower_80 AND lower_80 <= value
        AND value <= upper_80 AND upper_80 <= upper_95),
    CONSTRAINT override_says_why CHECK (NOT is_override OR override_reason IS NOT NULL),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.forecasts');

-- `kind` backtest: rolling origins on history; live: a published forecast against what then came (P-52).
-- entity_id null: all SKUs together, sums before ratios. lag: periods between the forecast and its target.
CREATE TABLE forecast.forecast_accuracy_metrics (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    version_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('backtest', 'live')),
    entity_type text NOT NULL DEFAULT 'sku' CHECK (entity_type IN ('sku')),
    entity_id uuid,
    lag integer NOT NULL CHECK (lag >= 0),
    window_start date,
    window_end date,
    mae double precision,
    rmse double precision,
    wape double precision,
    mase double precision,
    bias double precision,
    tracking_signal double precision,
    coverage_80 double precision,
    coverage_95 double precision,
    n integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT forecast_accuracy_metrics_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, kind, entity_type, entity_id, lag),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.forecast_accuracy_metrics');

-- risk_level and stockout_probability are null where nothing can be said (no demand forecast); risk_factors
-- says why. days_until_critical null with days_horizon set: not within the horizon.
CREATE TABLE forecast.inventory_risks (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    sku_code text NOT NULL,
    as_of date NOT NULL,
    uom varchar(3) NOT NULL,
    risk_level text CHECK (risk_level IN ('critical', 'high', 'medium', 'low')),
    stockout_probability numeric(7,6) CHECK (stockout_probability BETWEEN 0 AND 1),
    days_until_critical integer CHECK (days_until_critical >= 0),
    days_of_supply numeric(10,2) CHECK (days_of_supply >= 0),
    days_horizon integer NOT NULL,
    recommended_reorder_qty numeric(18,6) NOT NULL CHECK (recommended_reorder_qty >= 0),
    reorder_needed boolean,
    reorder_recommended boolean NOT NULL,
    needs_human boolean NOT NULL DEFAULT false,
    risk_factors text[] NOT NULL DEFAULT '{}',
    on_hand numeric(18,6) NOT NULL,
    available numeric(18,6) NOT NULL,
    on_order numeric(18,6) NOT NULL,
    due_in_lead_time numeric(18,6) NOT NULL,
    backorders numeric(18,6) NOT NULL,
    inventory_position numeric(18,6) NOT NULL,
    reorder_point numeric(18,6),
    reorder_point_basis text CHECK (reorder_point_basis IN ('master', 'forecast')),
    safety_stock numeric(18,6),
    order_up_to numeric(18,6),
    lead_time_days_mean numeric(10,3),
    lead_time_days_sd numeric(10,3),
    lead_time_basis text,
    lead_time_n integer,
    lead_time_demand numeric(18,6),
    expected_lost_qty numeric(18,6),
    unit_value numeric(19,6),
    unit_value_basis text CHECK (unit_value_basis IN ('list_price', 'recent_price', 'unit_cost')),
    money_at_stake numeric(19,4) CHECK (money_at_stake >= 0),
    currency char(3),
    PRIMARY KEY (tenant_id, version_id, sku_id),
    CONSTRAINT money_has_a_currency CHECK (money_at_stake IS NULL OR currency IS NOT NULL),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX inventory_risks_rank_ix ON forecast.inventory_risks
    (tenant_id, version_id, money_at_stake DESC NULLS LAST, sku_id);
SELECT platform.secure_table('forecast.inventory_risks');

-- Who acknowledged an alert is kept beside the notifications; here an alert is open until its condition ends.
CREATE TABLE forecast.forecast_alerts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    alert_type text NOT NULL CHECK (alert_type IN ('threshold_breach', 'anomaly', 'stockout_risk', 'forecast_bias',
        'ccp_breach', 'lot_hold', 'supplier_risk', 'osa_gap')),
    severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    title text NOT NULL,
    message text NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid,
    entity_code text,
    dedupe_key text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'acknowledged', 'resolved', 'expired')),
    observed numeric(24,6),
    threshold numeric(24,6),
    uom varchar(3),
    amount numeric(19,4),
    currency char(3),
    deadline timestamptz,
    as_of date NOT NULL,
    version_id uuid NOT NULL,
    event_id uuid,
    details jsonb NOT NULL DEFAULT '{}',
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    seen_count integer NOT NULL DEFAULT 1,
    resolved_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT amount_has_a_currency CHECK (amount IS NULL OR currency IS NOT NULL)
);
CREATE UNIQUE INDEX one_open_alert_per_condition ON forecast.forecast_alerts (tenant_id, dedupe_key)
    WHERE status IN ('open', 'acknowledged');
CREATE INDEX forecast_alerts_recent_ix ON forecast.forecast_alerts (tenant_id, last_seen_at DESC, id);
SELECT platform.secure_table('forecast.forecast_alerts');

-- P-52: what was published stays as it was. Checked by statement, so that a bulk load pays once.
CREATE FUNCTION forecast.refuse_published_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen text;
BEGIN
    SELECT v.code INTO frozen FROM forecast.forecast_versions v
        WHERE v.status IN ('published', 'superseded', 'archived')
          AND (v.tenant_id, v.id) IN (SELECT DISTINCT c.tenant_id, c.version_id FROM changed c) LIMIT 1;
    IF frozen IS NOT NULL THEN
        RAISE EXCEPTION 'Forecast version % is published and cannot be changed; make a new version.', frozen
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION forecast.guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moves CONSTANT text[] := ARRAY['draft>published', 'draft>failed', 'published>superseded', 'superseded>archived'];
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
    IF OLD.status <> 'draft' AND (to_jsonb(NEW) - mutable) IS DISTINCT FROM (to_jsonb(OLD) - mutable) THEN
        RAISE EXCEPTION 'Forecast version % is % and cannot be changed; make a new version.', OLD.code, OLD.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_version BEFORE UPDATE OR DELETE ON forecast.forecast_versions
    FOR EACH ROW EXECUTE FUNCTION forecast.guard_version();

DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['forecasts', 'forecast_series', 'inventory_risks'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_insert AFTER INSERT ON forecast.%I REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
        EXECUTE format('CREATE TRIGGER refuse_update AFTER UPDATE ON forecast.%I REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
        EXECUTE format('CREATE TRIGGER refuse_move AFTER UPDATE ON forecast.%I REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
        EXECUTE format('CREATE TRIGGER refuse_delete AFTER DELETE ON forecast.%I REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
    END LOOP;
END $$;

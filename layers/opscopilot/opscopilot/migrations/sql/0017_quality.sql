-- Sensors and their readings, as declared; quality forecasts, control charts and what sensors had to say.
CREATE TABLE manufacturing.sensors (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sensor_code text NOT NULL,
    name text,
    line text,
    equipment text,
    zone text,
    measure text NOT NULL CHECK (measure IN ('temperature', 'pressure', 'weight', 'speed', 'humidity', 'ph', 'metal', 'other')),
    uom varchar(3),
    lo_spec numeric(18,6),
    hi_spec numeric(18,6),
    lo_alarm numeric(18,6),
    hi_alarm numeric(18,6),
    sample_s integer,
    status text NOT NULL CHECK (status IN ('active', 'calibration_due', 'faulty', 'retired')),
    calibrated_until date,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    source_as_of timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sensors_key UNIQUE NULLS NOT DISTINCT (tenant_id, sensor_code)
);
CREATE INDEX sensors_source_ix ON manufacturing.sensors (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.sensors');

CREATE TABLE manufacturing.sensor_readings (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sensor_id uuid NOT NULL,
    ts timestamptz NOT NULL,
    value numeric(18,6) NOT NULL,
    quality text NOT NULL CHECK (quality IN ('good', 'uncertain', 'bad')),
    production_day date NOT NULL,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    source_as_of timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sensor_readings_key UNIQUE NULLS NOT DISTINCT (tenant_id, sensor_id, ts)
);
ALTER TABLE manufacturing.sensor_readings ADD CONSTRAINT sensor_readings_sensor_id_fk FOREIGN KEY (tenant_id, sensor_id) REFERENCES manufacturing.sensors (tenant_id, id);
CREATE INDEX sensor_readings_source_ix ON manufacturing.sensor_readings (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.sensor_readings');

-- Scrap expected per version, SKU and line ('' = no line was recorded). Quantities in the unit beside them.
-- rate = sum of scrap / sum of (good + scrap) of the window, recency_rate the same with older orders weighing less,
-- expected_rate after shrinking towards line, SKU and plant. Bounds are of the next period's rate for the planned
-- quantity. baseline: what excess is measured against. origins and the losses: rolling origins, out of sample.
CREATE TABLE forecast.quality_forecasts (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    sku_code text NOT NULL,
    line text NOT NULL DEFAULT '',
    uom varchar(3) NOT NULL,
    status text NOT NULL CHECK (status IN ('ok', 'refused')),
    reason text,
    window_from date,
    window_to date,
    work_orders integer NOT NULL,
    input_qty numeric(18,6) NOT NULL CHECK (input_qty >= 0),
    scrap_qty numeric(18,6) NOT NULL CHECK (scrap_qty >= 0),
    rate numeric(12,9),
    rate_low_95 numeric(12,9),
    rate_high_95 numeric(12,9),
    recency_rate numeric(12,9),
    expected_rate numeric(12,9) CHECK (expected_rate BETWEEN 0 AND 1),
    own_weight numeric(7,6) CHECK (own_weight BETWEEN 0 AND 1),
    dispersion numeric(14,6),
    planned_orders integer NOT NULL DEFAULT 0,
    planned_qty numeric(18,6) NOT NULL DEFAULT 0,
    period_qty numeric(18,6),
    lower_80 numeric(12,9),
    upper_80 numeric(12,9),
    lower_95 numeric(12,9),
    upper_95 numeric(12,9),
    expected_scrap_qty numeric(18,6),
    scrap_lower_95_qty numeric(18,6),
    scrap_upper_95_qty numeric(18,6),
    baseline_rate numeric(12,9),
    baseline_basis text,
    excess_qty numeric(18,6) CHECK (excess_qty >= 0),
    unit_cost numeric(19,6),
    expected_cost numeric(19,4),
    excess_cost numeric(19,4),
    currency char(3),
    origins integer NOT NULL DEFAULT 0,
    coverage_80 numeric(7,6),
    coverage_95 numeric(7,6),
    log_loss double precision,
    log_loss_pooled double precision,
    log_loss_last double precision,
    PRIMARY KEY (tenant_id, version_id, sku_id, line),
    CONSTRAINT refused_says_why CHECK (status <> 'refused' OR reason IS NOT NULL),
    CONSTRAINT interval_holds_rate CHECK (lower_95 <= lower_80 AND lower_80 <= upper_80 AND upper_80 <= upper_95),
    CONSTRAINT cost_has_a_currency CHECK (expected_cost IS NULL OR currency IS NOT NULL),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX quality_forecasts_rank_ix ON forecast.quality_forecasts
    (tenant_id, version_id, expected_cost DESC NULLS LAST, sku_code, line);
SELECT platform.secure_table('forecast.quality_forecasts');

-- What one run said about quality as a whole; coverage and losses over all origins of all series.
CREATE TABLE forecast.quality_runs (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    series integer NOT NULL,
    refused integer NOT NULL,
    origins integer NOT NULL,
    coverage_80 numeric(7,6),
    coverage_95 numeric(7,6),
    log_loss double precision,
    log_loss_pooled double precision,
    log_loss_last double precision,
    settings jsonb NOT NULL DEFAULT '{}',
    charts integer NOT NULL DEFAULT 0,
    chart_signals integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, version_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.quality_runs');

-- A chart and its limits. The base period is frozen: new points never move the limits (P-15) until a person asks for
-- another base period in planning.chart_approvals. points: the latest points with their limits, for drawing.
CREATE TABLE forecast.control_charts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    subject text NOT NULL CHECK (subject IN ('sku', 'sensor')),
    sku_id uuid,
    sensor_id uuid,
    subject_code text NOT NULL,
    line text NOT NULL DEFAULT '',
    measure text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('p', 'laney_p', 'i_mr', 'xbar_r', 'ewma', 'cusum')),
    uom varchar(3),
    base_from timestamptz NOT NULL,
    base_to timestamptz NOT NULL,
    base_points integer NOT NULL,
    base_excluded integer NOT NULL DEFAULT 0,
    center double precision NOT NULL,
    sigma double precision NOT NULL CHECK (sigma >= 0),
    params jsonb NOT NULL DEFAULT '{}',
    autocorrelation double precision,
    note text,
    false_alarm_every double precision,
    approval_id uuid,
    points jsonb NOT NULL DEFAULT '[]',
    last_point_at timestamptz NOT NULL,
    open_since timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT control_charts_key UNIQUE NULLS NOT DISTINCT (tenant_id, subject, sku_id, sensor_id, line, measure),
    CONSTRAINT chart_has_a_subject CHECK ((subject = 'sku') = (sku_id IS NOT NULL) AND
        (subject = 'sensor') = (sensor_id IS NOT NULL))
);
CREATE INDEX control_charts_list_ix ON forecast.control_charts (tenant_id, subject_code, line, measure, id);
SELECT platform.secure_table('forecast.control_charts');

-- What a chart flagged, once per point and rule. Signals of one episode share its first moment.
CREATE TABLE forecast.control_signals (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    chart_id uuid NOT NULL,
    point_at timestamptz NOT NULL,
    rule text NOT NULL,
    side text NOT NULL CHECK (side IN ('high', 'low')),
    observed double precision NOT NULL,
    center double precision NOT NULL,
    lower_limit double precision,
    upper_limit double precision,
    episode_at timestamptz NOT NULL,
    version_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT control_signals_key UNIQUE (tenant_id, chart_id, point_at, rule),
    FOREIGN KEY (tenant_id, chart_id) REFERENCES forecast.control_charts (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.control_signals');

-- A person's decision that a chart's limits come from another base period. Written by the API, obeyed by the next run.
CREATE TABLE planning.chart_approvals (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    chart_id uuid NOT NULL,
    base_from date NOT NULL,
    base_to date NOT NULL,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT base_runs_forward CHECK (base_from <= base_to)
);
CREATE INDEX chart_approvals_chart_ix ON planning.chart_approvals (tenant_id, chart_id, created_at DESC, id);
SELECT platform.secure_table('planning.chart_approvals');
GRANT SELECT ON planning.chart_approvals TO ops_forecast;

-- What the streaming detector remembers of a sensor: enough to judge the next reading, whatever came before it.
CREATE TABLE forecast.sensor_states (
    tenant_id uuid NOT NULL,
    sensor_id uuid NOT NULL,
    detector text NOT NULL,
    state jsonb NOT NULL,
    judged bigint NOT NULL DEFAULT 0,
    not_judged bigint NOT NULL DEFAULT 0,
    uncalibrated bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    last_ts timestamptz,
    last_reading numeric(18,6),
    last_likelihood double precision,
    breach_since timestamptz,
    breach_side text CHECK (breach_side IN ('high', 'low')),
    anomaly_since timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, sensor_id)
);
SELECT platform.secure_table('forecast.sensor_states');

CREATE TABLE forecast.sensor_signals (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sensor_id uuid NOT NULL,
    ts timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('anomaly', 'threshold_breach')),
    severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    observed numeric(18,6) NOT NULL,
    threshold numeric(18,6),
    likelihood double precision,
    reason text NOT NULL,
    features jsonb NOT NULL DEFAULT '{}',
    uncalibrated boolean NOT NULL DEFAULT false,
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sensor_signals_key UNIQUE (tenant_id, sensor_id, ts, kind)
);
SELECT platform.secure_table('forecast.sensor_signals');

-- P-52: what a published version said about scrap stays as it was.
DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['quality_forecasts', 'quality_runs'] LOOP
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

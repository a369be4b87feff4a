-- Safety stocks, dependent demand, supersession, supply risk.

-- Which item replaces which, as files say it (generated from the declaration, then frozen).
CREATE TABLE manufacturing.sku_supersessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    successor_sku_id uuid NOT NULL,
    valid_from date,
    factor numeric(18,6) NOT NULL CHECK (factor > 0),
    use_up boolean NOT NULL,
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
    CONSTRAINT sku_supersessions_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, successor_sku_id)
);
ALTER TABLE manufacturing.sku_supersessions ADD CONSTRAINT sku_supersessions_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
ALTER TABLE manufacturing.sku_supersessions ADD CONSTRAINT sku_supersessions_successor_sku_id_fk FOREIGN KEY (tenant_id, successor_sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX sku_supersessions_successor_sku_id_ix ON manufacturing.sku_supersessions (tenant_id, successor_sku_id);
CREATE INDEX sku_supersessions_source_ix ON manufacturing.sku_supersessions (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.sku_supersessions');

-- The first confirmation of lines loaded before it was kept (D13): the oldest one their history still knows, else the
-- one they have. From now on loading keeps it. The owner is under the row policies too, so they rest for a moment.
ALTER TABLE manufacturing.purchase_order_lines NO FORCE ROW LEVEL SECURITY;
ALTER TABLE manufacturing.row_history NO FORCE ROW LEVEL SECURITY;
UPDATE manufacturing.purchase_order_lines l SET original_confirmed_date = coalesce((
        SELECT CAST(h.old_values ->> 'confirmed_date' AS date) FROM manufacturing.row_history h
        WHERE h.tenant_id = l.tenant_id AND h.row_id = l.id AND h.old_values ->> 'confirmed_date' IS NOT NULL
        ORDER BY h.changed_at, h.id LIMIT 1), l.confirmed_date)
    WHERE l.original_confirmed_date IS NULL AND l.confirmed_date IS NOT NULL;
ALTER TABLE manufacturing.purchase_order_lines FORCE ROW LEVEL SECURITY;
ALTER TABLE manufacturing.row_history FORCE ROW LEVEL SECURITY;

-- protection_*: demand over lead time and review time, its mean and quantiles at lead_time_levels.
-- cumulative_sd: standard deviation of the demand of the first 1, 2, … buckets, which component demand is made from.
ALTER TABLE forecast.forecast_series
    ADD COLUMN protection_mean double precision,
    ADD COLUMN protection_quantiles double precision[],
    ADD COLUMN cumulative_sd double precision[];

-- order_advised: inventory position <= reorder_trigger, the position at which the forecast (or an approved value) says
-- to order. reorder_recommended is the plant's own policy, as every stock answer has it: null without one.
-- expected_in_lead_time: open supply weighted with the probability that it arrives in time.
-- probability_if_on_time: the stock-out probability if everything open came as promised.
-- demand_basis: customers, recipes of what is made from it, or both. predecessor_stock: of an item this one replaces.
ALTER TABLE forecast.inventory_risks
    ALTER COLUMN reorder_recommended DROP NOT NULL,
    ADD COLUMN order_advised boolean NOT NULL DEFAULT false,
    ADD COLUMN reorder_trigger numeric(18,6),
    ADD COLUMN expected_in_lead_time numeric(18,6) NOT NULL DEFAULT 0,
    ADD COLUMN probability_if_on_time numeric(7,6) CHECK (probability_if_on_time BETWEEN 0 AND 1),
    ADD COLUMN safety_stock_basis text CHECK (safety_stock_basis IN ('master', 'approved')),
    ADD COLUMN demand_basis text CHECK (demand_basis IN ('customers', 'recipes', 'both')),
    ADD COLUMN predecessor_stock numeric(18,6) NOT NULL DEFAULT 0,
    ADD COLUMN successor_sku_id uuid,
    DROP CONSTRAINT inventory_risks_reorder_point_basis_check,
    ADD CONSTRAINT inventory_risks_reorder_point_basis_check
        CHECK (reorder_point_basis IN ('master', 'forecast', 'approved'));

-- Demand for components that follows from the forecasts of what is made of them, per bucket of the version.
-- sd: standard deviation of the bucket. unit: the component's base unit.
CREATE TABLE forecast.dependent_demand (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    bucket_start date NOT NULL,
    value numeric(18,6) NOT NULL CHECK (value >= 0),
    sd numeric(18,6) NOT NULL CHECK (sd >= 0),
    uom varchar(3) NOT NULL,
    parents integer NOT NULL,
    PRIMARY KEY (tenant_id, version_id, sku_id, bucket_start),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.dependent_demand');

-- Recommended safety stocks of a version. qty = demand over lead and review time not exceeded at the service level,
-- minus its mean. levels/quantiles: that demand's distribution, so that other service levels can be read off.
-- fill_rate and csl: what qty achieves of each; never the same number (P-57). Money at unit cost; null = unknown cost.
CREATE TABLE forecast.safety_stocks (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    location_id uuid,
    sku_code text NOT NULL,
    uom varchar(3) NOT NULL,
    abc text CHECK (abc IN ('A', 'B', 'C', 'N')),
    xyz text CHECK (xyz IN ('X', 'Y', 'Z', 'N')),
    demand_pattern text CHECK (demand_pattern IN ('smooth', 'intermittent', 'erratic', 'lumpy', 'none')),
    adi numeric(12,6),
    cv2 numeric(18,6),
    cv numeric(18,6),
    annual_demand numeric(18,6),
    annual_value numeric(19,4),
    demand_basis text NOT NULL CHECK (demand_basis IN ('customers', 'recipes', 'both')),
    service_level_type text NOT NULL CHECK (service_level_type IN ('csl', 'fill_rate')),
    service_level numeric(6,5) NOT NULL CHECK (service_level > 0 AND service_level < 1),
    service_level_basis text NOT NULL CHECK (service_level_basis IN ('class', 'plant')),
    method text NOT NULL CHECK (method IN ('empirical', 'formula')),
    d_mean numeric(18,6) NOT NULL,
    d_sd numeric(18,6) NOT NULL,
    lt_mean numeric(10,3) NOT NULL,
    lt_sd numeric(10,3) NOT NULL,
    lt_basis text NOT NULL,
    review_period numeric(10,3) NOT NULL,
    protection_mean numeric(18,6) NOT NULL,
    protection_sd numeric(18,6) NOT NULL,
    levels double precision[] NOT NULL,
    quantiles double precision[] NOT NULL,
    order_quantity numeric(18,6) NOT NULL,
    qty numeric(18,6) NOT NULL CHECK (qty >= 0),
    formula_qty numeric(18,6) NOT NULL CHECK (formula_qty >= 0),
    reorder_point numeric(18,6) NOT NULL,
    order_up_to numeric(18,6) NOT NULL,
    csl numeric(7,6) NOT NULL CHECK (csl BETWEEN 0 AND 1),
    fill_rate numeric(7,6) NOT NULL CHECK (fill_rate BETWEEN 0 AND 1),
    current_qty numeric(18,6),
    current_basis text CHECK (current_basis IN ('master', 'approved')),
    unit_cost numeric(19,6),
    currency char(3),
    value numeric(19,4),
    holding_rate numeric(6,5) NOT NULL,
    holding_cost numeric(19,4),
    CONSTRAINT safety_stocks_key UNIQUE NULLS NOT DISTINCT (tenant_id, version_id, sku_id, location_id),
    CONSTRAINT safety_stock_value_has_a_currency CHECK (value IS NULL OR currency IS NOT NULL),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX safety_stocks_code_ix ON forecast.safety_stocks (tenant_id, version_id, sku_code COLLATE "C");
SELECT platform.secure_table('forecast.safety_stocks');

-- What each supplier has shown by the version's cut: delivery against the first confirmation (D13), times as quantiles.
-- Shares are null where nothing can be said (no receipts recorded: P-72). past_due: open lines already late; they count
-- as failures. *_quantiles belong to levels; lateness in days, negative = early, shrunk towards all suppliers.
CREATE TABLE forecast.supplier_performance (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    supplier_id uuid NOT NULL,
    supplier_code text NOT NULL,
    name text NOT NULL,
    lines integer NOT NULL,
    past_due integer NOT NULL,
    open_lines integer NOT NULL,
    on_time numeric(7,6),
    in_full numeric(7,6),
    otif numeric(7,6),
    otif_low numeric(7,6),
    otif_high numeric(7,6),
    early numeric(7,6),
    receipts integer NOT NULL,
    lead_time_mean numeric(10,3),
    lead_time_sd numeric(10,3),
    levels double precision[] NOT NULL,
    lead_time_quantiles double precision[],
    lateness_quantiles double precision[],
    late_probability numeric(7,6),
    basis text NOT NULL,
    PRIMARY KEY (tenant_id, version_id, supplier_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.secure_table('forecast.supplier_performance');

-- Open purchase order lines: how likely late against the first confirmation, given that they have not come yet.
-- expected_arrival with the days it will lie between in 8 of 10 cases. stockout_points: how much the line's lateness adds
-- to the stock-out probability of its SKU (0-1). money_at_stake: expected lost sales its lateness adds.
CREATE TABLE forecast.supply_risks (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    purchase_order_line_id uuid NOT NULL,
    po_number text NOT NULL,
    line_no text NOT NULL,
    supplier_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    sku_code text NOT NULL,
    quantity numeric(18,6) NOT NULL,
    uom varchar(3) NOT NULL,
    order_date date NOT NULL,
    promised_date date,
    promised_basis text NOT NULL CHECK (promised_basis IN ('original_confirmation', 'confirmation', 'request', 'none')),
    confirmed_date date,
    days_overdue integer NOT NULL DEFAULT 0,
    late_probability numeric(7,6) CHECK (late_probability BETWEEN 0 AND 1),
    in_time_probability numeric(7,6) CHECK (in_time_probability BETWEEN 0 AND 1),
    expected_arrival date,
    earliest_arrival date,
    latest_arrival date,
    basis text NOT NULL,
    observations integer NOT NULL,
    is_stale boolean NOT NULL DEFAULT false,
    stockout_probability numeric(7,6),
    stockout_points numeric(7,6),
    order_value numeric(19,4),
    order_currency char(3),
    money_at_stake numeric(19,4) CHECK (money_at_stake >= 0),
    currency char(3),
    PRIMARY KEY (tenant_id, version_id, purchase_order_line_id),
    CONSTRAINT supply_money_has_a_currency CHECK (money_at_stake IS NULL OR currency IS NOT NULL),
    FOREIGN KEY (tenant_id, version_id) REFERENCES forecast.forecast_versions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX supply_risks_sku_ix ON forecast.supply_risks (tenant_id, version_id, sku_id);
SELECT platform.secure_table('forecast.supply_risks');

-- Frozen with their version like its forecasts (P-52).
DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['dependent_demand', 'safety_stocks', 'supplier_performance', 'supply_risks'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_insert AFTER INSERT ON forecast.%I REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
        EXECUTE format('CREATE TRIGGER refuse_update AFTER UPDATE ON forecast.%I REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
        EXECUTE format('CREATE TRIGGER refuse_delete AFTER DELETE ON forecast.%I REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_published_rows()', target);
    END LOOP;
END $$;

-- Safety stocks a person approved. The next run takes the latest one that is valid instead of the plant's master value.
-- What the recommendation said at that moment stays beside it.
CREATE TABLE planning.safety_stocks (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    location_id uuid,
    valid_from date NOT NULL,
    qty numeric(18,6) NOT NULL CHECK (qty >= 0),
    reorder_point numeric(18,6) CHECK (reorder_point >= qty),
    uom varchar(3) NOT NULL,
    recommended_qty numeric(18,6),
    version_id uuid,
    reason text NOT NULL CHECK (length(btrim(reason)) >= 5),
    approved_by text NOT NULL,
    approved_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT approved_safety_stocks_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, location_id, valid_from)
);
SELECT platform.secure_table('planning.safety_stocks');
GRANT USAGE ON SCHEMA planning TO ops_forecast;
GRANT SELECT ON planning.safety_stocks TO ops_forecast;

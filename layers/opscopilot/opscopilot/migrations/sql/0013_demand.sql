-- Demand history per period and per place, what was cleaned in it, and the nodes of the hierarchy.

-- The location an order leaves from, as its source writes it; demand per place is counted by it.
ALTER TABLE manufacturing.sales_orders ADD COLUMN ship_from text;
ALTER TABLE manufacturing.sales_order_lines ADD COLUMN ship_from text;

-- flag: why the demand that is learned from is not the demand that was ordered. ordered_qty is never changed.
-- in_stock_share: share of the bucket's days with stock, where stock records say so.
ALTER TABLE forecast.demand_history
    ADD COLUMN flag text CHECK (flag IN ('outlier', 'one_off')),
    ADD COLUMN flag_reason text,
    ADD COLUMN in_stock_share real CHECK (in_stock_share BETWEEN 0 AND 1),
    ADD COLUMN adjustment_id uuid,
    ADD CONSTRAINT flag_says_why CHECK (flag IS NULL OR flag_reason IS NOT NULL);

-- The same per place an item leaves from, for items that leave from two or more.
CREATE TABLE forecast.demand_history_locations (
    tenant_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    location_id uuid NOT NULL,
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
    flag text CHECK (flag IN ('outlier', 'one_off')),
    flag_reason text,
    in_stock_share real CHECK (in_stock_share BETWEEN 0 AND 1),
    adjustment_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, sku_id, location_id, period, bucket_start),
    CONSTRAINT location_flag_says_why CHECK (flag IS NULL OR flag_reason IS NOT NULL)
);
SELECT platform.secure_table('forecast.demand_history_locations');

-- Families (category and base unit) and the plant (base unit). Quantities add up in one unit only, hence one node
-- per unit. The id is derived from tenant, category and unit: the same family has the same id in every version.
CREATE TABLE forecast.demand_groups (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    entity_type text NOT NULL CHECK (entity_type IN ('family', 'plant')),
    code text NOT NULL,
    name text NOT NULL,
    category text,
    uom varchar(3) NOT NULL,
    parent_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT families_have_a_plant CHECK ((entity_type = 'family') = (parent_id IS NOT NULL))
);
SELECT platform.secure_table('forecast.demand_groups');

-- Demand of a family or of the plant: the sums of its items' demand.
CREATE TABLE forecast.demand_history_groups (
    tenant_id uuid NOT NULL,
    entity_type text NOT NULL CHECK (entity_type IN ('family', 'plant')),
    entity_id uuid NOT NULL,
    period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly')),
    bucket_start date NOT NULL,
    ordered_qty numeric(24,6) NOT NULL CHECK (ordered_qty >= 0),
    shipped_qty numeric(24,6) NOT NULL,
    lost_qty numeric(24,6) NOT NULL DEFAULT 0 CHECK (lost_qty >= 0),
    unconstrained_qty numeric(24,6) NOT NULL CHECK (unconstrained_qty >= 0),
    order_lines integer NOT NULL DEFAULT 0,
    uom varchar(3) NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, entity_type, entity_id, period, bucket_start)
);
SELECT platform.secure_table('forecast.demand_history_groups');

-- One row per SKU (location_id null) or SKU and location, and period: the span of its history, a digest of what it
-- was built from (an unchanged series is not built again), and what has to be said about it.
-- refusal: why no forecast should be made from it. note: what a reader of the forecast must know.
CREATE TABLE forecast.demand_series (
    tenant_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    location_id uuid,
    period text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly')),
    uom varchar(3) NOT NULL,
    first_bucket date NOT NULL,
    last_bucket date NOT NULL,
    buckets integer NOT NULL CHECK (buckets > 0),
    buckets_with_demand integer NOT NULL DEFAULT 0,
    digest text NOT NULL,
    note text,
    refusal text,
    built_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT demand_series_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, location_id, period),
    CONSTRAINT history_runs_forward CHECK (first_bucket <= last_bucket)
);
SELECT platform.secure_table('forecast.demand_series');

-- A forecast series is a node: a SKU, a SKU at a location, a family, the plant. sku_code holds the node's code.
ALTER TABLE forecast.forecast_series
    DROP CONSTRAINT forecast_series_entity_type_check,
    DROP CONSTRAINT forecast_series_pkey,
    ADD COLUMN location_id uuid,
    ADD COLUMN location_code text,
    ADD COLUMN parent_id uuid,
    ADD COLUMN ends_on date,
    ADD CONSTRAINT forecast_series_entity_type_check
        CHECK (entity_type IN ('sku', 'sku_location', 'family', 'plant')),
    ADD CONSTRAINT a_place_is_named CHECK ((entity_type = 'sku_location') = (location_id IS NOT NULL)),
    ADD CONSTRAINT forecast_series_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, entity_type, entity_id, location_id);
ALTER TABLE forecast.forecasts
    DROP CONSTRAINT forecasts_entity_type_check,
    ADD CONSTRAINT forecasts_entity_type_check CHECK (entity_type IN ('sku', 'sku_location', 'family', 'plant'));
ALTER TABLE forecast.forecast_accuracy_metrics
    DROP CONSTRAINT forecast_accuracy_metrics_entity_type_check,
    DROP CONSTRAINT forecast_accuracy_metrics_key,
    ADD COLUMN location_id uuid,
    ADD CONSTRAINT forecast_accuracy_metrics_entity_type_check
        CHECK (entity_type IN ('sku', 'sku_location', 'family', 'plant')),
    ADD CONSTRAINT forecast_accuracy_metrics_key UNIQUE NULLS NOT DISTINCT
        (tenant_id, version_id, kind, entity_type, entity_id, location_id, lag);

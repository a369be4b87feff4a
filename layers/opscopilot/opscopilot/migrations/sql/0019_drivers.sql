-- What drives demand: promotions, prices, calendar days. Generated from the declarations in manufacturing/ and frozen.
CREATE TABLE manufacturing.promotions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    location_id uuid,
    customer_id uuid,
    promo_code text NOT NULL,
    name text,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('price_cut', 'multibuy', 'bogof', 'coupon', 'feature', 'display', 'other')),
    status text NOT NULL CHECK (status IN ('planned', 'confirmed', 'cancelled')),
    discount numeric(9,6),
    promo_price numeric(19,6),
    is_featured boolean NOT NULL,
    is_displayed boolean NOT NULL,
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
    CONSTRAINT promotions_key UNIQUE NULLS NOT DISTINCT (tenant_id, promo_code, sku_id, location_id, customer_id)
);
ALTER TABLE manufacturing.promotions ADD CONSTRAINT promotions_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX promotions_sku_id_ix ON manufacturing.promotions (tenant_id, sku_id);
ALTER TABLE manufacturing.promotions ADD CONSTRAINT promotions_location_id_fk FOREIGN KEY (tenant_id, location_id) REFERENCES manufacturing.locations (tenant_id, id);
CREATE INDEX promotions_location_id_ix ON manufacturing.promotions (tenant_id, location_id);
ALTER TABLE manufacturing.promotions ADD CONSTRAINT promotions_customer_id_fk FOREIGN KEY (tenant_id, customer_id) REFERENCES manufacturing.customers (tenant_id, id);
CREATE INDEX promotions_customer_id_ix ON manufacturing.promotions (tenant_id, customer_id);
CREATE INDEX promotions_source_ix ON manufacturing.promotions (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.promotions');

CREATE TABLE manufacturing.prices (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    location_id uuid,
    customer_group text,
    valid_from date NOT NULL,
    valid_to date,
    unit_price numeric(19,6) NOT NULL,
    currency char(3),
    price_uom varchar(3),
    uom_factor numeric(24,12),
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
    CONSTRAINT prices_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, location_id, customer_group, valid_from)
);
ALTER TABLE manufacturing.prices ADD CONSTRAINT prices_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
ALTER TABLE manufacturing.prices ADD CONSTRAINT prices_location_id_fk FOREIGN KEY (tenant_id, location_id) REFERENCES manufacturing.locations (tenant_id, id);
CREATE INDEX prices_location_id_ix ON manufacturing.prices (tenant_id, location_id);
CREATE INDEX prices_source_ix ON manufacturing.prices (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.prices');

CREATE TABLE manufacturing.calendar_days (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    location_id uuid,
    calendar_date date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('closed', 'holiday', 'shutdown', 'event')),
    name text,
    working_share numeric(9,6),
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
    CONSTRAINT calendar_days_key UNIQUE NULLS NOT DISTINCT (tenant_id, location_id, calendar_date, kind)
);
ALTER TABLE manufacturing.calendar_days ADD CONSTRAINT calendar_days_location_id_fk FOREIGN KEY (tenant_id, location_id) REFERENCES manufacturing.locations (tenant_id, id);
CREATE INDEX calendar_days_source_ix ON manufacturing.calendar_days (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.calendar_days');

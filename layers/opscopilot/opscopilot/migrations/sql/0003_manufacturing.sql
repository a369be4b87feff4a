-- The canonical tables, generated from the declarations in manufacturing/ and then frozen.
CREATE TABLE manufacturing.locations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('enterprise', 'site', 'area', 'line', 'unit', 'warehouse', 'zone', 'bin', 'store', 'external')),
    gln text,
    address text,
    country char(2),
    time_zone text,
    is_nettable boolean NOT NULL,
    temperature_zone text CHECK (temperature_zone IN ('ambient', 'chilled', 'frozen')),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT locations_key UNIQUE NULLS NOT DISTINCT (tenant_id, code)
);
CREATE INDEX locations_source_ix ON manufacturing.locations (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.locations');

CREATE TABLE manufacturing.skus (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_code text NOT NULL,
    description text NOT NULL,
    type text NOT NULL CHECK (type IN ('finished', 'semi_finished', 'raw', 'packaging', 'service')),
    category text,
    base_uom varchar(3) NOT NULL,
    gtin text,
    unit_cost numeric(19,6),
    list_price numeric(19,6),
    currency char(3),
    make_or_buy text NOT NULL CHECK (make_or_buy IN ('make', 'buy', 'both')),
    shelf_life_days integer,
    min_remaining_shelf_life_days integer,
    storage_zone text,
    lot_controlled boolean NOT NULL,
    allergens text,
    is_ftl boolean NOT NULL,
    reorder_point numeric(18,6),
    safety_stock numeric(18,6),
    lead_time_days integer,
    moq numeric(18,6),
    order_multiple numeric(18,6),
    max_stock numeric(18,6),
    is_active boolean NOT NULL,
    valid_from date,
    valid_to date,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT skus_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_code)
);
CREATE INDEX skus_source_ix ON manufacturing.skus (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.skus');

CREATE TABLE manufacturing.sku_uoms (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    uom varchar(3) NOT NULL,
    factor_to_base numeric(18,6) NOT NULL CHECK (factor_to_base > 0),
    gtin text,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sku_uoms_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, uom)
);
ALTER TABLE manufacturing.sku_uoms ADD CONSTRAINT sku_uoms_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX sku_uoms_source_ix ON manufacturing.sku_uoms (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.sku_uoms');

CREATE TABLE manufacturing.sku_xrefs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    system text NOT NULL,
    external_id text NOT NULL,
    customer_item_code text,
    supplier_item_code text,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sku_xrefs_key UNIQUE NULLS NOT DISTINCT (tenant_id, system, external_id)
);
ALTER TABLE manufacturing.sku_xrefs ADD CONSTRAINT sku_xrefs_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX sku_xrefs_sku_id_ix ON manufacturing.sku_xrefs (tenant_id, sku_id);
CREATE INDEX sku_xrefs_source_ix ON manufacturing.sku_xrefs (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.sku_xrefs');

CREATE TABLE manufacturing.suppliers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    supplier_code text NOT NULL,
    name text NOT NULL,
    legal_id text,
    status text NOT NULL CHECK (status IN ('active', 'on_hold', 'blocked')),
    default_currency char(3),
    lead_time_days integer,
    payment_terms text,
    incoterm text,
    country char(2),
    city text,
    email text,
    gln text,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT suppliers_key UNIQUE NULLS NOT DISTINCT (tenant_id, supplier_code)
);
CREATE INDEX suppliers_source_ix ON manufacturing.suppliers (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.suppliers');

CREATE TABLE manufacturing.sku_suppliers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    supplier_id uuid NOT NULL,
    supplier_item_code text,
    price numeric(19,6),
    currency char(3),
    price_uom varchar(3),
    moq numeric(18,6),
    max_order_qty numeric(18,6),
    order_multiple numeric(18,6),
    lead_time_days integer,
    priority integer,
    is_preferred boolean NOT NULL,
    valid_from date,
    valid_to date,
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sku_suppliers_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, supplier_id, valid_from)
);
ALTER TABLE manufacturing.sku_suppliers ADD CONSTRAINT sku_suppliers_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
ALTER TABLE manufacturing.sku_suppliers ADD CONSTRAINT sku_suppliers_supplier_id_fk FOREIGN KEY (tenant_id, supplier_id) REFERENCES manufacturing.suppliers (tenant_id, id);
CREATE INDEX sku_suppliers_supplier_id_ix ON manufacturing.sku_suppliers (tenant_id, supplier_id);
CREATE INDEX sku_suppliers_source_ix ON manufacturing.sku_suppliers (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.sku_suppliers');

CREATE TABLE manufacturing.customers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    customer_code text NOT NULL,
    name text,
    country char(2),
    city text,
    channel text,
    email text,
    gln text,
    is_active boolean NOT NULL,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT customers_key UNIQUE NULLS NOT DISTINCT (tenant_id, customer_code)
);
CREATE INDEX customers_source_ix ON manufacturing.customers (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.customers');

CREATE TABLE manufacturing.boms (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    version text NOT NULL,
    base_qty numeric(18,6) NOT NULL CHECK (base_qty > 0),
    uom varchar(3),
    expected_yield numeric(9,6) NOT NULL CHECK (expected_yield > 0),
    type text NOT NULL CHECK (type IN ('production', 'packaging', 'rework', 'phantom')),
    status text NOT NULL CHECK (status IN ('draft', 'approved', 'obsolete')),
    effective_from date,
    effective_to date,
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT boms_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, version)
);
ALTER TABLE manufacturing.boms ADD CONSTRAINT boms_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX boms_source_ix ON manufacturing.boms (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.boms');

CREATE TABLE manufacturing.bom_components (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    bom_id uuid,
    component_sku_id uuid NOT NULL,
    line_no text NOT NULL,
    qty numeric(18,6) NOT NULL,
    uom varchar(3),
    scrap_rate numeric(9,6) NOT NULL,
    is_critical boolean,
    substitute_group text,
    op_no text,
    fixed_qty boolean NOT NULL,
    lead_time_offset_days integer,
    component_from date,
    component_to date,
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT bom_components_key UNIQUE NULLS NOT DISTINCT (tenant_id, bom_id, line_no)
);
ALTER TABLE manufacturing.bom_components ADD CONSTRAINT bom_components_bom_id_fk FOREIGN KEY (tenant_id, bom_id) REFERENCES manufacturing.boms (tenant_id, id);
ALTER TABLE manufacturing.bom_components ADD CONSTRAINT bom_components_component_sku_id_fk FOREIGN KEY (tenant_id, component_sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX bom_components_component_sku_id_ix ON manufacturing.bom_components (tenant_id, component_sku_id);
CREATE INDEX bom_components_source_ix ON manufacturing.bom_components (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.bom_components');

CREATE TABLE manufacturing.operations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    op_no text NOT NULL,
    work_centre text,
    description text,
    rate_per_hour numeric(18,6),
    cycle_s numeric(18,6),
    setup_min numeric(18,6),
    crew numeric(18,6),
    changeover_family text,
    min_batch numeric(18,6),
    max_batch numeric(18,6),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT operations_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, op_no)
);
ALTER TABLE manufacturing.operations ADD CONSTRAINT operations_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX operations_source_ix ON manufacturing.operations (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.operations');

CREATE TABLE manufacturing.work_orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    wo_number text NOT NULL,
    bom_version text,
    line text,
    ordered_qty numeric(18,6) NOT NULL,
    good_qty numeric(18,6),
    scrap_qty numeric(18,6),
    rework_qty numeric(18,6),
    uom varchar(3),
    status text CHECK (status IN ('created', 'scheduled', 'in_progress', 'paused', 'on_hold', 'completed', 'closed', 'cancelled')),
    priority integer,
    scheduled_start date,
    scheduled_end date,
    actual_start date,
    actual_end date,
    due_date date,
    parent_wo text,
    reason_code text,
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT work_orders_key UNIQUE NULLS NOT DISTINCT (tenant_id, wo_number)
);
ALTER TABLE manufacturing.work_orders ADD CONSTRAINT work_orders_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX work_orders_sku_id_ix ON manufacturing.work_orders (tenant_id, sku_id);
CREATE INDEX work_orders_source_ix ON manufacturing.work_orders (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.work_orders');

CREATE TABLE manufacturing.work_order_materials (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    work_order_id uuid NOT NULL,
    component_sku_id uuid NOT NULL,
    lot_code text,
    planned_qty numeric(18,6),
    actual_qty numeric(18,6),
    uom varchar(3),
    consumed_at timestamptz,
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT work_order_materials_key UNIQUE NULLS NOT DISTINCT (tenant_id, work_order_id, component_sku_id, lot_code)
);
ALTER TABLE manufacturing.work_order_materials ADD CONSTRAINT work_order_materials_work_order_id_fk FOREIGN KEY (tenant_id, work_order_id) REFERENCES manufacturing.work_orders (tenant_id, id);
ALTER TABLE manufacturing.work_order_materials ADD CONSTRAINT work_order_materials_component_sku_id_fk FOREIGN KEY (tenant_id, component_sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX work_order_materials_component_sku_id_ix ON manufacturing.work_order_materials (tenant_id, component_sku_id);
CREATE INDEX work_order_materials_source_ix ON manufacturing.work_order_materials (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.work_order_materials');

CREATE TABLE manufacturing.purchase_orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    supplier_id uuid NOT NULL,
    po_number text NOT NULL,
    order_date date NOT NULL,
    currency char(3),
    status text NOT NULL CHECK (status IN ('draft', 'approved', 'sent', 'confirmed', 'partially_received', 'received', 'closed', 'cancelled')),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT purchase_orders_key UNIQUE NULLS NOT DISTINCT (tenant_id, po_number)
);
ALTER TABLE manufacturing.purchase_orders ADD CONSTRAINT purchase_orders_supplier_id_fk FOREIGN KEY (tenant_id, supplier_id) REFERENCES manufacturing.suppliers (tenant_id, id);
CREATE INDEX purchase_orders_supplier_id_ix ON manufacturing.purchase_orders (tenant_id, supplier_id);
CREATE INDEX purchase_orders_source_ix ON manufacturing.purchase_orders (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.purchase_orders');

CREATE TABLE manufacturing.purchase_order_lines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    purchase_order_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    line_no text NOT NULL,
    ordered_qty numeric(18,6) NOT NULL,
    uom varchar(3),
    unit_price numeric(19,6),
    requested_date date,
    confirmed_date date,
    original_confirmed_date date,
    received_qty numeric(18,6),
    rejected_qty numeric(18,6),
    cancelled_qty numeric(18,6),
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT purchase_order_lines_key UNIQUE NULLS NOT DISTINCT (tenant_id, purchase_order_id, line_no)
);
ALTER TABLE manufacturing.purchase_order_lines ADD CONSTRAINT purchase_order_lines_purchase_order_id_fk FOREIGN KEY (tenant_id, purchase_order_id) REFERENCES manufacturing.purchase_orders (tenant_id, id);
ALTER TABLE manufacturing.purchase_order_lines ADD CONSTRAINT purchase_order_lines_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX purchase_order_lines_sku_id_ix ON manufacturing.purchase_order_lines (tenant_id, sku_id);
CREATE INDEX purchase_order_lines_source_ix ON manufacturing.purchase_order_lines (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.purchase_order_lines');

CREATE TABLE manufacturing.receipts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    purchase_order_line_id uuid NOT NULL,
    receipt_no text NOT NULL,
    receipt_line text NOT NULL,
    received_at timestamptz NOT NULL,
    qty numeric(18,6) NOT NULL,
    uom varchar(3),
    lot_code text,
    supplier_lot text,
    temperature numeric(18,6),
    accepted_qty numeric(18,6),
    rejected_qty numeric(18,6),
    reject_reason text,
    uom_factor numeric(24,12),
    production_day date NOT NULL,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT receipts_key UNIQUE NULLS NOT DISTINCT (tenant_id, receipt_no, receipt_line)
);
ALTER TABLE manufacturing.receipts ADD CONSTRAINT receipts_purchase_order_line_id_fk FOREIGN KEY (tenant_id, purchase_order_line_id) REFERENCES manufacturing.purchase_order_lines (tenant_id, id);
CREATE INDEX receipts_purchase_order_line_id_ix ON manufacturing.receipts (tenant_id, purchase_order_line_id);
CREATE INDEX receipts_source_ix ON manufacturing.receipts (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.receipts');

CREATE TABLE manufacturing.sales_orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    customer_id uuid NOT NULL,
    order_number text NOT NULL,
    channel text,
    order_date date NOT NULL,
    currency char(3),
    status text NOT NULL CHECK (status IN ('draft', 'confirmed', 'partial', 'completed', 'cancelled')),
    requested_date date,
    promised_date date,
    ship_date date,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sales_orders_key UNIQUE NULLS NOT DISTINCT (tenant_id, order_number)
);
ALTER TABLE manufacturing.sales_orders ADD CONSTRAINT sales_orders_customer_id_fk FOREIGN KEY (tenant_id, customer_id) REFERENCES manufacturing.customers (tenant_id, id);
CREATE INDEX sales_orders_customer_id_ix ON manufacturing.sales_orders (tenant_id, customer_id);
CREATE INDEX sales_orders_source_ix ON manufacturing.sales_orders (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.sales_orders');

CREATE TABLE manufacturing.sales_order_lines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sales_order_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    line_no text NOT NULL,
    ordered_qty numeric(18,6) NOT NULL,
    uom varchar(3),
    cancelled_qty numeric(18,6) NOT NULL,
    cancel_reason text,
    shipped_qty numeric(18,6),
    unit_price numeric(19,6),
    discount numeric(9,6) NOT NULL,
    requested_date date,
    promised_date date,
    ship_date date,
    ship_to text,
    uom_factor numeric(24,12),
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sales_order_lines_key UNIQUE NULLS NOT DISTINCT (tenant_id, sales_order_id, line_no)
);
ALTER TABLE manufacturing.sales_order_lines ADD CONSTRAINT sales_order_lines_sales_order_id_fk FOREIGN KEY (tenant_id, sales_order_id) REFERENCES manufacturing.sales_orders (tenant_id, id);
ALTER TABLE manufacturing.sales_order_lines ADD CONSTRAINT sales_order_lines_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX sales_order_lines_sku_id_ix ON manufacturing.sales_order_lines (tenant_id, sku_id);
CREATE INDEX sales_order_lines_source_ix ON manufacturing.sales_order_lines (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.sales_order_lines');

CREATE TABLE manufacturing.shipment_lines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sales_order_line_id uuid NOT NULL,
    shipment_no text NOT NULL,
    shipment_line text NOT NULL,
    shipped_at timestamptz NOT NULL,
    qty numeric(18,6) NOT NULL,
    uom varchar(3),
    lot_code text,
    sscc text,
    delivered_at timestamptz,
    uom_factor numeric(24,12),
    production_day date NOT NULL,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT shipment_lines_key UNIQUE NULLS NOT DISTINCT (tenant_id, shipment_no, shipment_line)
);
ALTER TABLE manufacturing.shipment_lines ADD CONSTRAINT shipment_lines_sales_order_line_id_fk FOREIGN KEY (tenant_id, sales_order_line_id) REFERENCES manufacturing.sales_order_lines (tenant_id, id);
CREATE INDEX shipment_lines_sales_order_line_id_ix ON manufacturing.shipment_lines (tenant_id, sales_order_line_id);
CREATE INDEX shipment_lines_source_ix ON manufacturing.shipment_lines (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.shipment_lines');

CREATE TABLE manufacturing.inventory_snapshots (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    location_id uuid NOT NULL,
    lot_code text,
    bin text,
    snapshot_at timestamptz NOT NULL,
    quantity_on_hand numeric(18,6) NOT NULL,
    quantity_reserved numeric(18,6) NOT NULL,
    quantity_quarantined numeric(18,6) NOT NULL,
    quantity_expired numeric(18,6) NOT NULL,
    quantity_in_transit numeric(18,6) NOT NULL,
    uom varchar(3),
    unit_cost numeric(19,6),
    expiry_date date,
    counted boolean,
    uom_factor numeric(24,12),
    production_day date NOT NULL,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT inventory_snapshots_key UNIQUE NULLS NOT DISTINCT (tenant_id, sku_id, location_id, lot_code, bin, snapshot_at)
);
ALTER TABLE manufacturing.inventory_snapshots ADD CONSTRAINT inventory_snapshots_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
ALTER TABLE manufacturing.inventory_snapshots ADD CONSTRAINT inventory_snapshots_location_id_fk FOREIGN KEY (tenant_id, location_id) REFERENCES manufacturing.locations (tenant_id, id);
CREATE INDEX inventory_snapshots_location_id_ix ON manufacturing.inventory_snapshots (tenant_id, location_id);
CREATE INDEX inventory_snapshots_source_ix ON manufacturing.inventory_snapshots (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.inventory_snapshots');

CREATE TABLE manufacturing.inventory_movements (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    sku_id uuid NOT NULL,
    location_id uuid NOT NULL,
    movement_no text NOT NULL,
    movement_line text NOT NULL,
    lot_code text,
    type text NOT NULL CHECK (type IN ('receipt', 'issue', 'production', 'shipment', 'transfer', 'adjustment', 'count', 'scrap', 'return', 'hold', 'release')),
    qty numeric(18,6) NOT NULL,
    uom varchar(3),
    occurred_at timestamptz NOT NULL,
    ref_type text,
    ref_id text,
    reason_code text,
    uom_factor numeric(24,12),
    production_day date NOT NULL,
    source_system text NOT NULL,
    source_id text,
    ingestion_job_id uuid NOT NULL,
    source_row integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT inventory_movements_key UNIQUE NULLS NOT DISTINCT (tenant_id, movement_no, movement_line)
);
ALTER TABLE manufacturing.inventory_movements ADD CONSTRAINT inventory_movements_sku_id_fk FOREIGN KEY (tenant_id, sku_id) REFERENCES manufacturing.skus (tenant_id, id);
CREATE INDEX inventory_movements_sku_id_ix ON manufacturing.inventory_movements (tenant_id, sku_id);
ALTER TABLE manufacturing.inventory_movements ADD CONSTRAINT inventory_movements_location_id_fk FOREIGN KEY (tenant_id, location_id) REFERENCES manufacturing.locations (tenant_id, id);
CREATE INDEX inventory_movements_location_id_ix ON manufacturing.inventory_movements (tenant_id, location_id);
CREATE INDEX inventory_movements_source_ix ON manufacturing.inventory_movements (tenant_id, source_system, source_id);
SELECT platform.secure_table('manufacturing.inventory_movements');

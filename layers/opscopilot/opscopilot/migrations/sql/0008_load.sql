-- Loading: what changed and what it was before, rows that heal by themselves, extracts that arrive late.

ALTER TABLE staging.ingestion_jobs
    ADD COLUMN inserted_records integer NOT NULL DEFAULT 0,
    ADD COLUMN updated_records integer NOT NULL DEFAULT 0,
    ADD COLUMN deactivated_records integer NOT NULL DEFAULT 0,
    ADD COLUMN changes jsonb NOT NULL DEFAULT '[]';

-- waits_for: entities whose next load may make the record loadable. transformed_data: the record as canonical
-- texts where raw_data holds the cells of the file; promoted_at: when a kept record was loaded after all.
ALTER TABLE staging.staging_data
    ADD COLUMN waits_for text[],
    ADD COLUMN transformed_data jsonb,
    ADD COLUMN promoted_at timestamptz;
CREATE INDEX staging_data_waiting_ix ON staging.staging_data (tenant_id, job_id, record_no)
    WHERE validation_status = 'pending';
CREATE INDEX staging_data_key_ix ON staging.staging_data (tenant_id, entity_type, natural_key);

-- Rows a job saw and found as they are (nothing else tells: an unchanged row is not touched). Kept for jobs of
-- several parts, full extracts and extracts that say when they were made; a few MB per million rows, for 30 days.
CREATE TABLE staging.job_keys (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    entity_type text NOT NULL,
    as_of timestamptz,
    row_ids uuid[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES staging.ingestion_jobs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX job_keys_as_of_ix ON staging.job_keys (tenant_id, entity_type, as_of);
SELECT platform.secure_table('staging.job_keys');

-- What a canonical row was before a load changed or deactivated it: the old values of the changed columns, the job
-- and line that had made the old version, and those that made the new one. Only ever added to.
CREATE TABLE manufacturing.row_history (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    entity_type text NOT NULL,
    row_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('updated', 'deactivated')),
    reason text,
    old_values jsonb NOT NULL,
    old_job_id uuid NOT NULL,
    old_source_row integer NOT NULL,
    old_version integer NOT NULL,
    new_job_id uuid NOT NULL,
    new_source_row integer,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL DEFAULT current_user,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX row_history_row_ix ON manufacturing.row_history (tenant_id, row_id, changed_at);
SELECT platform.secure_table('manufacturing.row_history');
REVOKE UPDATE, DELETE ON manufacturing.row_history FROM ops_normalize;

-- Canonical rows know when the extract they are from was made. The other system's id is indexed where there is one.
ALTER TABLE manufacturing.locations ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.locations_source_ix;
CREATE INDEX locations_source_ix ON manufacturing.locations (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.skus ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.skus_source_ix;
CREATE INDEX skus_source_ix ON manufacturing.skus (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.sku_uoms ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.sku_uoms_source_ix;
CREATE INDEX sku_uoms_source_ix ON manufacturing.sku_uoms (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.sku_xrefs ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.sku_xrefs_source_ix;
CREATE INDEX sku_xrefs_source_ix ON manufacturing.sku_xrefs (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.suppliers ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.suppliers_source_ix;
CREATE INDEX suppliers_source_ix ON manufacturing.suppliers (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.sku_suppliers ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.sku_suppliers_source_ix;
CREATE INDEX sku_suppliers_source_ix ON manufacturing.sku_suppliers (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.customers ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.customers_source_ix;
CREATE INDEX customers_source_ix ON manufacturing.customers (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.boms ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.boms_source_ix;
CREATE INDEX boms_source_ix ON manufacturing.boms (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.bom_components ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.bom_components_source_ix;
CREATE INDEX bom_components_source_ix ON manufacturing.bom_components (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.operations ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.operations_source_ix;
CREATE INDEX operations_source_ix ON manufacturing.operations (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.work_orders ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.work_orders_source_ix;
CREATE INDEX work_orders_source_ix ON manufacturing.work_orders (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.work_order_materials ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.work_order_materials_source_ix;
CREATE INDEX work_order_materials_source_ix ON manufacturing.work_order_materials (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.purchase_orders ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.purchase_orders_source_ix;
CREATE INDEX purchase_orders_source_ix ON manufacturing.purchase_orders (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.purchase_order_lines ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.purchase_order_lines_source_ix;
CREATE INDEX purchase_order_lines_source_ix ON manufacturing.purchase_order_lines (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.receipts ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.receipts_source_ix;
CREATE INDEX receipts_source_ix ON manufacturing.receipts (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.sales_orders ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.sales_orders_source_ix;
CREATE INDEX sales_orders_source_ix ON manufacturing.sales_orders (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.sales_order_lines ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.sales_order_lines_source_ix;
CREATE INDEX sales_order_lines_source_ix ON manufacturing.sales_order_lines (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.shipment_lines ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.shipment_lines_source_ix;
CREATE INDEX shipment_lines_source_ix ON manufacturing.shipment_lines (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.inventory_snapshots ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.inventory_snapshots_source_ix;
CREATE INDEX inventory_snapshots_source_ix ON manufacturing.inventory_snapshots (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
ALTER TABLE manufacturing.inventory_movements ADD COLUMN source_as_of timestamptz;
DROP INDEX manufacturing.inventory_movements_source_ix;
CREATE INDEX inventory_movements_source_ix ON manufacturing.inventory_movements (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;

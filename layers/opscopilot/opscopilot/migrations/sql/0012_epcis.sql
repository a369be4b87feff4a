-- The API gives uploads up: it may end a job that waits for its file, and nothing else of it.
GRANT UPDATE (status, error_code, error_summary, completed_at, updated_at, row_version)
    ON staging.ingestion_jobs TO ops_copilot;

-- What happened to lots: EPCIS events, what they are about, and which of them were declared wrong.
CREATE TABLE manufacturing.trace_events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    event_id text NOT NULL,
    event_type text NOT NULL CHECK (event_type IN ('object', 'aggregation', 'transformation', 'transaction', 'association', 'extension')),
    action text CHECK (action IN ('add', 'observe', 'delete')),
    event_time timestamptz NOT NULL,
    event_time_zone_offset text NOT NULL,
    biz_step text,
    disposition text,
    read_point text,
    read_point_gln text,
    biz_location text,
    biz_location_gln text,
    transformation_id text,
    biz_transactions text,
    sources text,
    destinations text,
    persistent_disposition text,
    ilmd text,
    sensor_elements text,
    metadata text,
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
    CONSTRAINT trace_events_key UNIQUE NULLS NOT DISTINCT (tenant_id, event_id)
);
CREATE INDEX trace_events_source_ix ON manufacturing.trace_events (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.trace_events');

CREATE TABLE manufacturing.trace_event_items (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    trace_event_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('what', 'parent', 'child', 'input', 'output')),
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('instance', 'class')),
    epc text NOT NULL,
    scheme text NOT NULL,
    gtin text,
    lot_code text,
    serial text,
    sscc text,
    item_ref text,
    assigner text,
    quantity numeric(18,6),
    uom text,
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
    CONSTRAINT trace_event_items_key UNIQUE NULLS NOT DISTINCT (tenant_id, trace_event_id, role, position)
);
ALTER TABLE manufacturing.trace_event_items ADD CONSTRAINT trace_event_items_trace_event_id_fk FOREIGN KEY (tenant_id, trace_event_id) REFERENCES manufacturing.trace_events (tenant_id, id);
CREATE INDEX trace_event_items_source_ix ON manufacturing.trace_event_items (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.trace_event_items');

CREATE TABLE manufacturing.trace_event_errors (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    trace_event_id uuid NOT NULL,
    declared_at timestamptz NOT NULL,
    reason text,
    corrective_event_ids text,
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
    CONSTRAINT trace_event_errors_key UNIQUE NULLS NOT DISTINCT (tenant_id, trace_event_id, declared_at)
);
ALTER TABLE manufacturing.trace_event_errors ADD CONSTRAINT trace_event_errors_trace_event_id_fk FOREIGN KEY (tenant_id, trace_event_id) REFERENCES manufacturing.trace_events (tenant_id, id);
CREATE INDEX trace_event_errors_source_ix ON manufacturing.trace_event_errors (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.trace_event_errors');

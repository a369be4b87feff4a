-- Who is at work when. Generated from the declaration in manufacturing/shifts.py and frozen.
CREATE TABLE manufacturing.shifts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    location_id uuid,
    shift_code text NOT NULL,
    name text,
    start_local time NOT NULL,
    end_local time NOT NULL,
    weekdays text NOT NULL,
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
    source_as_of timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT shifts_key UNIQUE NULLS NOT DISTINCT (tenant_id, shift_code, location_id, valid_from)
);
ALTER TABLE manufacturing.shifts ADD CONSTRAINT shifts_location_id_fk FOREIGN KEY (tenant_id, location_id) REFERENCES manufacturing.locations (tenant_id, id);
CREATE INDEX shifts_location_id_ix ON manufacturing.shifts (tenant_id, location_id);
CREATE INDEX shifts_source_ix ON manufacturing.shifts (tenant_id, source_system, source_id) WHERE source_id IS NOT NULL;
SELECT platform.secure_table('manufacturing.shifts');

ALTER TABLE manufacturing.calendar_days DROP CONSTRAINT calendar_days_kind_check,
    ADD CONSTRAINT calendar_days_kind_check
        CHECK (kind IN ('closed', 'holiday', 'shutdown', 'event', 'maintenance', 'trial'));

-- Whom to disturb depends on who is at work, and what to tell on what is planned: functions/notify reads both, and the
-- locations by which they are named.
GRANT USAGE ON SCHEMA manufacturing TO ops_notify;
GRANT SELECT ON manufacturing.shifts, manufacturing.calendar_days, manufacturing.locations TO ops_notify;

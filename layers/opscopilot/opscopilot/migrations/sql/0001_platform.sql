-- Schemas, the roles' rights, the tenant policy, the tenant registry, the outbox.
-- Roles themselves are made by functions/migrate before this runs (they are cluster-wide, not per database).
CREATE SCHEMA platform;
CREATE SCHEMA staging;
CREATE SCHEMA manufacturing;
CREATE SCHEMA forecast;
CREATE SCHEMA notification;
CREATE SCHEMA copilot;
CREATE SCHEMA plantops;
CREATE SCHEMA fsq;
CREATE SCHEMA planning;
CREATE SCHEMA brand;
CREATE SCHEMA retail;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA platform TO ops_ingest, ops_normalize, ops_forecast, ops_notify, ops_copilot;
GRANT USAGE ON SCHEMA staging TO ops_ingest, ops_normalize, ops_copilot;
GRANT USAGE ON SCHEMA manufacturing TO ops_ingest, ops_normalize, ops_forecast, ops_copilot;
GRANT USAGE ON SCHEMA forecast TO ops_forecast, ops_copilot;
GRANT USAGE ON SCHEMA notification TO ops_notify, ops_copilot;
GRANT USAGE ON SCHEMA copilot, plantops, fsq, planning, brand, retail TO ops_copilot;

-- Time-ordered row ids: built in from Postgres 18 on; older servers (a laptop's fallback) get random ones.
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        CREATE FUNCTION platform.new_id() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT uuidv7()';
    ELSE
        CREATE FUNCTION platform.new_id() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT gen_random_uuid()';
    END IF;
END $$;

-- The transaction's tenant, or null. nullif: after RESET the setting is '' and must mean "nobody".
CREATE FUNCTION platform.current_tenant() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;

-- Put a table under the tenant policy (forced: the owner is bound too) and grant by schema:
-- each schema has one writer, and a fixed set of readers.
CREATE FUNCTION platform.secure_table(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    home text := (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target);
    writer text := CASE home WHEN 'staging' THEN 'ops_ingest, ops_normalize' WHEN 'manufacturing' THEN 'ops_normalize'
        WHEN 'forecast' THEN 'ops_forecast' WHEN 'notification' THEN 'ops_notify' ELSE 'ops_copilot' END;
    readers text := CASE home WHEN 'staging' THEN 'ops_ingest, ops_normalize, ops_copilot'
        WHEN 'manufacturing' THEN 'ops_ingest, ops_normalize, ops_forecast, ops_copilot'
        WHEN 'forecast' THEN 'ops_forecast, ops_copilot' WHEN 'notification' THEN 'ops_notify, ops_copilot'
        WHEN 'platform' THEN 'ops_ingest, ops_normalize, ops_forecast, ops_notify, ops_copilot' ELSE 'ops_copilot' END;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_isolation ON %s USING (tenant_id = platform.current_tenant())
        WITH CHECK (tenant_id = platform.current_tenant())', target);
    EXECUTE format('GRANT SELECT ON %s TO %s', target, readers);
    IF home <> 'platform' THEN
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO %s', target, writer);
        -- Whoever loads a table may also analyze it: a plan made for an empty table is slow on a full one.
        IF current_setting('server_version_num')::int >= 170000 THEN
            EXECUTE format('GRANT MAINTAIN ON %s TO %s', target, writer);
        END IF;
    END IF;
END $$;

CREATE TABLE platform.tenants (
    tenant_id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code = lower(code)),
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
    default_currency char(3) NOT NULL,
    default_time_zone text NOT NULL,
    region text,
    as_of date,
    week_start smallint NOT NULL DEFAULT 1 CHECK (week_start BETWEEN 1 AND 7),
    day_start time NOT NULL DEFAULT '00:00',
    language text NOT NULL DEFAULT 'en',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1
);
SELECT platform.secure_table('platform.tenants');
GRANT INSERT, UPDATE ON platform.tenants TO ops_copilot;
-- Scheduled work runs for every tenant; these two functions alone may read the list of tenants, to then take
-- them one transaction at a time.
CREATE POLICY registry ON platform.tenants FOR SELECT TO ops_forecast, ops_notify
    USING (platform.current_tenant() IS NULL);

CREATE TABLE platform.users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    user_id text NOT NULL,
    email text,
    name text,
    role text NOT NULL CHECK (role IN ('admin', 'planner', 'plant_manager', 'operator', 'fsq_manager', 'buyer',
        'brand_manager', 'category_manager', 'viewer')),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id)
);
SELECT platform.secure_table('platform.users');
GRANT INSERT, UPDATE ON platform.users TO ops_copilot;

CREATE TABLE platform.outbox (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    source text NOT NULL,
    detail_type text NOT NULL,
    detail jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    published_at timestamptz,
    handled_at timestamptz,
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX outbox_due_ix ON platform.outbox (tenant_id, event_id) WHERE published_at IS NULL;
SELECT platform.secure_table('platform.outbox');
GRANT INSERT, UPDATE ON platform.outbox TO ops_ingest, ops_normalize, ops_forecast, ops_notify, ops_copilot;

-- What keeps people from being told (silences) and what makes sure that somebody is (on-call schedules, escalation).
CREATE TABLE notification.silences (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    reason text NOT NULL,
    alert_types text[] NOT NULL DEFAULT '{}',
    workspaces text[] NOT NULL DEFAULT '{}',
    entity_pattern text,
    place text,
    correlation_key text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    applied_at timestamptz,
    released_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT silences_end CHECK (ends_at > starts_at)
);
CREATE INDEX silences_current_ix ON notification.silences (tenant_id, ends_at);
SELECT platform.secure_table('notification.silences');
GRANT INSERT, UPDATE ON notification.silences TO ops_copilot;
-- Which silence holds a notification back. `applied_at`, `released_at` above: when functions/notify moved what was
-- waiting already under the silence, and when it let go what a silence held that was ended early.
ALTER TABLE notification.notifications ADD COLUMN silence_id uuid;
CREATE INDEX notifications_silence_ix ON notification.notifications (tenant_id, silence_id)
    WHERE silence_id IS NOT NULL AND status = 'pending';

-- Who is on call when: layers of rotating people, worked out by notifications.people.on_call.
CREATE TABLE notification.oncall_schedules (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    layers jsonb NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, code)
);
SELECT platform.secure_table('notification.oncall_schedules');
GRANT INSERT, UPDATE ON notification.oncall_schedules TO ops_copilot;

CREATE TABLE notification.oncall_overrides (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    schedule_code text NOT NULL,
    user_id text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, schedule_code) REFERENCES notification.oncall_schedules (tenant_id, code),
    CONSTRAINT overrides_end CHECK (ends_at > starts_at)
);
CREATE INDEX oncall_overrides_ix ON notification.oncall_overrides (tenant_id, schedule_code, ends_at);
SELECT platform.secure_table('notification.oncall_overrides');
GRANT INSERT, UPDATE ON notification.oncall_overrides TO ops_copilot;

CREATE TABLE notification.escalation_policies (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    priority integer NOT NULL DEFAULT 100,
    min_severity text NOT NULL CHECK (min_severity IN ('critical', 'high', 'medium', 'low', 'info')),
    alert_types text[] NOT NULL DEFAULT '{}',
    workspaces text[] NOT NULL DEFAULT '{}',
    entity_pattern text,
    place text,
    steps jsonb NOT NULL,
    exclusive boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, code)
);
SELECT platform.secure_table('notification.escalation_policies');
GRANT INSERT, UPDATE ON notification.escalation_policies TO ops_copilot;

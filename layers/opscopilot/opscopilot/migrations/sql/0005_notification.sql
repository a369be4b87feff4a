-- Who is told what, what was told, how it got there, and who said "I have it".
CREATE TABLE notification.notification_preferences (
    tenant_id uuid NOT NULL,
    user_id text NOT NULL,
    email text,
    phone text,
    slack_webhook text,
    webhook_url text,
    webhook_secret text,
    enabled_channels text[] NOT NULL DEFAULT '{email}'
        CHECK (enabled_channels <@ ARRAY['email', 'slack', 'sms', 'webhook']),
    min_severity text NOT NULL DEFAULT 'high' CHECK (min_severity IN ('critical', 'high', 'medium', 'low', 'info')),
    quiet_hours_enabled boolean NOT NULL DEFAULT false,
    quiet_hours_start time,
    quiet_hours_end time,
    time_zone text,
    workspaces text[] NOT NULL DEFAULT '{}'
        CHECK (workspaces <@ ARRAY['operations', 'plantops', 'fsq', 'planning', 'brand', 'retail']),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT quiet_hours_are_complete CHECK (NOT quiet_hours_enabled
        OR (quiet_hours_start IS NOT NULL AND quiet_hours_end IS NOT NULL AND time_zone IS NOT NULL))
);
SELECT platform.secure_table('notification.notification_preferences');
GRANT INSERT, UPDATE ON notification.notification_preferences TO ops_copilot;

-- A tenant may switch a channel off for everybody. No row = on.
CREATE TABLE notification.notification_channel_configs (
    tenant_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'slack', 'sms', 'webhook')),
    enabled boolean NOT NULL DEFAULT true,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, channel)
);
SELECT platform.secure_table('notification.notification_channel_configs');

-- A tenant's own wording; the newest active version wins over the wording that ships. `code` is the alert type.
CREATE TABLE notification.notification_templates (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    code text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'slack', 'sms', 'webhook')),
    locale text NOT NULL DEFAULT 'en',
    version integer NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    body_html text,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code, channel, locale, version)
);
SELECT platform.secure_table('notification.notification_templates');

-- Every condition that was reported: one open row per dedupe_key. `severity` is the highest that was met while
-- it was open, so that only a rise is told again.
CREATE TABLE notification.alert_conditions (
    tenant_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    dedupe_key text NOT NULL,
    alert_type text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
    occurrences integer NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (tenant_id, alert_id)
);
CREATE UNIQUE INDEX alert_conditions_open_key ON notification.alert_conditions (tenant_id, dedupe_key)
    WHERE closed_at IS NULL;
SELECT platform.secure_table('notification.alert_conditions');

-- Every AlertRaised that was taken in, by event id: the second delivery of an event finds its row here.
CREATE TABLE notification.alert_events (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    condition_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('opened', 'escalated', 'repeated')),
    detail jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_id),
    FOREIGN KEY (tenant_id, condition_id) REFERENCES notification.alert_conditions (tenant_id, alert_id)
);
CREATE INDEX alert_events_alert_ix ON notification.alert_events (tenant_id, alert_id);
CREATE INDEX alert_events_condition_ix ON notification.alert_events (tenant_id, condition_id);
SELECT platform.secure_table('notification.alert_events');

-- One message to one person over one channel about one severity of one condition; never two (P-85).
CREATE TABLE notification.notifications (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    alert_id uuid NOT NULL,
    event_id uuid NOT NULL,
    user_id text NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    type text NOT NULL DEFAULT 'alert' CHECK (type IN ('alert', 'warning', 'info')),
    alert_type text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
    channel text NOT NULL CHECK (channel IN ('email', 'slack', 'sms', 'webhook')),
    status text NOT NULL CHECK (status IN
        ('pending', 'suppressed', 'sending', 'sent', 'delivered', 'failed', 'dead')),
    reason text,
    dedupe_key text NOT NULL,
    destination text,
    scheduled_at timestamptz,
    claimed_at timestamptz,
    sent_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    interruptions integer NOT NULL DEFAULT 0,
    last_error text,
    provider_id text,
    retry_requested_at timestamptz,
    retry_requested_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT notifications_once UNIQUE (tenant_id, alert_id, severity, user_id, channel),
    CONSTRAINT due_when_waiting CHECK (status NOT IN ('pending', 'failed') OR scheduled_at IS NOT NULL),
    CONSTRAINT reason_when_suppressed CHECK (status <> 'suppressed' OR reason IS NOT NULL),
    FOREIGN KEY (tenant_id, event_id) REFERENCES notification.alert_events (tenant_id, event_id)
);
CREATE INDEX notifications_recent_ix ON notification.notifications (tenant_id, created_at DESC, id DESC);
CREATE INDEX notifications_due_ix ON notification.notifications (tenant_id, (severity <> 'critical'), scheduled_at, id)
    WHERE status IN ('pending', 'failed');
CREATE INDEX notifications_sending_ix ON notification.notifications (tenant_id, claimed_at) WHERE status = 'sending';
CREATE INDEX notifications_retry_ix ON notification.notifications (tenant_id, retry_requested_at)
    WHERE retry_requested_at IS NOT NULL;
CREATE INDEX notifications_event_ix ON notification.notifications (tenant_id, event_id);
SELECT platform.secure_table('notification.notifications');
-- The API may ask for another attempt and nothing else; the state itself has one writer, functions/notify.
GRANT UPDATE (retry_requested_at, retry_requested_by) ON notification.notifications TO ops_copilot;

-- Who took an alert on, when, with what words. An audit trail: rows are added and never touched again.
CREATE TABLE notification.alert_acknowledgments (
    tenant_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    user_id text NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    note text,
    created_by text NOT NULL DEFAULT current_user,
    PRIMARY KEY (tenant_id, alert_id, user_id)
);
SELECT platform.secure_table('notification.alert_acknowledgments');
REVOKE UPDATE, DELETE ON notification.alert_acknowledgments FROM ops_notify;
GRANT INSERT ON notification.alert_acknowledgments TO ops_copilot;

CREATE FUNCTION notification.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is an audit trail: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON notification.alert_acknowledgments
    FOR EACH ROW EXECUTE FUNCTION notification.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON notification.alert_acknowledgments
    FOR EACH STATEMENT EXECUTE FUNCTION notification.refuse_change();

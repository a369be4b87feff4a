-- The life of an alert. `fingerprint` names the condition: one open alert per fingerprint. `correlation_key` names
-- the cause: several alerts may share one. Written by functions/notify; a person's acknowledgment, snooze and
-- resolution are written by the API at once (column grants below).
-- `last_raised_at`: when the newest report was made, by its producer's clock; an older resolution does not count.
-- `all_clear_at`: when those who were told hear that it is over, if it stays over; null: nothing to say (any more).
ALTER TABLE notification.alert_conditions RENAME TO alerts;
ALTER TABLE notification.alerts RENAME COLUMN dedupe_key TO fingerprint;
ALTER INDEX notification.alert_conditions_open_key RENAME TO alerts_open_fingerprint;
ALTER TABLE notification.alerts
    ADD COLUMN correlation_key text,
    ADD COLUMN status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'acknowledged', 'resolved', 'expired')),
    ADD COLUMN title text NOT NULL DEFAULT '',
    ADD COLUMN message text NOT NULL DEFAULT '',
    ADD COLUMN entity_type text,
    ADD COLUMN entity_id uuid,
    ADD COLUMN entity_code text,
    ADD COLUMN place text,
    ADD COLUMN amount numeric(19,4),
    ADD COLUMN currency char(3),
    ADD COLUMN amount_per_hour numeric(19,4),
    ADD COLUMN deadline timestamptz,
    ADD COLUMN last_raised_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text,
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN snoozed_by text,
    ADD COLUMN resolved_at timestamptz,
    ADD COLUMN resolved_by text,
    ADD COLUMN all_clear_at timestamptz,
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN reopened_count integer NOT NULL DEFAULT 0,
    ADD COLUMN flapping_since timestamptz,
    ADD COLUMN policy_code text,
    ADD COLUMN policy_step integer NOT NULL DEFAULT 0,
    ADD COLUMN next_step_at timestamptz,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN row_version integer NOT NULL DEFAULT 1;
ALTER TABLE notification.alerts NO FORCE ROW LEVEL SECURITY;
UPDATE notification.alerts SET correlation_key = fingerprint,
    status = CASE WHEN closed_at IS NULL THEN 'open' ELSE 'resolved' END, resolved_at = closed_at,
    last_raised_at = last_seen, expires_at = last_seen + interval '14 days';
ALTER TABLE notification.alerts FORCE ROW LEVEL SECURITY;
ALTER TABLE notification.alerts ALTER COLUMN correlation_key SET NOT NULL,
    ADD CONSTRAINT closed_means_over CHECK ((closed_at IS NOT NULL) = (status IN ('resolved', 'expired')));
CREATE INDEX alerts_open_ix ON notification.alerts (tenant_id, severity, alert_id) WHERE closed_at IS NULL;
CREATE INDEX alerts_recent_ix ON notification.alerts (tenant_id, last_seen DESC, alert_id DESC);
CREATE INDEX alerts_correlation_ix ON notification.alerts (tenant_id, correlation_key) WHERE closed_at IS NULL;
CREATE INDEX alerts_fingerprint_ix ON notification.alerts (tenant_id, fingerprint, closed_at DESC);
CREATE INDEX alerts_step_ix ON notification.alerts (tenant_id, next_step_at) WHERE next_step_at IS NOT NULL;
CREATE INDEX alerts_expiry_ix ON notification.alerts (tenant_id, expires_at) WHERE closed_at IS NULL;
CREATE INDEX alerts_snoozed_ix ON notification.alerts (tenant_id, snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX alerts_flapping_ix ON notification.alerts (tenant_id, flapping_since) WHERE flapping_since IS NOT NULL;
CREATE INDEX alerts_all_clear_ix ON notification.alerts (tenant_id, all_clear_at) WHERE all_clear_at IS NOT NULL;
GRANT UPDATE (status, acknowledged_at, acknowledged_by, snoozed_until, snoozed_by, resolved_at, resolved_by, closed_at,
    all_clear_at, next_step_at, updated_at, row_version) ON notification.alerts TO ops_copilot;

-- A resolution that arrives before its alert has no alert yet (`condition_id` null) and keeps that alert from being told.
ALTER TABLE notification.alert_events ALTER COLUMN condition_id DROP NOT NULL,
    DROP CONSTRAINT alert_events_outcome_check,
    ADD CONSTRAINT alert_events_outcome_check CHECK (outcome IN
        ('opened', 'escalated', 'repeated', 'reopened', 'resolved', 'ignored'));

-- What happened to an alert, in order. Rows are added and never touched again.
CREATE TABLE notification.alert_history (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT platform.new_id(),
    alert_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('opened', 'escalated', 'reopened', 'acknowledged', 'unacknowledged', 'snoozed',
        'reminded',
        'resolved', 'expired', 'policy_step', 'silenced', 'flapping', 'steady')),
    actor text NOT NULL,
    via text NOT NULL DEFAULT 'system' CHECK (via IN ('system', 'api', 'link')),
    note text,
    detail jsonb NOT NULL DEFAULT '{}',
    created_by text NOT NULL DEFAULT current_user,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX alert_history_alert_ix ON notification.alert_history (tenant_id, alert_id, at, id);
SELECT platform.secure_table('notification.alert_history');
REVOKE UPDATE, DELETE ON notification.alert_history FROM ops_notify;
GRANT INSERT ON notification.alert_history TO ops_copilot;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON notification.alert_history
    FOR EACH ROW EXECUTE FUNCTION notification.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON notification.alert_history
    FOR EACH STATEMENT EXECUTE FUNCTION notification.refuse_change();

-- When those who list alerts last heard that one is there, or still there.
ALTER TABLE forecast.forecast_alerts ADD COLUMN reported_at timestamptz;

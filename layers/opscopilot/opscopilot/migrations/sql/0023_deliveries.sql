-- A message may carry several notifications (a digest): they share `message_id`, leave together and end together.
-- Before the first attempt `message_id` is null; from then on the message's content does not change any more.
ALTER TABLE notification.notifications
    DROP CONSTRAINT notifications_channel_check,
    DROP CONSTRAINT notifications_status_check,
    DROP CONSTRAINT notifications_once,
    ADD CONSTRAINT channel_is_a_name CHECK (channel ~ '^[a-z][a-z0-9_]{1,19}$'),
    ADD CONSTRAINT notifications_status_check CHECK (status IN
        ('pending', 'suppressed', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'dead')),
    ADD COLUMN purpose text NOT NULL DEFAULT 'raised'
        CHECK (purpose IN ('raised', 'step', 'reminder', 'resolved')),
    ADD COLUMN round integer NOT NULL DEFAULT 0,
    ADD COLUMN urgent boolean NOT NULL DEFAULT false,
    ADD COLUMN message_id uuid,
    ADD COLUMN held_by text CHECK (held_by IN ('quiet_hours', 'shift', 'silence', 'mute', 'snooze', 'storm', 'breaker')),
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN bounced_at timestamptz,
    ADD COLUMN dead_at timestamptz,
    ADD CONSTRAINT notifications_once UNIQUE (tenant_id, alert_id, severity, purpose, round, user_id, channel);
CREATE INDEX notifications_due_person_ix ON notification.notifications (tenant_id, user_id, channel, scheduled_at)
    WHERE status IN ('pending', 'failed');
CREATE INDEX notifications_alert_ix ON notification.notifications (tenant_id, alert_id);
CREATE INDEX notifications_message_ix ON notification.notifications (tenant_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX notifications_sent_ix ON notification.notifications (tenant_id, user_id, channel, sent_at)
    WHERE sent_at IS NOT NULL;
CREATE INDEX notifications_provider_ix ON notification.notifications (tenant_id, provider_id)
    WHERE provider_id IS NOT NULL;
-- The order in which messages leave is worked out over all that are due; notifications_due_person_ix finds them.
DROP INDEX notification.notifications_due_ix;

-- Circuit breakers: how a destination (a host, a provider) is doing.
CREATE TABLE notification.destinations (
    tenant_id uuid NOT NULL,
    channel text NOT NULL,
    destination text NOT NULL,
    state text NOT NULL DEFAULT 'closed' CHECK (state IN ('closed', 'open', 'half_open')),
    failures integer NOT NULL DEFAULT 0,
    opened_at timestamptz,
    retry_at timestamptz,
    last_error text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel, destination)
);
SELECT platform.secure_table('notification.destinations');

-- Addresses that bounced or complained: nothing is sent to them until somebody lifts it.
CREATE TABLE notification.suppressed_addresses (
    tenant_id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('bounce', 'complaint', 'opt_out', 'manual')),
    detail text,
    since timestamptz NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel, address)
);
SELECT platform.secure_table('notification.suppressed_addresses');
GRANT UPDATE (lifted_at, lifted_by, updated_at) ON notification.suppressed_addresses TO ops_copilot;

-- What providers reported about messages; the same report twice is one row.
CREATE TABLE notification.provider_reports (
    tenant_id uuid NOT NULL,
    provider_id text NOT NULL,
    kind text NOT NULL,
    recipient text NOT NULL,
    at timestamptz NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (tenant_id, provider_id, kind, recipient)
);
SELECT platform.secure_table('notification.provider_reports');

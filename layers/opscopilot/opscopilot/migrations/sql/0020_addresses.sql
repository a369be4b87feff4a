-- Channels are declared in code (one file each); the database knows their names' shape only, so that a new channel
-- needs no migration. A person has one address per channel; how they want to be told may differ per workspace.
ALTER TABLE notification.notification_preferences
    DROP CONSTRAINT notification_preferences_enabled_channels_check,
    ADD COLUMN channels_by_severity jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN hold_outside_shift boolean NOT NULL DEFAULT false,
    ADD COLUMN shift_cycle jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN shift_cycle_start date,
    ADD COLUMN notify_on_resolved boolean NOT NULL DEFAULT false,
    ADD COLUMN locale text CHECK (locale ~ '^[a-z]{2}$');

CREATE TABLE notification.addresses (
    tenant_id uuid NOT NULL,
    user_id text NOT NULL,
    channel text NOT NULL CHECK (channel ~ '^[a-z][a-z0-9_]{1,19}$'),
    address text NOT NULL,
    secret text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, user_id, channel)
);
-- The owner of the tables is bound by the tenant policy; what is already stored is moved for every tenant.
ALTER TABLE notification.notification_preferences NO FORCE ROW LEVEL SECURITY;
INSERT INTO notification.addresses (tenant_id, user_id, channel, address, secret)
SELECT tenant_id, user_id, a.channel, a.address, CASE a.channel WHEN 'webhook' THEN webhook_secret END
FROM notification.notification_preferences,
    LATERAL (VALUES ('email', email), ('sms', phone), ('slack', slack_webhook), ('webhook', webhook_url))
        AS a (channel, address)
WHERE a.address IS NOT NULL;
ALTER TABLE notification.notification_preferences FORCE ROW LEVEL SECURITY;
ALTER TABLE notification.notification_preferences
    DROP COLUMN email, DROP COLUMN phone, DROP COLUMN slack_webhook, DROP COLUMN webhook_url,
    DROP COLUMN webhook_secret;
SELECT platform.secure_table('notification.addresses');
GRANT INSERT, UPDATE, DELETE ON notification.addresses TO ops_copilot;

-- What holds in one workspace instead of the person's general wish. No row = the general wish.
CREATE TABLE notification.workspace_preferences (
    tenant_id uuid NOT NULL,
    user_id text NOT NULL,
    workspace text NOT NULL CHECK (workspace IN ('operations', 'plantops', 'fsq', 'planning', 'brand', 'retail')),
    min_severity text NOT NULL CHECK (min_severity IN ('critical', 'high', 'medium', 'low', 'info')),
    enabled_channels text[] NOT NULL,
    channels_by_severity jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT current_user,
    row_version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, user_id, workspace)
);
SELECT platform.secure_table('notification.workspace_preferences');
GRANT INSERT, UPDATE, DELETE ON notification.workspace_preferences TO ops_copilot;

-- A tenant's own settings of a channel; secrets stay in Secrets Manager, `secret_ref` names them.
ALTER TABLE notification.notification_channel_configs
    DROP CONSTRAINT notification_channel_configs_channel_check,
    ADD CONSTRAINT channel_is_a_name CHECK (channel ~ '^[a-z][a-z0-9_]{1,19}$'),
    ADD COLUMN settings jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN secret_ref text;
GRANT INSERT, UPDATE ON notification.notification_channel_configs TO ops_copilot;

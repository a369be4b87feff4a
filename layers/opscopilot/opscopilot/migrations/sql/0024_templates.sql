-- `code`: an alert type, or digest, reminder, resolved. Versions are added, never changed; one is in use at a time.
ALTER TABLE notification.notification_templates
    DROP CONSTRAINT notification_templates_channel_check,
    ADD CONSTRAINT channel_is_a_name CHECK (channel ~ '^[a-z][a-z0-9_]{1,19}$'),
    ADD CONSTRAINT locale_is_a_language CHECK (locale ~ '^[a-z]{2}$'),
    ADD COLUMN note text;
GRANT INSERT ON notification.notification_templates TO ops_copilot;
GRANT UPDATE (is_active, updated_at, row_version) ON notification.notification_templates TO ops_copilot;

-- Why a tenant's own template was not used for a message: it went out in the shipped wording instead.
ALTER TABLE notification.notifications ADD COLUMN template_error text;
CREATE INDEX notifications_template_error_ix ON notification.notifications (tenant_id, message_id)
    WHERE template_error IS NOT NULL;

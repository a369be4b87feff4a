-- Links that were used. A link is signed and carries its own id; the first use writes the row, the second meets it.
CREATE TABLE notification.used_links (
    tenant_id uuid NOT NULL,
    link_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    user_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('acknowledge', 'snooze')),
    used_at timestamptz NOT NULL,
    created_by text NOT NULL DEFAULT current_user,
    PRIMARY KEY (tenant_id, link_id)
);
SELECT platform.secure_table('notification.used_links');
REVOKE INSERT, UPDATE, DELETE ON notification.used_links FROM ops_notify;
GRANT INSERT ON notification.used_links TO ops_copilot;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON notification.used_links
    FOR EACH ROW EXECUTE FUNCTION notification.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON notification.used_links
    FOR EACH STATEMENT EXECUTE FUNCTION notification.refuse_change();

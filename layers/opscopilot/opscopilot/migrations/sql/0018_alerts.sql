-- Alerts that share a cause, that come back, and that a planned event explains.
-- `cause` names the problem behind the alert (an item, a sensor); of several conditions with one cause the gravest is
-- the alert and keeps the others in details.also. `muted_until`, `muted_reason`: a planned event explains the
-- condition; it is listed, and told only if it outlasts the event. `reopened_count`: how often it came back shortly
-- after it was resolved; the same alert then, not a new one.
ALTER TABLE forecast.forecast_alerts
    ADD COLUMN cause text,
    ADD COLUMN muted_until date,
    ADD COLUMN muted_reason text,
    ADD COLUMN told_at timestamptz,
    ADD COLUMN reopened_count integer NOT NULL DEFAULT 0 CHECK (reopened_count >= 0),
    ADD CONSTRAINT muting_says_why CHECK ((muted_until IS NULL) = (muted_reason IS NULL));
-- A sensor's limit is broken whether or not there is a forecast: such an alert names no version until one takes it over.
ALTER TABLE forecast.forecast_alerts ALTER COLUMN version_id DROP NOT NULL;
UPDATE forecast.forecast_alerts SET told_at = first_seen_at WHERE event_id IS NOT NULL;
CREATE INDEX forecast_alerts_resolved_ix ON forecast.forecast_alerts (tenant_id, resolved_at, dedupe_key)
    WHERE status = 'resolved';

-- Alerts: hysteresis, causes, planned events.
SELECT 1;

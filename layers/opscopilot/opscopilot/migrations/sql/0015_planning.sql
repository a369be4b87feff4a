-- Planning: settings, overrides, model registry.
SELECT 1;

-- Quality forecasts, control charts, sensor signals.
SELECT 1;

-- Forecast runs: batches, progress, cost.
SELECT 1;

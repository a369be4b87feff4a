-- Safety stocks, classes, supersession, supply risk.
SELECT 1;

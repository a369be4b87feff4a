-- Demand history per period, its cleaning, and the nodes of the hierarchy.
SELECT 1;

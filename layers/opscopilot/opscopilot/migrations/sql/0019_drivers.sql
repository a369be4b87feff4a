-- What drives demand: promotions, prices, calendar days.
SELECT 1;

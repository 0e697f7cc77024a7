-- The calls of each day, in UTC.
SELECT
  substr(eventtime, 1, 10) AS day,
  count(DISTINCT eventid) AS calls
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
GROUP BY 1
ORDER BY 1

-- The error codes, those with the most calls first.
SELECT
  errorcode AS code,
  count(DISTINCT eventid) AS calls
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
  AND coalesce(errorcode, '') <> ''
GROUP BY 1
ORDER BY 2 DESC, 1

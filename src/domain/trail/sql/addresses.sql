-- The source addresses, those with the most calls first.
SELECT
  coalesce(sourceipaddress, '') AS address,
  count(DISTINCT eventid) AS calls,
  count(DISTINCT CASE WHEN coalesce(errorcode, '') <> '' THEN eventid END) AS errors,
  min(eventtime) AS first_time,
  max(eventtime) AS last_time
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
GROUP BY 1
ORDER BY 2 DESC, 1

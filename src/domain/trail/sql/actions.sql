-- The API actions, those with the most calls first.
SELECT
  eventsource AS source,
  eventname AS name,
  count(DISTINCT eventid) AS calls,
  count(DISTINCT CASE WHEN coalesce(errorcode, '') <> '' THEN eventid END) AS errors
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2

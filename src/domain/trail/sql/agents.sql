-- The user agents with their versions, those with the most calls first.
SELECT
  useragent AS agent,
  count(DISTINCT eventid) AS calls
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
GROUP BY 1
ORDER BY 2 DESC, 1

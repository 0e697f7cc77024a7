-- The calls of the period for each quarter of an hour, in UTC. Every time zone begins its hours at such a quarter.
SELECT
  concat(
    substr(eventtime, 1, 14),
    CASE
      WHEN substr(eventtime, 15, 2) < '15' THEN '00'
      WHEN substr(eventtime, 15, 2) < '30' THEN '15'
      WHEN substr(eventtime, 15, 2) < '45' THEN '30'
      ELSE '45'
    END,
    ':00Z'
  ) AS quarter,
  readonly AS read_only,
  CASE WHEN readonly IN ('true', 'false') THEN '' ELSE eventname END AS name,
  count(DISTINCT eventid) AS calls
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
GROUP BY 1, 2, 3

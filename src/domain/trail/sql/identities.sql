-- The identities, those with the most calls first. The report names the person behind an identity.
SELECT
  useridentity.type AS identity_type,
  useridentity.arn AS arn,
  useridentity.sessioncontext.sourceidentity AS source_identity,
  useridentity.invokedby AS invoked_by,
  count(DISTINCT eventid) AS calls,
  count(DISTINCT CASE WHEN coalesce(errorcode, '') <> '' THEN eventid END) AS errors
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 2

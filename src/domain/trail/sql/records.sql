-- The accounts for the records: how many are read, unreadable, in the report, and in the report more than once.
SELECT
  count(*) AS records,
  count_if(NOT ({readable})) AS unreadable,
  count_if({readable} AND {filters} AND eventtime >= {since} AND eventtime < {until}) AS matching,
  count(DISTINCT CASE WHEN {readable} AND {filters} AND eventtime >= {since} AND eventtime < {until} THEN eventid END) AS kept
FROM {table}
WHERE {partitions}

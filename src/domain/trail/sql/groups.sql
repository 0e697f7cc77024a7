-- The calls of the period and of the time before it, grouped by everything that the report shows except the time.
SELECT
  CASE WHEN eventtime < {since} THEN 'before' ELSE 'in' END AS part,
  eventsource AS source,
  eventname AS name,
  readonly AS read_only,
  sourceipaddress AS address,
  vpcendpointid AS vpc_endpoint,
  useragent AS agent,
  sessioncredentialfromconsole AS from_console,
  errorcode AS error,
  tlsdetails.tlsversion AS tls,
  useridentity.type AS identity_type,
  useridentity.arn AS arn,
  useridentity.accountid AS identity_account,
  useridentity.username AS user_name,
  useridentity.principalid AS principal,
  useridentity.invokedby AS invoked_by,
  useridentity.onbehalfof.userid AS on_behalf_of,
  useridentity.sessioncontext.sessionissuer.username AS issuer,
  useridentity.sessioncontext.sourceidentity AS source_identity,
  useridentity.sessioncontext.attributes.mfaauthenticated AS mfa,
  CASE WHEN eventsource = 'ecs.amazonaws.com' THEN
    coalesce(json_extract_scalar(requestparameters, '$.cluster'), json_extract_scalar(requestparameters, '$.clusterName'))
  END AS cluster,
  CASE WHEN eventsource = 'ecs.amazonaws.com' THEN
    coalesce(json_extract_scalar(requestparameters, '$.service'), json_extract_scalar(requestparameters, '$.serviceName'))
  END AS service,
  CASE WHEN eventsource = 'ecs.amazonaws.com' THEN
    coalesce(json_extract_scalar(requestparameters, '$.family'), json_extract_scalar(requestparameters, '$.taskDefinition'))
  END AS family,
  count(*) AS records,
  count(DISTINCT eventid) AS calls,
  min(eventtime) AS first_time,
  max(eventtime) AS last_time,
  max_by(eventid, concat(eventtime, eventid)) AS newest
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime < {until}
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23

-- The single calls that the report lists: sessions in containers, and changes of what is logged.
SELECT DISTINCT
  eventid AS id,
  eventtime AS time,
  eventsource AS source,
  eventname AS name,
  readonly AS read_only,
  awsregion AS region,
  recipientaccountid AS account,
  sourceipaddress AS address,
  errorcode AS error,
  useridentity.type AS identity_type,
  useridentity.arn AS arn,
  useridentity.accountid AS identity_account,
  useridentity.username AS user_name,
  useridentity.principalid AS principal,
  useridentity.invokedby AS invoked_by,
  useridentity.onbehalfof.userid AS on_behalf_of,
  useridentity.sessioncontext.sessionissuer.username AS issuer,
  useridentity.sessioncontext.sourceidentity AS source_identity,
  requestparameters AS parameters
FROM {table}
WHERE {partitions}
  AND {readable}
  AND {filters}
  AND eventtime >= {since}
  AND eventtime < {until}
  AND (
    eventsource = 'ecs.amazonaws.com' AND eventname IN (
      'ExecuteCommand', 'RegisterTaskDefinition', 'CreateCluster', 'UpdateCluster', 'PutAccountSetting',
      'PutAccountSettingDefault'
    )
    OR eventsource = 'ssm.amazonaws.com' AND eventname = 'StartSession'
    OR eventsource = 'logs.amazonaws.com' AND eventname IN (
      'DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy', 'DeleteRetentionPolicy'
    )
  )

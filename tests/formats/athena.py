"""A stand-in for Athena: the three calls of the activity report, answered by DuckDB. sqlglot translates each query from the
dialect of Trino, which Athena uses. botocore's model of Athena checks each request."""

import http.server
import json
import threading

import botocore.session
import botocore.validate
import duckdb
import sqlglot

MODEL = botocore.session.get_session().get_service_model("athena")

# The columns of the table: the name of the column, and the member of a record that it holds.
TEXTS = {
    "eventtime": "eventTime", "eventsource": "eventSource", "eventname": "eventName", "awsregion": "awsRegion",
    "sourceipaddress": "sourceIPAddress", "useragent": "userAgent", "errorcode": "errorCode",
    "errormessage": "errorMessage", "eventid": "eventID", "readonly": "readOnly",
    "recipientaccountid": "recipientAccountId", "vpcendpointid": "vpcEndpointId",
    "sessioncredentialfromconsole": "sessionCredentialFromConsole", "requestparameters": "requestParameters",
}
IDENTITY = {"type": "type", "principalid": "principalId", "arn": "arn", "accountid": "accountId", "invokedby": "invokedBy",
            "username": "userName"}


def text(value):
    """A value as the table has it: texts as they are, other values as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def members(record, names):
    record = record if isinstance(record, dict) else {}
    return {column: text(record.get(member)) for column, member in names.items()}


def inner(record, *path):
    for name in path:
        record = (record or {}).get(name)
    return record


def row(record, day):
    """A record as a row of the table."""
    identity = record.get("userIdentity")
    session = inner(identity, "sessionContext")
    return members(record, TEXTS) | {
        "timestamp": day, "tlsdetails": {"tlsversion": inner(record, "tlsDetails", "tlsVersion")},
        "useridentity": members(identity, IDENTITY) | {
            "onbehalfof": {"userid": inner(identity, "onBehalfOf", "userId")},
            "sessioncontext": {
                "sourceidentity": inner(session, "sourceIdentity"),
                "sessionissuer": {"username": inner(session, "sessionIssuer", "userName")},
                "attributes": {"mfaauthenticated": inner(session, "attributes", "mfaAuthenticated")}}}}


class Athena:
    """Serves the records of some days, which are pairs of a day (`2026/12/01`) and its records."""

    def __init__(self, days, database="audit", table="cloudtrail_logs", page=7):
        self.connection = duckdb.connect()
        lines = "\n".join(json.dumps(row(record, day)) for day, records in days for record in records)
        self.load(lines, database, table)
        self.page, self.queries, self.requests, self.states = page, {}, [], {}
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                code, reply = answer(self.headers.get("x-amz-target", ""), body)
                data = json.dumps(reply).encode()
                self.send_response(code)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def load(self, lines, database, table):
        import tempfile
        texts = {name: "VARCHAR" for name in [*TEXTS, "timestamp"]}
        identity = ", ".join(f"{name} VARCHAR" for name in IDENTITY)
        session = ("STRUCT(sourceidentity VARCHAR, sessionissuer STRUCT(username VARCHAR), "
                   "attributes STRUCT(mfaauthenticated VARCHAR))")
        columns = texts | {"tlsdetails": "STRUCT(tlsversion VARCHAR)",
                           "useridentity": f"STRUCT({identity}, onbehalfof STRUCT(userid VARCHAR), sessioncontext {session})"}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(lines)
            file.flush()
            self.connection.execute(f'CREATE SCHEMA "{database}"')
            self.connection.execute(
                f'CREATE TABLE "{database}"."{table}" AS SELECT * FROM read_json(?, format=\'newline_delimited\', columns=?)',
                [file.name, columns])

    def answer(self, target, body):
        service, operation = target.split(".")
        assert service == "AmazonAthena", target
        report = botocore.validate.ParamValidator().validate(body, MODEL.operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.requests.append((operation, body))
        return getattr(self, operation)(**body)

    def StartQueryExecution(self, QueryString, ClientRequestToken, **_):
        id = next((id for id, (token, _) in self.queries.items() if token == ClientRequestToken), None)
        if id is None:
            id = f"query-{len(self.queries)}"
            self.queries[id] = (ClientRequestToken, self.run(QueryString))
        return 200, {"QueryExecutionId": id}

    def run(self, sql):
        """The rows of a query, or the text of its error."""
        try:
            cursor = self.connection.cursor().execute(sqlglot.transpile(sql, read="trino", write="duckdb")[0])
            names = [column[0] for column in cursor.description]
            values = [[None if value is None else str(value) for value in row] for row in cursor.fetchall()]
            return [names, *values]
        except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
            return str(error)

    def GetQueryExecution(self, QueryExecutionId):
        _, result = self.queries[QueryExecutionId]
        seen = self.states[QueryExecutionId] = self.states.get(QueryExecutionId, 0) + 1
        if isinstance(result, str):
            return 200, {"QueryExecution": {"Status": {"State": "FAILED", "StateChangeReason": result}}}
        # The first query of a run is still queued when it is looked at for the first time.
        state = "QUEUED" if seen == 1 and QueryExecutionId == "query-0" else "SUCCEEDED"
        return 200, {"QueryExecution": {"Status": {"State": state}, "Statistics": {"DataScannedInBytes": 1000}}}

    def GetQueryResults(self, QueryExecutionId, MaxResults, NextToken="0"):
        _, rows = self.queries[QueryExecutionId]
        start = int(NextToken)
        end = start + self.page
        data = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows[start:end]]
        more = {"NextToken": str(end)} if end < len(rows) else {}
        return 200, {"ResultSet": {"Rows": data}, **more}

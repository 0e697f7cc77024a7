"""A stand-in for Amazon S3: the two calls that read the bucket of a trail. botocore checks the signature of each request."""

import http.server
import re
import threading
import urllib.parse
import xml.sax.saxutils

import botocore.auth
import botocore.awsrequest
import botocore.credentials

KEYS = ("AKIDEXAMPLE", "secret")


def signature(url, headers):
    """The signature that botocore computes for a request without a body."""
    signed = re.search("SignedHeaders=([^,]+)", headers["authorization"])[1].split(";")
    request = botocore.awsrequest.AWSRequest("GET", url, headers={name: headers[name] for name in signed})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(*KEYS), "s3", "eu-west-1")
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


class Bucket:
    """Serves objects, which are pairs of bytes and metadata, by their keys. `denied` has keys and prefixes that S3 denies."""

    def __init__(self, objects, name="trail-logs", page=3):
        self.objects, self.name, self.page = objects, name, page
        self.denied, self.requests = set(), []
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                status, headers, body = answer(self.path, self.headers)
                self.send_response(status)
                for header, value in headers.items():
                    self.send_header(header, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, target, headers):
        path, _, query = target.partition("?")
        self.requests.append((target, dict(headers)))
        sent = re.search("Signature=([0-9a-f]+)", headers["authorization"])[1]
        assert sent == signature(self.url + target, headers), dict(headers)
        bucket, _, key = urllib.parse.unquote(path).lstrip("/").partition("/")
        if bucket != self.name:
            return error(404, "NoSuchBucket")
        if not key:
            return self.list(dict(urllib.parse.parse_qsl(query)))
        if key in self.denied:
            return error(403, "AccessDenied")
        if key not in self.objects:
            return error(404, "NoSuchKey")
        body, metadata = self.objects[key]
        first, last = headers["range"].removeprefix("bytes=").split("-")
        part = body[int(first):int(last) + 1]
        return 206, {f"x-amz-meta-{name}": value for name, value in metadata.items()}, part

    def list(self, query):
        assert query["list-type"] == "2", query
        prefix = query["prefix"]
        if prefix in self.denied:
            return error(403, "AccessDenied")
        entries = set()
        for key in self.objects:
            if key.startswith(prefix):
                folder, slash, _ = key[len(prefix):].partition("/")
                entries.add(prefix + folder + "/" if slash and query.get("delimiter") == "/" else key)
        entries = sorted(entries)
        start = int(query.get("continuation-token", "token+/=0").removeprefix("token+/="))
        page = entries[start:start + self.page]
        more = start + self.page < len(entries)
        escape = xml.sax.saxutils.escape
        parts = [f"<CommonPrefixes><Prefix>{escape(entry)}</Prefix></CommonPrefixes>" if entry.endswith("/") else
                 f"<Contents><Key>{escape(entry)}</Key><Size>{len(self.objects[entry][0])}</Size></Contents>"
                 for entry in page]
        parts.append(f"<IsTruncated>{str(more).lower()}</IsTruncated>")
        if more:
            parts.append(f"<NextContinuationToken>token+/={start + self.page}</NextContinuationToken>")
        body = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{"".join(parts)}</ListBucketResult>'
        return 200, {"content-type": "application/xml"}, body.encode()


def error(status, code):
    body = f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code} it is</Message></Error>"
    return status, {"content-type": "application/xml"}, body.encode()

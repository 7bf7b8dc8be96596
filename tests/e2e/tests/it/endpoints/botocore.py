"""Asks botocore, as it is in the AWS CLI, where requests to STS go.

Reads a JSON list of cases from stdin, each with variables, files and flags; prints a JSON list of answers: the URL and the Region of
the credential scope of a presigned GetCallerIdentity, and the same of a GetCallerIdentity that is sent, or the kind of the error.
"""

import json
import os
import re
import sys
import urllib.parse

import awscli  # brings its own botocore
from botocore.awsrequest import AWSResponse
from botocore.loaders import create_loader
from botocore.session import Session

KEPT = {name: os.environ[name] for name in ("HOME", "PATH")}

# Services are described by files that take longer to read than all else.
LOADER = create_loader()

ANSWER = b"""<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def client(case):
    os.environ.clear()
    os.environ.update(KEPT)
    os.environ.update(case["variables"])
    session = Session()
    session.register_component("data_loader", LOADER)
    if "profile" in case["flags"]:
        session.set_config_variable("profile", case["flags"]["profile"])
    return session.create_client("sts", region_name=case["flags"].get("region"))


def presigned(sts):
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    scope = urllib.parse.parse_qs(urllib.parse.urlparse(url).query)["X-Amz-Credential"][0]
    return url.split("?")[0], scope.split("/")[2]


def sent(sts):
    seen = []

    def before_send(request, **_):
        scope = re.search(r"Credential=[^/]*/[^/]*/([^/]*)/", str(request.headers["Authorization"])).group(1)
        seen.extend([request.url, scope])
        body = type("Body", (), {"stream": lambda self: iter([ANSWER])})()
        return AWSResponse(request.url, 200, {}, body)

    sts.meta.events.register("before-send.sts", before_send)
    sts.get_caller_identity()
    return seen


def answer(ask, sts):
    try:
        url, region = ask(sts)
        return {"url": url.rstrip("/"), "region": region}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def answers(case):
    try:
        sts = client(case)
    except Exception as error:
        nowhere = {"error": f"{type(error).__name__}: {error}"}
        return {"presigned": nowhere, "sent": nowhere}
    return {"presigned": answer(presigned, sts), "sent": answer(sent, sts)}


json.dump([answers(case) for case in json.load(sys.stdin)], sys.stdout)

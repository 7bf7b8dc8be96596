"""Says where botocore would ask: services.py < [[service, Region, variables], ...]; prints [URL or null, ...] in JSON."""

import json
import os
import sys

import awscli  # noqa: F401  # It brings the botocore that is found from here on.
import botocore.exceptions
import botocore.session


OPERATIONS = {
    "sso": "GetRoleCredentials",
    "sso-oidc": "CreateToken",
    "signin": "CreateOAuth2Token",
    "eks": "DescribeCluster",
}


def url(service, region, variables):
    for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    session = botocore.session.Session()
    session.set_credentials("AKIA", "secret")
    try:
        client = session.create_client(service, region_name=region)
        # What the client says of itself comes of an older table; a request goes where the rules say.
        operation = client.meta.service_model.operation_model(OPERATIONS[service])
        return client._ruleset_resolver.construct_endpoint(operation, {}, {}).url
    except botocore.exceptions.BotoCoreError:
        return None


print(json.dumps([url(*question) for question in json.load(sys.stdin)]))

"""Says through which proxy botocore would ask: asked.py < [[variables, URL], ...]; prints [proxy or null, ...] in JSON."""

import json
import os
import sys

import awscli  # noqa: F401  # It brings the botocore that is found from here on.
import botocore.httpsession
import botocore.utils


def proxy(variables, url):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(variables)
    return botocore.httpsession.ProxyConfiguration(botocore.utils.get_environ_proxies(url)).proxy_url_for(url)


print(json.dumps([proxy(*question) for question in json.load(sys.stdin)]))

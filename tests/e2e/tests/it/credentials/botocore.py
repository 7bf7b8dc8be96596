"""Asks botocore, as the AWS CLI sets it up, for the credentials of one case after the other.

botocore.py < [{"home": folder, "env": {...}, "profile": name or null, "code": an MFA code or null}]; prints in the same order
{"key": access key id, "source": botocore's name for where it is from} or {"error": what is said}, in JSON.
"""

import json
import os
import sys

# The AWS CLI brings a botocore of its own, by which the name is found from here on.
import awscli.clidriver
import awscli.customizations.assumerole as assumerole
import botocore.credentials
import botocore.tokens


def answer(case):
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(case["env"], HOME=case["home"], PATH="/usr/bin:/bin", AWS_DATA_PATH=data)
    os.chdir(case["home"])
    # What is below somebody's home was looked up when these were imported.
    assumerole.CACHE_DIR = os.path.join(case["home"], ".aws/cli/cache")
    sso_cache = os.path.join(case["home"], ".aws/sso/cache")
    botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = sso_cache
    botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = sso_cache
    session = awscli.clidriver.create_clidriver().session
    if case["profile"]:
        session.set_config_variable("profile", case["profile"])
    # What the AWS CLI does to credentials once it knows the profile; the rest is for its commands.
    assumerole.inject_assume_role_provider_cache(session)
    if case["code"]:
        provider = session.get_component("credential_provider").get_provider("assume-role")
        provider._prompter = lambda prompt: case["code"]
    credentials = session.get_credentials()
    if credentials is None:
        return {"error": "no credentials"}
    return {"key": credentials.get_frozen_credentials().access_key, "source": credentials.method}


def answers(case):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            said = answer(case)
        except BaseException as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(write, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said)


print(json.dumps([answers(case) for case in json.load(sys.stdin)]))

"""Prints, in JSON, the name of every setting of a profile that botocore and the AWS CLI read."""

import json
import re
from pathlib import Path

import awscli
import botocore.configprovider

names = set()
for variable in botocore.configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES.values():
    # One of a setting below a setting is a pair.
    names.add(variable[0] if isinstance(variable[0], str) else (variable[0] or [None])[0])
# The AWS CLI's own stand in its topic.
topic = (Path(awscli.__file__).parent / "topics/config-vars.rst").read_text(encoding="utf-8")
names.update(name for name in re.findall(r"``([a-z][a-z0-9_]+)``", topic) if "_" in name or name in ("output", "region"))
print(json.dumps(sorted(name for name in names if name)))

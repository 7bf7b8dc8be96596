"""Says what botocore reads in pairs of files: the settings of each profile, as its sessions merge them.

files.py < [[config, credentials], ...]; prints [{profile: {setting: value}}, or null where it ends with an error, ...] in JSON. Of settings below
a setting nothing is said.
"""

import json
import os
import sys
import tempfile

import awscli  # noqa: F401  # It brings the botocore that is found from here on.
import botocore.configloader
import botocore.exceptions


def profiles(folder, config, credentials):
    paths = []
    for name, text in (("config", config), ("credentials", credentials)):
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", encoding="utf-8", newline="") as file:
            file.write(text)
    try:
        found = botocore.configloader.load_config(paths[0])["profiles"]
        for profile, settings in botocore.configloader.raw_config_parse(paths[1]).items():
            found.setdefault(profile, {}).update(settings)
    except botocore.exceptions.ConfigParseError:
        return None
    return {
        profile: {name: value for name, value in settings.items() if isinstance(value, str)}
        for profile, settings in found.items()
    }


with tempfile.TemporaryDirectory() as folder:
    print(json.dumps([profiles(folder, *pair) for pair in json.load(sys.stdin)]))

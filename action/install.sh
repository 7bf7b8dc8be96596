#!/usr/bin/env bash
# Puts cluster-auth on the PATH of the steps that follow, unless one is there: the archive of a version, by its checksum.
set -euo pipefail

if command -v cluster-auth > /dev/null; then
  echo "cluster-auth $(cluster-auth version --short) is on the PATH"
  exit 0
fi
case "$(uname -sm)" in
  "Linux x86_64") target=linux-amd64 ;;
  "Linux aarch64") target=linux-arm64 ;;
  *) echo "error: there is no archive for $(uname -sm)" >&2; exit 1 ;;
esac
name=cluster-auth-$VERSION-$target
url=${BASE_URL//\{version\}/$VERSION}
folder=$RUNNER_TEMP/cluster-auth
mkdir -p "$folder"
cd "$folder"
curl --fail --silent --show-error --location --retry 3 --remote-name "$url/$name.tar.gz" --remote-name "$url/SHA256SUMS"
# Only this file's line: the others were not fetched.
grep -F "  $name.tar.gz" SHA256SUMS > sum
sha256sum --check --strict sum
tar -xzf "$name.tar.gz"
echo "$folder/$name" >> "$GITHUB_PATH"

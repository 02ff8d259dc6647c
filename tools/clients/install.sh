#!/usr/bin/env bash
# Installs what `npm run clients` runs and this machine does not have: AWS CLI and boto3 by pip into DIR/venv, rclone and s3cmd
# by apt where this is root on Debian, and the program in drivers/minio-go, and mc, by go into DIR/bin. DIR is .installed beside this
# script where no other is named, and `npm run clients` and `npm run verify` look there. What is not to be had is said, and the rest
# goes on: `npm run clients` names what is missing.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=${1:-$here/.installed}
mkdir -p "$directory/bin"
directory=$(cd "$directory" && pwd)

# The table in README.md names them; rclone and s3cmd are as old as the Debian, minio-go is as in go.mod.
awscli=awscli==1.46.3
boto3=boto3==1.44.5
# The newest that the module proxy takes for a version: mc's releases are named in no way that go understands.
mc=github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9

missing() { echo "$1 is not to be had here"; }
has() { command -v "$1" >/dev/null; }

if ! "$directory/venv/bin/python3" -c 'import boto3' 2>/dev/null || ! [[ -x $directory/venv/bin/aws ]]; then
  { python3 -m venv "$directory/venv" && "$directory/venv/bin/pip" install --quiet --disable-pip-version-check "$awscli" "$boto3"; } \
    >/dev/null 2>&1 || missing 'AWS CLI, boto3'
fi

packages=()
for program in rclone s3cmd openssl; do has "$program" || packages+=("$program"); done
if ((${#packages[@]})); then
  if [[ $(id -u) == 0 ]] && has apt-get; then
    apt-get update -qq >/dev/null 2>&1
    for package in "${packages[@]}"; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || missing "$package"
    done
  else
    missing "${packages[*]}"
  fi
fi

# The driver is built each time: it may have changed, and go knows what has not.
if has go; then
  (cd "$here/drivers/minio-go" && go build -trimpath -o "$directory/bin/minio-go-driver" .) >/dev/null 2>&1 || missing 'minio-go'
else
  missing 'go, and so minio-go and mc'
fi

# Last, because it takes minutes where go has built nothing of it before; only its line in the box of `stowage serve` is run with it.
if has go && ! [[ -x $directory/bin/mc ]]; then
  GOBIN=$directory/bin timeout --kill-after=10 600 go install "$mc" >/dev/null 2>&1 || missing 'mc'
fi
exit 0

#!/usr/bin/env bash
# Installs the servers that `npm run bench:peers` measures beside Stowage, outside the repository:
#   bench/peers/install.sh DIR [minio|versitygw|seaweedfs|rclone|s3rver …]
# Where Go modules and packages come from, and with how many processes they are built, is what the environment says.
# One that is there stays. One that cannot be installed is told in DIR/NAME.failed, which the report repeats; the others go on.
set -uo pipefail

if (($# < 1)); then
  echo "usage: $0 DIR [NAME …]" >&2
  exit 2
fi
mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift
names=("$@")
((${#names[@]})) || names=(versitygw rclone seaweedfs minio s3rver)

# Pinned, so that two runs measure the same servers; but for SeaweedFS, whose version nobody could try out yet.
declare -A modules=(
  [minio]='github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c'
  [versitygw]='github.com/versity/versitygw/cmd/versitygw@v1.8.0'
  [seaweedfs]='github.com/seaweedfs/seaweedfs/weed@latest'
  [rclone]='github.com/rclone/rclone@v1.76.0'
)
declare -A programs=([minio]=minio [versitygw]=versitygw [seaweedfs]=weed [rclone]=rclone)
s3rver='s3rver@3.7.1'

fail() {
  echo "$2" >"$directory/$1.failed"
  echo "$1: $2" >&2
}

install_module() {
  local name=$1
  [[ -x $directory/${programs[$name]} ]] && return
  command -v go >/dev/null || { fail "$name" 'not installed: there is no Go here'; return; }
  echo "$name: go install ${modules[$name]} …" >&2
  local said code=0
  said=$(GOBIN=$directory CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "${modules[$name]}" 2>&1) || code=$?
  [[ -n $said ]] && echo "$said" >&2
  ((code == 0)) && return
  # Where modules come from is not told: the reason goes into a report.
  case $said in
    *Forbidden* | *'not available'*) fail "$name" 'not installed: the Go module proxy of this machine refuses it' ;;
    *) fail "$name" "not installed: go install ended with $code" ;;
  esac
}

install_s3rver() {
  [[ -e $directory/node_modules/s3rver ]] && return
  command -v npm >/dev/null || { fail s3rver 'not installed: there is no npm here'; return; }
  echo "s3rver: npm install $s3rver …" >&2
  npm install --prefix "$directory" --no-save --no-audit --no-fund --loglevel=error "$s3rver" >&2 || fail s3rver "not installed: npm install ended with $?"
}

for name in "${names[@]}"; do
  rm -f "$directory/$name.failed"
  case $name in
    s3rver) install_s3rver ;;
    minio | versitygw | seaweedfs | rclone) install_module "$name" ;;
    *) echo "no peer is called $name" >&2 ;;
  esac
done

#!/usr/bin/env bash
# versitygw over files: an S3 gateway in Go, with a directory of the host as its store. See running.sh.
source "$(dirname "$0")/running.sh"
module=github.com/versity/versitygw/cmd/versitygw@v1.8.0

case ${1:-} in
  install) install_go_program "${2:?DIR}" versitygw "$module" ;;
  start)
    program=${2:?DIR}/versitygw
    state=${3:?STATE}
    mkdir -p "$state/data" "$state/versions"
    # The bucket has to keep attributes of files: a file system without them is told by an error at the first start.
    launch() {
      exec env ROOT_ACCESS_KEY=stowage ROOT_SECRET_KEY=stowage-secret "$program" --port "127.0.0.1:$1" --quiet --keep-alive posix "$state/data"
    }
    start_on_free_port "$state" / "$state/log" launch
    echo "{\"endpoint\":\"http://127.0.0.1:$port\",\"region\":\"us-east-1\",\"accessKeyId\":\"stowage\",\"secretAccessKey\":\"stowage-secret\",\"version\":\"${module##*@}\"}"
    ;;
  stop) stop_pids "${2:?STATE}" ;;
  *) say_usage ;;
esac

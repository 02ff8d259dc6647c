#!/usr/bin/env bash
# fake-gcs-server in memory: Cloud Storage's JSON API, without credentials. See running.sh.
source "$(dirname "$0")/running.sh"
module=github.com/fsouza/fake-gcs-server@v1.56.1

case ${1:-} in
  install) install_go_program "${2:?DIR}" fake-gcs-server "$module" ;;
  start)
    program=${2:?DIR}/fake-gcs-server
    state=${3:?STATE}
    mkdir -p "$state"
    launch() {
      exec "$program" -backend memory -scheme http -host 127.0.0.1 -port "$1" -public-host "127.0.0.1:$1" -log-level error
    }
    start_on_free_port "$state" /storage/v1/b "$state/log" launch
    echo "{\"endpoint\":\"http://127.0.0.1:$port\",\"region\":\"\",\"accessKeyId\":\"\",\"secretAccessKey\":\"\",\"version\":\"${module##*@}\"}"
    ;;
  stop) stop_pids "${2:?STATE}" ;;
  *) say_usage ;;
esac

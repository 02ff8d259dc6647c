#!/usr/bin/env bash
# MinIO over one directory. See running.sh.
source "$(dirname "$0")/running.sh"
module=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

case ${1:-} in
  install) install_go_program "${2:?DIR}" minio "$module" ;;
  start)
    program=${2:?DIR}/minio
    state=${3:?STATE}
    mkdir -p "$state/data" "$state/config"
    launch() {
      exec env MINIO_ROOT_USER=stowage MINIO_ROOT_PASSWORD=stowage-secret MINIO_BROWSER=off \
        "$program" server --quiet --config-dir "$state/config" --address "127.0.0.1:$1" "$state/data"
    }
    start_on_free_port "$state" /minio/health/live "$state/log" launch
    echo "{\"endpoint\":\"http://127.0.0.1:$port\",\"region\":\"us-east-1\",\"accessKeyId\":\"stowage\",\"secretAccessKey\":\"stowage-secret\",\"version\":\"${module##*@}\"}"
    ;;
  stop) stop_pids "${2:?STATE}" ;;
  *) say_usage ;;
esac

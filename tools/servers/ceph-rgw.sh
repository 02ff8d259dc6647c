#!/usr/bin/env bash
# The object gateway of Ceph, with a monitor and one store in memory, from Debian's packages. See running.sh; `install` wants root and apt.
# One at a time on a machine: its own ports are fixed but for that of S3. Everything is in memory, about 2 GiB of it at most.
source "$(dirname "$0")/running.sh"
packages=(radosgw ceph-mon ceph-osd ceph-common)

install_packages() {
  command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null && command -v ceph >/dev/null && return
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || { echo 'Ceph is not to be had here: that takes root and apt' >&2; return 1; }
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

write_configuration() {
  local state=$1
  cat >"$state/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_initial_members = a
mon_host = [v2:127.0.0.1:40300/0,v1:127.0.0.1:40301/0]
public_network = 127.0.0.0/8
cluster_network = 127.0.0.0/8
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_port_min = 40400
ms_bind_port_max = 40450
keyring = $state/keyring
run_dir = $state/run
admin_socket = $state/run/\$name.\$pid.asok
log_file = $state/log/\$name.log
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_objectstore = memstore
memstore_device_bytes = 2147483648
memstore_page_set = true
auth_allow_insecure_global_id_reclaim = false
[mon]
mon_data = $state/mon.\$id
mon_pg_warn_min_per_osd = 0
[osd]
osd_data = $state/osd.\$id
[client]
rgw_data = $state/rgw
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
CONF
}

start_cluster() {
  local state=$1 osd_id
  local conf=(-c "$state/ceph.conf")
  export CEPH_CONF=$state/ceph.conf CEPH_ARGS=
  ceph-authtool --create-keyring "$state/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
  ceph-authtool "$state/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  ceph-authtool "$state/keyring" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  ceph-authtool "$state/keyring" --gen-key -n osd.0 --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$state/ceph.conf")" --addv a '[v2:127.0.0.1:40300,v1:127.0.0.1:40301]' --clobber "$state/monmap" >/dev/null
  ceph-mon "${conf[@]}" --mkfs -i a --monmap "$state/monmap" --keyring "$state/keyring" >"$state/log/mkfs" 2>&1
  ceph-mon "${conf[@]}" -i a -f >"$state/log/mon" 2>&1 </dev/null &
  echo $! >>"$state/pids"
  for _ in {1..30}; do timeout 5 ceph "${conf[@]}" -s >/dev/null 2>&1 && break; sleep 1; done
  # `osd new` and `--mkfs` have to agree on it, or the monitor takes no notice of the store.
  osd_id=$(cat /proc/sys/kernel/random/uuid)
  ceph "${conf[@]}" osd new "$osd_id" 0 >/dev/null
  ceph-osd "${conf[@]}" -i 0 --mkfs --osd-uuid "$osd_id" >>"$state/log/mkfs" 2>&1
  ceph-osd "${conf[@]}" -i 0 -f >"$state/log/osd" 2>&1 </dev/null &
  echo $! >>"$state/pids"
  for _ in {1..60}; do ceph "${conf[@]}" osd stat 2>/dev/null | grep -q '1 up' && return; sleep 1; done
  echo 'the store of Ceph does not come up' >&2
  return 1
}

case ${1:-} in
  install) install_packages ;; # DIR is not used: packages go where Debian puts them
  start)
    mkdir -p "${3:?STATE}"
    state=$(cd "$3" && pwd)
    mkdir -p "$state"/{mon.a,osd.0,rgw,run,log}
    : >"$state/pids"
    write_configuration "$state"
    start_cluster "$state"
    launch() { exec radosgw -c "$state/ceph.conf" --name client.rgw --rgw_frontends="beast endpoint=127.0.0.1:$1" -f; }
    start_on_free_port "$state" / "$state/log/radosgw" launch
    radosgw-admin -c "$state/ceph.conf" --name client.rgw user create --uid stowage --display-name stowage --access-key stowage --secret stowage-secret >/dev/null 2>&1
    version=$(radosgw --version | sed 's/.*version \([0-9.]*\).*/\1/')
    echo "{\"endpoint\":\"http://127.0.0.1:$port\",\"region\":\"default\",\"accessKeyId\":\"stowage\",\"secretAccessKey\":\"stowage-secret\",\"version\":\"$version\"}"
    ;;
  stop) stop_pids "${2:?STATE}" ;;
  *) say_usage ;;
esac

# What the scripts of cases.toml may call. They run on the client; $LIVE is the project's folder on the host, $CLIENT who deploys.

# A script on the host, as root, by no way that ssh or the network has a part in.
vm() { "$TEST_VM" exec 1 bash -c "set -eu; cd $LIVE 2>/dev/null || cd /; $1"; }

kill_client() { kill -9 "$CLIENT" $(pgrep -P "$CLIENT"); }
# Its own commands go on: they are nobody's then.
kill_driver() { vm 'pkill -9 -u me -f "[-]-arrived"'; }
kill_engine() { vm 'pkill -9 -x dockerd'; }

# From now on calls of `docker` with these words do not what they should: docker_breaks WORDS HOW [TIMES]. Words are a pattern of the
# shell, for the whole line. How: `fails`, `hangs`, `lies` (says that it is done), `does-and-fails`.
docker_breaks() {
  vm "mkdir -p /tmp/broken && chmod 777 /tmp/broken && rm -f /tmp/broken/* && cat >/usr/local/bin/docker && chmod 755 /usr/local/bin/docker" <<END
#!/bin/bash
case "\$*" in
  $1)
    if [ "\$(ls /tmp/broken | wc -l)" -lt ${3-9999} ]; then
      touch "/tmp/broken/\$\$"
      case $2 in
        fails) echo 'Error response from daemon: broken on purpose' >&2; exit 1 ;;
        hangs) exec sleep 900 ;;
        lies) exit 0 ;;
        does-and-fails) /usr/bin/docker "\$@"; echo 'Error response from daemon: broken on purpose' >&2; exit 1 ;;
      esac
    fi ;;
esac
exec /usr/bin/docker "\$@"
END
}

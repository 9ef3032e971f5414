# What the scripts of cases.toml may call. They run on the client, in the folder of the last good release; $LIVE is the project's folder
# on the host, $CLIENT whoever deploys.

# A script on the host, as root, by no way that ssh or the network has a part in.
vm() { "$TEST_VM" exec 1 bash -c "$PREAMBLE cd $LIVE 2>/dev/null || cd /; $1"; }

kill_client() { kill -9 "$CLIENT" $(pgrep -P "$CLIENT"); }
# Its own commands go on: they are nobody's then.
kill_driver() { vm 'pkill -9 -u me -f "[-]-arrived|lastgood/[a]gent.* rollback"'; }
# In the middle of the way back, however soon that is.
kill_guard() {
  vm 'had=$(wc -l <.lastgood/ledger.jsonl); goes_back() { tail -n +$((had + 1)) .lastgood/ledger.jsonl | grep "\"undo\":true"; }
      await goes_back; pkill -9 -f "[g]uard --of"'
}
kill_engine() { vm 'pkill -9 -x dockerd'; }
power_off() { "$TEST_VM" crash 1; }
reboot() { "$TEST_VM" reboot 1; }

# By which ssh comes, and none of the users.
link() { vm "ip link set \$(ip -o -4 address show to $SSH_ADDRESS | awk '{ print \$2 }') $1"; }

# A file system of 16 MB, of which nothing is kept for root, for the project alone.
small_disk() {
  truncate --size 16M ../small.img && /usr/sbin/mkfs.ext4 -q -F -m 0 ../small.img
  vm 'cat >/root/small.img' <../small.img
  vm "mkdir -p $LIVE && { [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237; }
      free=\$(losetup --find) && free=\${free%% *} && { [ -e \$free ] || mknod \$free b 7 \${free#/dev/loop}; }
      mount -o loop,nodelalloc /root/small.img $LIVE && rmdir $LIVE/lost+found && chown me $LIVE"
}
# Until not even the smallest piece gets there any more: who wants a lot at once is refused before.
fill() {
  vm 'left() { df --output=avail . | tail -1; }; su me -c "fallocate --length $(left)K ballast" || :
      su me -c "dd if=/dev/zero bs=1k status=none >>ballast" 2>/dev/null || :; sync --file-system .; [ $(left) -lt 4 ]'
}

# A registry of the host's own on its port 5000, slow enough to be met in the middle, with an image of 30 MB more than it has.
registry_with() {
  vm 'mkdir -p /root/registry && cat >/root/registry/docker-registry && chmod 755 /root/registry/docker-registry' </usr/bin/docker-registry
  vm "cd /root/registry && echo '{version: 0.1, storage: {filesystem: {rootdirectory: /root/registry/data}}, http: {addr: \"127.0.0.1:5000\"}}' >config.yml
      setsid ./docker-registry serve config.yml >log 2>&1 </dev/null &
      listens() { (exec 3<>/dev/tcp/127.0.0.1/5000); }; await listens
      docker run --name making live-python sh -c 'head -c 30000000 /dev/urandom >/heavy'
      docker commit making 127.0.0.1:5000/$1 >/dev/null; docker rm making >/dev/null
      docker push --quiet 127.0.0.1:5000/$1; docker image rm 127.0.0.1:5000/$1 >/dev/null
      tc qdisc add dev lo root tbf rate 80mbit burst 256k latency 500ms"
}
registry_gone() { vm 'pkill -9 docker-registry || :; tc qdisc del dev lo root; rm -rf /root/registry'; }

# From now on calls of `docker` with these words do not what they should: docker_breaks WORDS HOW [TIMES]. Words are a pattern of the
# shell, for the whole line. How: `fails`, `hangs`, `lies` (says that it is done), `does-and-fails`, `dawdles`.
docker_breaks() {
  vm "rm -rf /tmp/broken && mkdir /tmp/broken && chmod 777 /tmp/broken && cat >/usr/local/bin/docker && chmod 755 /usr/local/bin/docker" <<END
#!/bin/bash
case "\$*" in
  ${1// /\\ })
    if [ "\$(ls /tmp/broken | wc -l)" -lt ${3-9999} ]; then
      touch "/tmp/broken/\$\$"
      case $2 in
        fails) echo 'Error response from daemon: broken on purpose' >&2; exit 1 ;;
        hangs) exec sleep 900 ;;
        lies) exit 0 ;;
        dawdles) sleep 3 ;;
        does-and-fails) /usr/bin/docker "\$@"; echo 'Error response from daemon: broken on purpose' >&2; exit 1 ;;
      esac
    fi ;;
esac
exec /usr/bin/docker "\$@"
END
}

# A question, whose exit code has to be one of these, and whose answer is to hold these words: asks QUESTION CODES WORDS.
asks() {
  local code=0
  lastgood "$1" --host vm1 >../asked 2>&1 || code=$?
  [[ " $2 " == *" $code "* ]] && grep -qE "$3" ../asked || { echo "$1: exit $code: $(cat ../asked)" >&2; return 1; }
}

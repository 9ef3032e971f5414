//! Names and addresses: what is not there, whoever cannot say, and where there is no way.

use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeProtocol, ProbeTarget};

use crate::ask::{With, compare, state, target};
use crate::lab;

/// Knows `shop.test`, and refuses, fails or hangs for other zones.
const UNBOUND: &str = r#"
cat >unbound.conf <<'CONF'
server:
  interface: 127.0.0.53
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "."
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: "iterator"
  max-udp-size: 512
  local-zone: "test." nodefault
  local-zone: "shop.test." static
  local-data: "db.shop.test. A 127.0.0.1"
  local-data: "deep.db.shop.test. A 127.0.0.1"
  local-data: "mail.shop.test. MX 10 db.shop.test."
  local-data: "six.shop.test. AAAA ::1"
  local-zone: "refused.test." refuse
forward-zone:
  name: "."
  forward-addr: 127.0.0.56
CONF
for i in $(seq 60); do echo "  local-data: \"many.shop.test. A 127.0.0.$i\"" >>many; done
sed -i '/six.shop/r many' unbound.conf
# A nameserver that cannot say.
python3 -c 'import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(("127.0.0.56",53))
while True: q,a=s.recvfrom(512); s.sendto(q[:2]+b"\x81\x82"+q[4:],a)' &
unbound -d -c unbound.conf &
for _ in $(seq 100); do [ -n "$(ss -Hlun 'sport = :53')" ] && break; sleep 0.05; done
# A nameserver that hears and says nothing.
python3 -c 'import socket,time; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(("127.0.0.54",53)); time.sleep(60)' &
python3 -m http.server --bind 0.0.0.0 8080 &
for _ in $(seq 100); do [ -n "$(ss -Hltn 'sport = :8080')" ] && [ "$(ss -Hlun 'sport = :53' | wc -l)" -ge 3 ] && break; sleep 0.05; done
"#;

fn web(host: &str) -> ProbeTarget {
    target(ProbeProtocol::Http, host, 8080)
}

#[test]
#[ignore = "needs servers"]
fn nameservers() {
    let serves = "HTTP/1.0 200 OK";
    let cases = [
        ("name/is there", web("db.shop.test"), Serves, serves),
        ("name/is there, whatever its letters", web("DB.Shop.Test."), Serves, serves),
        ("name/in a domain of ours", web("db"), Serves, serves),
        ("name/with a dot, in a domain of ours", web("deep.db"), Serves, serves),
        ("name/in the hosts file", web("cache"), Serves, serves),
        ("name/localhost", web("localhost"), Serves, serves),
        ("name/below localhost", web("app.localhost"), Serves, serves),
        ("name/with more addresses than fit", web("many.shop.test"), Serves, serves),
        ("name/is not there", web("nothing.shop.test"), NoSuchName, "NXDOMAIN"),
        ("name/has no address", web("mail.shop.test"), NoSuchName, "NODATA"),
        ("name/is too long", web(&"x".repeat(80)), NoSuchName, "NXDOMAIN"),
        ("name/server refuses", web("db.refused.test."), NameserverFails, "REFUSED"),
        ("name/server fails", web("db.fails.test."), NameserverFails, "SERVFAIL"),
        ("name/of six only, where nobody listens", web("six.shop.test"), Refused, "ECONNREFUSED"),
    ];
    let targets: Vec<ProbeTarget> = cases.iter().map(|(_, target, ..)| target.clone()).collect();
    let hosts = "127.0.0.1 cache\n";
    let answers = lab::ask(UNBOUND, "nameserver 127.0.0.53\nsearch shop.test\n", hosts, &targets);
    for ((name, _, outcome, words), answer) in cases.iter().zip(&answers) {
        compare(name, answer, outcome, words);
    }
    assert_eq!(answers[7].addresses.len(), 32, "as many as are kept");

    let silent = "nameserver 127.0.0.54\n";
    let answer = lab::ask(UNBOUND, silent, "", &[web("db.shop.test")]).remove(0);
    compare("name/server says nothing", &answer, &NameserverFails, "ETIMEDOUT");
    let answer = lab::ask(UNBOUND, "nameserver 127.0.0.55\n", "", &[web("db.shop.test")]).remove(0);
    compare("name/nobody is the server", &answer, &NameserverFails, "ECONNREFUSED");
    let second = "nameserver 127.0.0.54\nnameserver 127.0.0.53\noptions ndots:2 timeout:1\n";
    let answer = lab::ask(UNBOUND, second, "", &[web("db.shop.test")]).remove(0);
    compare("name/the second server knows", &answer, &Serves, serves);
}

#[test]
#[ignore = "needs servers"]
fn ways() {
    let redis = "redis-server --bind 0.0.0.0 --port 6379 --save '' &
                 for _ in $(seq 100); do [ -n \"$(ss -Hltn 'sport = :6379')\" ] && break; sleep 0.05; done
                 ip route add prohibit 10.97.0.1/32; ip route add unreachable 10.97.0.2/32";
    let denied = "-DENIED Redis is running in protected mode because protected mode is enabled";
    let cases = [
        ("way/nobody has the address", target(ProbeProtocol::Redis, "10.98.0.77", 6379), Unanswered, "ETIMEDOUT"),
        ("way/there is none", target(ProbeProtocol::Redis, "203.0.113.9", 6379), NoRoute, "ENETUNREACH"),
        ("way/prohibited", target(ProbeProtocol::Postgres, "10.97.0.1", 5432).user("app"), NoRoute, "EACCES"),
        ("way/unreachable", target(ProbeProtocol::Mysql, "10.97.0.2", 3306).user("app"), NoRoute, "EHOSTUNREACH"),
        ("way/nobody listens", target(ProbeProtocol::Http, "127.0.0.1", 81), Refused, "ECONNREFUSED"),
        ("way/one of two addresses answers", target(ProbeProtocol::Redis, "two", 6379), Serves, "+PONG"),
        ("redis/protected", target(ProbeProtocol::Redis, "10.98.0.1", 6379), RefusesHost, denied),
        (
            "redis/protected, with a password",
            target(ProbeProtocol::Redis, "10.98.0.1", 6379).password("carbon-password"),
            RefusesHost,
            denied,
        ),
    ];
    let targets: Vec<ProbeTarget> = cases.iter().map(|(_, target, ..)| target.clone()).collect();
    let hosts = "203.0.113.9 two\n127.0.0.1 two\n";
    for ((name, _, outcome, words), answer) in
        cases.iter().zip(lab::ask(redis, "nameserver 127.0.0.53\n", hosts, &targets))
    {
        compare(name, &answer, outcome, words);
    }
    // Many who are asked at once do not wait for each other.
    let many: Vec<ProbeTarget> = (0..60).map(|_| targets[0].clone()).collect();
    let answers = lab::ask("true", "", "", &many);
    assert!(answers.iter().all(|answer| answer.outcome == Unanswered));
    state("way/to here", target(ProbeProtocol::Tcp, "127.0.0.1", crate::daemon::free_port()), &Refused, "ECONNREFUSED");
}

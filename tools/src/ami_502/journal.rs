//! The example's journal as `journalctl -o json` exports it: the old boot, its end, the new boot.
//! It tells what systemd, the kernel and people did; it concludes nothing.

use super::{BOOT_MS, DAY, DOWN_MS, END_MS, NGINX_MS, START_MS, ZONE};
use crate::clock::MINUTE_MS;
use crate::sample::{exponential, hex};
use crate::visitors::address;
use fastrand::Rng;
use serde_json::{Map, Value};

const HOST: &str = "insu-prod-1";
const STARTED: &str = "39f53479d3a045ac8e11786248231fbf";
const STARTING: &str = "7d4958e842da4a758f6c1cdc7b36dcc5";
const STOPPING: &str = "de5b426a63be47a7b6ac3eaac82e2f6f";
const STOPPED: &str = "9d1aaa27d60140bd96365438aad20286";

const NGINX: (&str, &str) = ("nginx.service", "A high performance web server and a reverse proxy server");
const INSU: (&str, &str) = ("driver-insu.service", "Driver insurance application");
const PARTNER: (&str, &str) = ("partner-api.service", "Partner interface");
const OTHERS: [(&str, &str); 9] = [
    ("systemd-udevd.service", "Rule-based Manager for Device Events and Files"),
    ("systemd-networkd.service", "Network Configuration"),
    ("systemd-resolved.service", "Network Name Resolution"),
    ("systemd-logind.service", "User Login Management"),
    ("cron.service", "Regular background program processing daemon"),
    ("chrony.service", "chrony, an NTP client/server"),
    ("rsyslog.service", "System Logging Service"),
    ("ssh.service", "OpenBSD Secure Shell server"),
    ("amazon-ssm-agent.service", "amazon-ssm-agent"),
];

/// When the old boot began, and when the application was started by hand in it.
const OLD_BOOT_MS: i64 = ZONE.at((2022, 10, 4), 9, 12, 3);
const BY_HAND_MS: i64 = ZONE.at((2022, 10, 26), 14, 2, 17);

/// The whole export, one entry a line.
pub(super) fn export(rng: &mut Rng) -> Vec<u8> {
    let mut journal = Journal::new(OLD_BOOT_MS, rng);
    boot(&mut journal, OLD_BOOT_MS, OLD_BOOT_MS + 9_000);
    let by_hand = "systemctl start driver-insu.service";
    sudo(&mut journal, BY_HAND_MS, by_hand);
    started(&mut journal, BY_HAND_MS + 60, INSU);
    application(&mut journal, BY_HAND_MS);
    noise(&mut journal, ZONE.at(DAY, 0, 0, 0), DOWN_MS, rng);
    shutdown(&mut journal);
    let mut out = journal.finish();

    let mut journal = Journal::new(BOOT_MS, rng);
    boot(&mut journal, BOOT_MS, NGINX_MS);
    noise(&mut journal, NGINX_MS + 20_000, END_MS, rng);
    sudo(&mut journal, START_MS - 66_000, "systemctl status driver-insu.service");
    sudo(&mut journal, START_MS - 40, by_hand);
    started(&mut journal, START_MS, INSU);
    application(&mut journal, START_MS);
    out.extend(journal.finish());
    out
}

/// The entries of one boot.
struct Journal {
    boot_ms: i64,
    boot: String,
    cursor: String,
    entries: Vec<(i64, Map<String, Value>)>,
}

impl Journal {
    fn new(boot_ms: i64, rng: &mut Rng) -> Self {
        let mut digits = Vec::new();
        hex(rng, 64, &mut digits);
        let text = String::from_utf8_lossy(&digits).into_owned();
        Self { boot_ms, boot: text[..32].to_owned(), cursor: text[32..].to_owned(), entries: Vec::new() }
    }

    /// An entry with the fields that every entry has.
    fn add(&mut self, at_ms: i64, tag: &str, message: &str, fields: &[(&str, &str)]) {
        let mut entry = Map::new();
        let mut set = |key: &str, value: String| {
            entry.insert(key.to_owned(), Value::String(value));
        };
        set("__REALTIME_TIMESTAMP", (at_ms * 1_000).to_string());
        let since = (at_ms - self.boot_ms) * 1_000 + 1_204_011;
        set("__MONOTONIC_TIMESTAMP", since.to_string());
        set("_BOOT_ID", self.boot.clone());
        set("_MACHINE_ID", "ec2f0a1b2c3d4e5f60718293a4b5c6d7".to_owned());
        set("_HOSTNAME", HOST.to_owned());
        set("PRIORITY", "6".to_owned());
        set("SYSLOG_IDENTIFIER", tag.to_owned());
        for (key, value) in fields {
            set(key, (*value).to_owned());
        }
        set("MESSAGE", message.to_owned());
        self.entries.push((at_ms, entry));
    }

    /// An entry of systemd about one of its units.
    fn unit(&mut self, at_ms: i64, unit: &str, message: &str, fields: &[(&str, &str)]) {
        let mut all = vec![
            ("_PID", "1"),
            ("_COMM", "systemd"),
            ("_SYSTEMD_UNIT", "init.scope"),
            ("_TRANSPORT", "journal"),
            ("UNIT", unit),
        ];
        all.extend_from_slice(fields);
        self.add(at_ms, "systemd", message, &all);
    }

    fn finish(mut self) -> Vec<u8> {
        self.entries.sort_by_key(|(at_ms, _)| *at_ms);
        let mut out = Vec::new();
        for (index, (at_ms, entry)) in self.entries.into_iter().enumerate() {
            let mut all = Map::new();
            let cursor = format!("s={};i={index:x};b={};t={:x}", self.cursor, self.boot, at_ms * 1_000);
            all.insert("__CURSOR".to_owned(), Value::String(cursor));
            all.extend(entry);
            out.extend_from_slice(Value::Object(all).to_string().as_bytes());
            out.push(b'\n');
        }
        out
    }
}

fn started(journal: &mut Journal, at_ms: i64, unit: (&str, &str)) {
    let job = [("JOB_TYPE", "start"), ("JOB_RESULT", "done"), ("MESSAGE_ID", STARTED)];
    let message = format!("Started {} - {}.", unit.0, unit.1);
    journal.unit(at_ms, unit.0, &message, &job);
}

fn stopped(journal: &mut Journal, at_ms: i64, unit: (&str, &str), took_ms: i64) {
    let (name, title) = unit;
    let stopping = [("JOB_TYPE", "stop"), ("MESSAGE_ID", STOPPING)];
    journal.unit(at_ms, name, &format!("Stopping {name} - {title}..."), &stopping);
    let message = format!("{name}: Deactivated successfully.");
    let gone = [("MESSAGE_ID", "7ad2d189f7e94e70a38c781354912448")];
    journal.unit(at_ms + took_ms, name, &message, &gone);
    let stopped = [("JOB_TYPE", "stop"), ("JOB_RESULT", "done"), ("MESSAGE_ID", STOPPED)];
    let message = format!("Stopped {name} - {title}.");
    journal.unit(at_ms + took_ms + 3, name, &message, &stopped);
}

/// A boot from the kernel's first word to the target; `nginx_ms` is when nginx is up.
fn boot(journal: &mut Journal, boot_ms: i64, nginx_ms: i64) {
    const KERNEL: [&str; 14] = [
        "Linux version 5.15.0-1022-aws (buildd@lcy02) (gcc 11.2.0) #26-Ubuntu SMP",
        "Command line: BOOT_IMAGE=/boot/vmlinuz-5.15.0-1022-aws root=PARTUUID=0a1b2c3d-01 ro console=ttyS0 panic=-1",
        "BIOS-provided physical RAM map:",
        "DMI: Amazon EC2 t3.medium/, BIOS 1.0 10/16/2017",
        "Hypervisor detected: KVM",
        "Memory: 3909432K/4031088K available",
        "smpboot: CPU0: Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz",
        "clocksource: Switched to clocksource kvm-clock",
        "nvme nvme0: pci function 0000:00:04.0",
        "nvme0n1: p1 p14 p15",
        "EXT4-fs (nvme0n1p1): mounted filesystem with ordered data mode. Opts: (null)",
        "ena 0000:00:05.0: Elastic Network Adapter (ENA) found at mem febf4000",
        "random: crng init done",
        "systemd[1]: Hostname set to <insu-prod-1>.",
    ];
    let kernel = [("_TRANSPORT", "kernel"), ("SYSLOG_FACILITY", "0")];
    for (step, message) in (0..).zip(KERNEL) {
        journal.add(boot_ms + step * 90, "kernel", message, &kernel);
    }
    let from = boot_ms + 2_600;
    for (step, unit) in (0..).zip(OTHERS) {
        started(journal, from + step * 480, unit);
    }
    let starting = [("JOB_TYPE", "start"), ("MESSAGE_ID", STARTING)];
    let message = format!("Starting {} - {}...", NGINX.0, NGINX.1);
    journal.unit(nginx_ms - 210, NGINX.0, &message, &starting);
    started(journal, nginx_ms, NGINX);
    started(journal, nginx_ms + 40, PARTNER);
    let message = "Reached target multi-user.target - Multi-User System.";
    journal.unit(nginx_ms + 900, "multi-user.target", message, &[("MESSAGE_ID", STARTED)]);
    let message = "Startup finished in 2.104s (kernel) + 7.611s (userspace) = 9.715s.";
    let finished = [("MESSAGE_ID", "b07a249cd024414a82dd00cd181378ff")];
    journal.add(nginx_ms + 960, "systemd", message, &finished);
    let partner = [("_SYSTEMD_UNIT", PARTNER.0), ("_COMM", "partner-api")];
    let message = "listening on 127.0.0.1:8090";
    journal.add(nginx_ms + 2_700, "partner-api", message, &partner);
}

/// The old boot ends: the cloud has asked for a reboot.
fn shutdown(journal: &mut Journal) {
    let logind = [("_SYSTEMD_UNIT", "systemd-logind.service"), ("MESSAGE_ID", "98268866d1d54a499c4e98921d93bc40")];
    journal.add(DOWN_MS, "systemd-logind", "System is rebooting.", &logind);
    stopped(journal, DOWN_MS + 80, NGINX, 190);
    stopped(journal, DOWN_MS + 85, INSU, 1_320);
    stopped(journal, DOWN_MS + 90, PARTNER, 240);
    for (step, unit) in (0..).zip(OTHERS).filter(|(_, unit)| !unit.0.starts_with("systemd")) {
        stopped(journal, DOWN_MS + 120 + step * 11, unit, 60);
    }
    let last = "Reached target reboot.target - System Reboot.";
    journal.unit(DOWN_MS + 1_760, "reboot.target", last, &[("MESSAGE_ID", STARTED)]);
    journal.add(DOWN_MS + 1_790, "systemd", "Shutting down.", &[("_PID", "1")]);
    let journald = [("_SYSTEMD_UNIT", "systemd-journald.service")];
    journal.add(DOWN_MS + 1_840, "systemd-journald", "Journal stopped", &journald);
}

/// Somebody logs in and runs one command as root.
fn sudo(journal: &mut Journal, at_ms: i64, command: &str) {
    let ssh = [("_SYSTEMD_UNIT", "ssh.service"), ("_COMM", "sshd")];
    let accepted = "Accepted publickey for ops from 203.0.113.20 port 50122 ssh2: ED25519 \
                    SHA256:EXAMPLEexampleEXAMPLEexampleEXAMPLEexample0";
    journal.add(at_ms - 9_000, "sshd", accepted, &ssh);
    let message = format!("     ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/{command}");
    let session = [("_SYSTEMD_UNIT", "session-1.scope"), ("_COMM", "sudo"), ("PRIORITY", "5")];
    journal.add(at_ms - 30, "sudo", &message, &session);
}

/// What the application itself says when it starts.
fn application(journal: &mut Journal, at_ms: i64) {
    let own = [("_SYSTEMD_UNIT", INSU.0), ("_COMM", "java"), ("_TRANSPORT", "stdout")];
    for (after, message) in [
        (1_900, "INFO 1 --- [main] DriverInsuApplication : Starting DriverInsuApplication v2.14.0"),
        (6_800, "INFO 1 --- [main] TomcatWebServer : Tomcat started on 127.0.0.1:8080 (http)"),
        (7_812, "INFO 1 --- [main] DriverInsuApplication : Started DriverInsuApplication in 7.4 seconds"),
    ] {
        journal.add(at_ms + after, "driver-insu", message, &own);
    }
}

/// What every host on the internet logs all day.
fn noise(journal: &mut Journal, from_ms: i64, to_ms: i64, rng: &mut Rng) {
    let mut at = from_ms as f64;
    loop {
        at += exponential(rng, 5.0 * MINUTE_MS as f64);
        let at_ms = at as i64;
        if at_ms >= to_ms {
            return;
        }
        let who = address(rng.u32(..700));
        let port = rng.u16(32_000..60_000);
        let ssh = [("_SYSTEMD_UNIT", "ssh.service"), ("_COMM", "sshd")];
        let cron = [("_SYSTEMD_UNIT", "cron.service"), ("_COMM", "cron")];
        match rng.u8(..5) {
            0 | 1 => {
                let user = ["admin", "test", "oracle", "git"][rng.usize(..4)];
                let message = format!("Invalid user {user} from {who} port {port}");
                journal.add(at_ms, "sshd", &message, &ssh);
            }
            2 => {
                let message = format!("Connection closed by {who} port {port} [preauth]");
                journal.add(at_ms, "sshd", &message, &ssh);
            }
            3 => {
                let message = "(root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)";
                journal.add(at_ms, "CRON", message, &cron);
            }
            _ => {
                let message = "logrotate.service: Deactivated successfully.";
                journal.unit(at_ms, "logrotate.service", message, &[("JOB_TYPE", "start")]);
            }
        }
    }
}

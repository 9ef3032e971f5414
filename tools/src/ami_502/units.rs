//! The output of `systemctl list-unit-files` on the example's host.
//! A table and its layout; what follows from `disabled` is for a reader to say.

/// Name, state, vendor preset.
const UNITS: &[(&str, &str, &str)] = &[
    ("proc-sys-fs-binfmt_misc.automount", "static", "-"),
    ("-.mount", "generated", "-"),
    ("boot-efi.mount", "generated", "-"),
    ("dev-hugepages.mount", "static", "-"),
    ("dev-mqueue.mount", "static", "-"),
    ("sys-kernel-debug.mount", "static", "-"),
    ("systemd-ask-password-wall.path", "static", "-"),
    ("session-1.scope", "transient", "-"),
    ("amazon-ssm-agent.service", "enabled", "enabled"),
    ("apt-daily-upgrade.service", "static", "-"),
    ("apt-daily.service", "static", "-"),
    ("autovt@.service", "alias", "-"),
    ("chrony.service", "enabled", "enabled"),
    ("cloud-config.service", "enabled", "enabled"),
    ("cloud-final.service", "enabled", "enabled"),
    ("cloud-init-local.service", "enabled", "enabled"),
    ("cloud-init.service", "enabled", "enabled"),
    ("console-getty.service", "disabled", "disabled"),
    ("cron.service", "enabled", "enabled"),
    ("dbus.service", "static", "-"),
    ("debug-shell.service", "disabled", "disabled"),
    ("driver-insu.service", "disabled", "enabled"),
    ("e2scrub_all.service", "static", "-"),
    ("fstrim.service", "static", "-"),
    ("getty@.service", "enabled", "enabled"),
    ("hibagent.service", "enabled", "enabled"),
    ("logrotate.service", "static", "-"),
    ("networkd-dispatcher.service", "enabled", "enabled"),
    ("nginx.service", "enabled", "enabled"),
    ("partner-api.service", "enabled", "enabled"),
    ("rc-local.service", "static", "-"),
    ("rsync.service", "disabled", "enabled"),
    ("rsyslog.service", "enabled", "enabled"),
    ("serial-getty@.service", "indirect", "enabled"),
    ("ssh.service", "enabled", "enabled"),
    ("sudo.service", "masked", "enabled"),
    ("systemd-fsck@.service", "static", "-"),
    ("systemd-journald.service", "static", "-"),
    ("systemd-logind.service", "static", "-"),
    ("systemd-networkd.service", "enabled", "enabled"),
    ("systemd-resolved.service", "enabled", "enabled"),
    ("systemd-udevd.service", "static", "-"),
    ("ufw.service", "enabled", "enabled"),
    ("unattended-upgrades.service", "enabled", "enabled"),
    ("user@.service", "static", "-"),
    ("dbus.socket", "static", "-"),
    ("ssh.socket", "disabled", "enabled"),
    ("systemd-journald.socket", "static", "-"),
    ("basic.target", "static", "-"),
    ("graphical.target", "indirect", "enabled"),
    ("multi-user.target", "static", "-"),
    ("reboot.target", "disabled", "enabled"),
    ("apt-daily.timer", "enabled", "enabled"),
    ("fstrim.timer", "enabled", "enabled"),
    ("logrotate.timer", "enabled", "enabled"),
];

/// The whole output, its last line included.
pub(super) fn list() -> String {
    let mut out = format!("{:<41} {:<15} {}\n", "UNIT FILE", "STATE", "VENDOR PRESET");
    for (name, state, preset) in UNITS {
        out += &format!("{name:<41} {state:<15} {preset}\n");
    }
    out + &format!("\n{} unit files listed.\n", UNITS.len())
}

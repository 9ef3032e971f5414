//! What the kernel says when it kills a process for lack of memory: two lines, of which the first names the cgroup.

use lastgood_model::Fact;

/// The first line: whom it is going to kill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OomTask {
    pid: u32,
    scope: String,
}

/// Reads `oom-kill:constraint=…,task_memcg=/system.slice/app.service,task=java,pid=1234,uid=0`.
pub(crate) fn task(message: &str) -> Option<OomTask> {
    let fields = message.split_once("oom-kill:")?.1;
    let value = |name: &str| fields.split(',').find_map(|field| field.strip_prefix(name));
    let pid = value("pid=")?.parse().ok()?;
    let cgroup = value("task_memcg=")?;
    // The innermost service: what runs inside it is its own affair.
    let unit = cgroup.split('/').rfind(|part| part.ends_with(".service"));
    Some(OomTask { pid, scope: unit.unwrap_or(cgroup).to_owned() })
}

/// Reads `Out of memory: Killed process 1234 (java) total-vm:…`, also with `Memory cgroup` before it, as old as Linux 2.6.
pub(crate) fn killed(message: &str, task: Option<&OomTask>) -> Option<Fact> {
    let rest = message.split_once("Killed process ")?.1;
    let (pid, rest) = rest.split_once(' ')?;
    let pid: u32 = pid.trim_end_matches(',').parse().ok()?;
    // Names may hold parentheses: the last one before what the kernel writes behind them.
    let rest = rest.strip_prefix('(')?;
    let end = [") total-vm", "), UID", ") vsz", "), "].iter().find_map(|behind| rest.find(behind));
    let process = &rest[..end.or_else(|| rest.rfind(')'))?];
    let scope = task.filter(|task| task.pid == pid).map(|task| task.scope.as_str().into());
    Some(Fact::OomKilled { process: process.into(), pid, scope })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_are_joined_by_their_process() {
        let first = task("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/docker/ab,task_memcg=/docker/ab,task=node (x),pid=77,uid=0").unwrap();
        assert_eq!(first, OomTask { pid: 77, scope: "/docker/ab".into() });
        let of = |message: &str| killed(message, Some(&first));
        let expected = |process: &str, pid, scope: Option<&str>| {
            Some(Fact::OomKilled { process: process.into(), pid, scope: scope.map(Into::into) })
        };
        assert_eq!(
            of("Memory cgroup out of memory: Killed process 77 (node (x)) total-vm:1kB"),
            expected("node (x)", 77, Some("/docker/ab"))
        );
        assert_eq!(of("Out of memory: Killed process 78 (java), UID 1000, total-vm:1kB"), expected("java", 78, None));
        assert_eq!(of("Killed process 79 (a) total-vm:1kB, anon-rss:1kB"), expected("a", 79, None));
        assert_eq!(of("Out of memory: Kill process 78 (java) score 900 or sacrifice child"), None);
        assert_eq!(of("Killed process x (java)"), None);
    }
}

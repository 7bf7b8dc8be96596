//! A program that has to end, with all that it has started: the shell that runs a profile's line is hardly ever the one that does the work.
//!
//! They stay in our own process group. In one of their own they would be in the background, where whoever asks a person at the terminal is
//! stopped.

use std::{collections::BTreeMap, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

/// How long they have to put the terminal right that they may have asked at.
const GRACE: Duration = Duration::from_millis(500);

const PAUSE: Duration = Duration::from_millis(10);

/// A program that ends with this value, unless it has ended by itself.
pub(super) struct Descendants(Option<i32>);

impl Descendants {
    /// Of a child that is not waited for yet: its number is nobody else's until then.
    pub(super) fn of(child: Option<u32>) -> Self {
        Self(child.and_then(|pid| i32::try_from(pid).ok()))
    }

    /// It was waited for.
    pub(super) fn have_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Descendants {
    fn drop(&mut self) {
        let Some(root) = self.0 else { return };
        let mut all = found(vec![root], &processes());
        send(&all, Signal::TERM);
        let mut waited = Duration::ZERO;
        while waited < GRACE && is_any_left(&all) {
            thread::sleep(PAUSE);
            waited += PAUSE;
        }
        // Who is stopped starts nobody: each look finds all that there are, or one more.
        loop {
            send(&all, Signal::STOP);
            let before = all.len();
            all = found(all, &processes());
            if all.len() == before {
                break;
            }
        }
        send(&all, Signal::KILL);
    }
}

/// Somebody's parent, and whether somebody has ended and is not waited for.
struct Process {
    parent: i32,
    is_over: bool,
}

fn send(all: &[i32], signal: Signal) {
    for pid in all.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        // Who is gone, or somebody else's, is left alone.
        let _ = kill_process(pid, signal);
    }
}

fn is_any_left(all: &[i32]) -> bool {
    let processes = processes();
    all.iter().any(|pid| processes.get(pid).is_some_and(|process| !process.is_over))
}

/// These, and whoever is theirs.
fn found(mut all: Vec<i32>, processes: &BTreeMap<i32, Process>) -> Vec<i32> {
    let mut at = 0;
    while let Some(parent) = all.get(at).copied() {
        let is_child =
            |(pid, process): (&i32, &Process)| (process.parent == parent && !all.contains(pid)).then_some(*pid);
        let children: Vec<i32> = processes.iter().filter_map(is_child).collect();
        all.extend(children);
        at += 1;
    }
    all
}

/// Everybody on this machine, as far as we may see them.
#[cfg(target_os = "linux")]
fn processes() -> BTreeMap<i32, Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let process = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything; behind it stand the state and the parent (proc_pid_stat(5)).
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
        Some((pid, Process { parent, is_over: matches!(state, "Z" | "X") }))
    };
    pids.filter_map(process).collect()
}

/// The same where there is no `/proc`.
#[cfg(not(target_os = "linux"))]
fn processes() -> BTreeMap<i32, Process> {
    let Ok(listed) = std::process::Command::new("ps").args(["-A", "-o", "pid=,ppid=,state="]).output() else {
        return BTreeMap::new();
    };
    let listed = String::from_utf8_lossy(&listed.stdout);
    let process = |line: &str| {
        let mut fields = line.split_whitespace();
        let (pid, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some((pid, Process { parent, is_over: fields.next()?.starts_with('Z') }))
    };
    listed.lines().filter_map(process).collect()
}

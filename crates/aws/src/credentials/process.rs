//! A profile's `credential_process`: a line for the shell, that prints credentials as JSON.
//!
//! aws-config's provider reads whatever is printed, for as long as it comes, and leaves the program behind when nobody waits
//! any more. The form is its own (and the AWS CLI's): keys in any case, `Version` 1.

use std::{process::Stdio, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::{io::AsyncReadExt as _, process::Command, time::timeout};

use super::{Credentials, Secret};

/// The longest output that is read, in bytes; credentials are two or three kilobytes.
const MAX_OUTPUT: u64 = 64 << 10;

/// Why there are no credentials. What the program prints may be secret, and is never said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Late,
    TooLarge,
    NoCredentials,
}

/// Runs it to its end, or ends it.
pub(super) async fn run(line: &str, patience: Duration) -> Result<Credentials, Trouble> {
    let mut shell = shell(line);
    // It ends with us: nobody would read what it prints.
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = shell.spawn().map_err(|_| Trouble::NoCredentials)?;
    let stdout = child.stdout.take().ok_or(Trouble::NoCredentials)?;
    let work = async {
        let mut printed = Vec::new();
        stdout.take(MAX_OUTPUT + 1).read_to_end(&mut printed).await.map_err(|_| Trouble::NoCredentials)?;
        if printed.len() as u64 > MAX_OUTPUT {
            return Err(Trouble::TooLarge);
        }
        let status = child.wait().await.map_err(|_| Trouble::NoCredentials)?;
        if status.success() { credentials(&printed).ok_or(Trouble::NoCredentials) } else { Err(Trouble::NoCredentials) }
    };
    timeout(patience, work).await.map_err(|_| Trouble::Late)?
}

#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

/// cmd.exe does not know how Rust quotes arguments, and takes one pair of quotes away.
#[cfg(windows)]
fn shell(line: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    shell.arg("/C").raw_arg(format!("\"{line}\""));
    shell
}

fn credentials(printed: &[u8]) -> Option<Credentials> {
    let printed: Map<String, Value> = serde_json::from_slice(printed).ok()?;
    let value = |name: &str| printed.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let text = |name: &str| value(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if value("Version")? != &Value::from(1) {
        return None;
    }
    let expires = match value("Expiration") {
        None | Some(Value::Null) => None,
        Some(expires) => Some(expires.as_str()?.parse::<Timestamp>().ok()?),
    };
    Some(Credentials {
        access_key_id: text("AccessKeyId")?.to_owned(),
        secret_access_key: Secret::new(text("SecretAccessKey")?),
        session_token: text("SessionToken").map(Secret::new),
        expires,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::{Trouble, run};

    const PATIENCE: Duration = Duration::from_secs(60);

    async fn key(line: &str) -> Result<String, Trouble> {
        run(line, PATIENCE).await.map(|found| found.access_key_id)
    }

    #[tokio::test]
    async fn what_is_printed_is_credentials_or_none() {
        let good = r#""AccessKeyId": "AKIA", "SecretAccessKey": "s""#;
        let rows = [
            ("long-term keys", format!("{{\"Version\": 1, {good}}}"), Ok("AKIA")),
            ("other cases", r#"{"version": 1, "accesskeyid": "AKIA", "SECRETACCESSKEY": "s"}"#.to_owned(), Ok("AKIA")),
            ("no end", format!("{{\"Version\": 1, {good}, \"Expiration\": null}}"), Ok("AKIA")),
            ("an end that is none", format!("{{\"Version\": 1, {good}, \"Expiration\": \"soon\"}}"), Err(())),
            ("another version", format!("{{\"Version\": 2, {good}}}"), Err(())),
            ("no version", format!("{{{good}}}"), Err(())),
            ("no secret", r#"{"Version": 1, "AccessKeyId": "AKIA"}"#.to_owned(), Err(())),
            ("a list", r#"[1, "AKIA", "s"]"#.to_owned(), Err(())),
            ("nothing", String::new(), Err(())),
        ];
        for (name, printed, expected) in rows {
            let found = key(&format!("echo '{printed}'")).await;
            let expected = expected.map(str::to_owned).map_err(|()| Trouble::NoCredentials);
            assert_eq!(found, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn a_program_has_a_time_and_a_size() {
        assert_eq!(key("yes").await, Err(Trouble::TooLarge));
        // What goes to stderr is not kept at all.
        assert_eq!(key("head -c 100000000 /dev/zero >&2; exit 1").await, Err(Trouble::NoCredentials));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let line = format!("echo $$ > {}; exec sleep 1000", file.display());
        // Until it runs, and no longer.
        let mut patience = Duration::from_millis(50);
        while !file.exists() {
            assert_eq!(run(&line, patience).await.err(), Some(Trouble::Late));
            patience *= 2;
        }
        let pid = std::fs::read_to_string(&file).expect("its id");
        let process = std::path::Path::new("/proc").join(pid.trim());
        let is_running = || {
            let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
            status.contains("sleep") && !status.contains("State:\tZ")
        };
        while is_running() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

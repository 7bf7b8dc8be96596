//! Programs that a profile names: `credential_process`, which prints credentials as JSON, and `mfa_process`, a line for the shell that prints
//! the code of an MFA device (aws-vault's key).
//!
//! AWS's SDK for Go gives the line of a `credential_process` to the shell. The AWS CLI takes it apart, and starts its first word.
//!
//! aws-config's provider reads whatever is printed, for as long as it comes, and leaves the program behind when nobody waits
//! any more. The form is its own (and the AWS CLI's): keys in any case, `Version` 1.

use std::{process::Stdio, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time::timeout,
};

#[cfg(unix)]
use super::descendants::Descendants;
use super::{
    Credentials, CredentialsError, MfaDevice, Rules, Secret,
    words::{Open, words},
};

/// The longest output that is read, in bytes; credentials are two or three kilobytes.
const MAX_OUTPUT: u64 = 64 << 10;

/// Why there are no credentials. What the program prints on stdout may be secret, and is never said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Late,
    TooLarge,
    /// It cannot be started, or has ended otherwise than with 0; with its last words on stderr.
    Failed(Option<i32>, String),
    /// The line names no program that can be started, and why.
    NotStarted(String),
    /// What it printed is none, and why.
    NoCredentials(&'static str),
}

impl Trouble {
    /// The error of a profile's program.
    pub(super) fn of(self, key: &str, profile: &str) -> CredentialsError {
        let problem = match self {
            Self::Late => "did not answer in time".to_owned(),
            Self::TooLarge => "printed more output than credentials have".to_owned(),
            Self::Failed(None, _) => "could not be run to its end".to_owned(),
            Self::Failed(Some(code), said) if said.is_empty() => format!("ended with {code} and said nothing"),
            Self::Failed(Some(code), said) => format!("ended with {code}: {said}"),
            Self::NotStarted(why) => format!("cannot be started: {why}"),
            Self::NoCredentials(why) => format!("printed no credentials: {why}"),
        };
        wrong(key, profile, problem)
    }
}

/// The error of a profile's program, by the key that names it.
fn wrong(key: &str, profile: &str, problem: String) -> CredentialsError {
    CredentialsError::Origin {
        origin: format!("the {key} of profile `{profile}`"),
        problem,
        advice: "run that command by hand to see all that it says".to_owned(),
    }
}

/// Runs the program that prints a device's codes; it has as long as a person at most, who may have to touch something. None where the
/// profile names none.
///
/// # Errors
///
/// [`CredentialsError::Origin`] where it prints no code.
pub async fn mfa_code(device: &MfaDevice) -> Result<Option<Secret>, CredentialsError> {
    let Some(line) = &device.process else { return Ok(None) };
    let key = "mfa_process";
    let printed = printed(shell(line), PATIENCE).await.map_err(|trouble| trouble.of(key, &device.profile))?;
    let code = std::str::from_utf8(&printed).ok().map(str::trim).filter(|code| is_mfa_code(code));
    let none = || wrong(key, &device.profile, "did not print a code of six digits".to_owned());
    code.map(|code| Some(Secret::new(code))).ok_or_else(none)
}

/// Returns whether this is a code of an MFA device.
pub fn is_mfa_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// As long as AWS's SDK for Go waits: a person may have to find a device, or a browser's window.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The most of what is said on stderr that is kept, in bytes, and shown, in letters.
const KEPT: usize = 4 << 10;
const SHOWN: usize = 300;

/// Runs a `credential_process` to its end, or ends it.
pub(super) async fn run(line: &str, rules: Rules, patience: Duration) -> Result<Credentials, Trouble> {
    let command = match rules {
        // On Windows the AWS CLI has other rules for words, by which most lines are what cmd.exe makes of them.
        Rules::Cli if cfg!(not(windows)) => program(line)?,
        Rules::Cli | Rules::Go => shell(line),
    };
    credentials(&printed(command, patience).await?).map_err(Trouble::NoCredentials)
}

/// The error of a `credential_process`.
pub(super) fn failed(trouble: Trouble, line: &str, profile: &str, rules: Rules) -> CredentialsError {
    let error = trouble.of("credential_process", profile);
    match error {
        CredentialsError::Origin { origin, problem, .. } if rules == Rules::Cli && is_for_a_shell(line) => {
            let advice =
                "the AWS CLI gives that line to no shell, and so is it here: write `sh -c '…'` around what needs one";
            CredentialsError::Origin { origin, problem, advice: advice.to_owned() }
        }
        error => error,
    }
}

/// Whether something stands in a line that only a shell understands.
fn is_for_a_shell(line: &str) -> bool {
    cfg!(not(windows))
        && words(line).is_ok_and(|words| {
            let is_variable = words.first().is_some_and(|word| word.contains('='));
            let has_sign = |word: &String| word.starts_with('~') || word.contains(['|', '&', ';', '<', '>', '$', '`']);
            let is_shell = words.iter().any(|word| word == "-c");
            !is_shell && (is_variable || words.iter().any(has_sign))
        })
}

/// The program that is the first word of a line, with the others.
fn program(line: &str) -> Result<Command, Trouble> {
    let words = words(line).map_err(|open| {
        let why = match open {
            Open::Quotation => "a quotation in its line does not end",
            Open::Escape => "nothing comes behind the last backslash of its line",
        };
        Trouble::NotStarted(why.to_owned())
    })?;
    let (program, arguments) =
        words.split_first().ok_or_else(|| Trouble::NotStarted("its line is empty".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

async fn printed(mut command: Command, patience: Duration) -> Result<Vec<u8>, Trouble> {
    let cannot = || Trouble::Failed(None, String::new());
    // It ends with us: nobody would read what it prints.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        let program = shown(&command.as_std().get_program().display().to_string());
        Trouble::NotStarted(document::visible(&format!("{program}: {error}")))
    })?;
    // What the shell has started would go on without it.
    #[cfg(unix)]
    let mut descendants = Descendants::of(child.id());
    let (stdout, stderr) = (child.stdout.take().ok_or_else(cannot)?, child.stderr.take().ok_or_else(cannot)?);
    let work = async {
        let printed = async {
            let mut printed = Vec::new();
            stdout.take(MAX_OUTPUT + 1).read_to_end(&mut printed).await.map_err(|_| cannot())?;
            if printed.len() as u64 > MAX_OUTPUT { Err(Trouble::TooLarge) } else { Ok(printed) }
        };
        let said = async { Ok::<_, Trouble>(end_of(stderr).await) };
        let (printed, said) = tokio::try_join!(printed, said)?;
        let status = child.wait().await.map_err(|_| cannot())?;
        #[cfg(unix)]
        descendants.have_ended();
        if status.success() { Ok(printed) } else { Err(Trouble::Failed(status.code(), last_words(&said))) }
    };
    timeout(patience, work).await.map_err(|_| Trouble::Late)?
}

/// A program as it is shown: of a line that a shell would begin by setting a variable the name alone, since the value may be secret.
fn shown(program: &str) -> String {
    match program.split_once('=') {
        Some((variable, _)) => format!("{variable}=…"),
        None => program.to_owned(),
    }
}

/// Reads to the end, and keeps the last of it.
async fn end_of(mut stream: impl AsyncRead + Unpin) -> Vec<u8> {
    let (mut kept, mut chunk) = (Vec::new(), [0; KEPT]);
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..length]);
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    kept
}

/// The last line that says something, in which nothing hides. Words as long as keys and tokens are left out, and so is what of a URL
/// may be secret: its user and its query.
fn last_words(said: &[u8]) -> String {
    const LONGEST_WORD: usize = 40;
    let said = String::from_utf8_lossy(said);
    let line = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    // Keys are base64, so that `/` and `+` belong to them.
    let is_key = |word: &str| word.trim_matches(|letter| "\"'`()[]{}<>,.;:!?".contains(letter)).len() >= LONGEST_WORD;
    let shown = |word: &str| match word.split_once("://") {
        Some((_, rest)) if rest.contains('@') => "…".to_owned(),
        Some(_) => match word.split_once(['?', '#']) {
            Some((page, _)) => format!("{page}?…"),
            None => word.to_owned(),
        },
        None if is_key(word) => "…".to_owned(),
        None => word.to_owned(),
    };
    let line: String = line.split(' ').map(shown).collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
    document::visible(&line)
}

#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    shell.arg("/C").raw_arg(for_cmd(line));
    shell
}

/// A line for cmd.exe, which does not know how Rust quotes arguments, and takes the first and the last quotes away.
#[cfg(any(windows, test))]
fn for_cmd(line: &str) -> String {
    format!("\"{line}\"")
}

/// Reads them; else why they are none.
fn credentials(printed: &[u8]) -> Result<Credentials, &'static str> {
    let printed: Map<String, Value> = serde_json::from_slice(printed).map_err(|_| "it is not a JSON object")?;
    let value = |name: &str| printed.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let text = |name: &str| value(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if value("Version") != Some(&Value::from(1)) {
        return Err("its Version is not 1");
    }
    let expires = match value("Expiration") {
        None | Some(Value::Null) => None,
        Some(expires) => {
            let expires = expires.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            Some(expires.ok_or("its Expiration is not a time such as 2026-01-02T03:04:05Z")?)
        }
    };
    Ok(Credentials {
        access_key_id: text("AccessKeyId").ok_or("it has no AccessKeyId")?.to_owned(),
        secret_access_key: Secret::new(text("SecretAccessKey").ok_or("it has no SecretAccessKey")?),
        session_token: text("SessionToken").map(Secret::new),
        expires,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::{Rules, Trouble, for_cmd, is_for_a_shell, run};

    const PATIENCE: Duration = Duration::from_secs(60);

    async fn key(line: &str) -> Result<String, Trouble> {
        run(line, Rules::Go, PATIENCE).await.map(|found| found.access_key_id)
    }

    #[tokio::test]
    async fn what_is_printed_is_credentials_or_none() {
        let good = r#""AccessKeyId": "AKIA", "SecretAccessKey": "s""#;
        let rows = [
            ("long-term keys", format!("{{\"Version\": 1, {good}}}"), Ok("AKIA")),
            ("other cases", r#"{"version": 1, "accesskeyid": "AKIA", "SECRETACCESSKEY": "s"}"#.to_owned(), Ok("AKIA")),
            ("no end", format!("{{\"Version\": 1, {good}, \"Expiration\": null}}"), Ok("AKIA")),
            (
                "an end that is none",
                format!("{{\"Version\": 1, {good}, \"Expiration\": \"soon\"}}"),
                Err("its Expiration is not a time such as 2026-01-02T03:04:05Z"),
            ),
            ("another version", format!("{{\"Version\": 2, {good}}}"), Err("its Version is not 1")),
            ("no version", format!("{{{good}}}"), Err("its Version is not 1")),
            ("no secret", r#"{"Version": 1, "AccessKeyId": "AKIA"}"#.to_owned(), Err("it has no SecretAccessKey")),
            ("a list", r#"[1, "AKIA", "s"]"#.to_owned(), Err("it is not a JSON object")),
            ("nothing", String::new(), Err("it is not a JSON object")),
        ];
        for (name, printed, expected) in rows {
            let found = key(&format!("echo '{printed}'")).await;
            let expected = expected.map(str::to_owned).map_err(Trouble::NoCredentials);
            assert_eq!(found, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn of_what_it_says_on_stderr_the_last_line_is_kept() {
        let failed = |code: i32, said: &str| Err(Trouble::Failed(Some(code), said.to_owned()));
        let rows = [
            ("echo one >&2; echo ' log in first ' >&2; echo >&2; exit 3", failed(3, "log in first")),
            ("echo secret; exit 1", failed(1, "")),
            ("/no/such/program 2>/dev/null", failed(127, "")),
            ("head -c 100000000 /dev/zero >&2; echo >&2; echo the end >&2; exit 1", failed(1, "the end")),
            (
                "echo 'key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY: see https://a.example.com/01234567890123456789' >&2; exit 1",
                failed(1, "key … see https://a.example.com/01234567890123456789"),
            ),
            ("echo 'key /JalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE+ end' >&2; exit 1", failed(1, "key … end")),
            (
                "echo 'see https://idp.example.com/sso?SAMLResponse=secret or https://me:secret@idp.example.com' >&2; exit 1",
                failed(1, "see https://idp.example.com/sso?… or …"),
            ),
            ("printf 'a\\033[31mb' >&2; exit 1", failed(1, "a\u{fffd}[31mb")),
        ];
        for (line, expected) in rows {
            assert_eq!(key(line).await, expected, "{line}");
        }
    }

    #[tokio::test]
    async fn the_aws_cli_gives_a_line_to_no_shell() {
        let keys = r#"{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}"#;
        let not_started = |why: &str| Err(Trouble::NotStarted(why.to_owned()));
        let rows = [
            (format!("echo '{keys}'"), Ok("AKIA".to_owned()), false),
            (format!("sh -c 'X=1; echo \"$0\"' '{keys}'"), Ok("AKIA".to_owned()), false),
            (format!("true && echo '{keys}'"), Err(Trouble::NoCredentials("it is not a JSON object")), true),
            (
                "/no/such/program --x".to_owned(),
                not_started("/no/such/program: No such file or directory (os error 2)"),
                false,
            ),
            (
                "TOKEN=hvs.secret program".to_owned(),
                not_started("TOKEN=…: No such file or directory (os error 2)"),
                true,
            ),
            ("echo 'x".to_owned(), not_started("a quotation in its line does not end"), false),
            ("echo x\\".to_owned(), not_started("nothing comes behind the last backslash of its line"), false),
            (" ".to_owned(), not_started("its line is empty"), false),
        ];
        for (line, expected, is_said) in rows {
            let found = run(&line, Rules::Cli, PATIENCE).await.map(|found| found.access_key_id);
            assert_eq!(found, expected, "{line}");
            assert_eq!(is_for_a_shell(&line), is_said, "{line}");
        }
    }

    #[test]
    fn cmd_takes_one_pair_of_quotes_away() {
        for line in [r"C:\creds.exe", r#""C:\Program Files\creds.exe" --profile "a b""#] {
            let given = for_cmd(line);
            assert_eq!(given.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')), Some(line));
        }
    }

    #[tokio::test]
    async fn a_program_has_a_time_and_a_size() {
        assert_eq!(key("yes").await, Err(Trouble::TooLarge));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let rows = [
            ("the program itself", format!("echo $$ > {}; exec sleep 1000", file.display())),
            ("a child of the shell", format!("sh -c 'echo $$ > {}; exec sleep 1000'; true", file.display())),
            ("a child's child", format!("(sh -c 'echo $$ > {}; exec sleep 1000'; true); true", file.display())),
            (
                "one that hears no signal that it may pass over",
                format!("sh -c 'trap \"\" TERM; echo $$ > {}; while :; do sleep 1; done'; true", file.display()),
            ),
        ];
        for (name, line) in rows {
            // Until it runs, and no longer.
            let mut patience = Duration::from_millis(50);
            while !file.exists() {
                assert_eq!(run(&line, Rules::Go, patience).await.err(), Some(Trouble::Late), "{name}");
                patience *= 2;
            }
            let pid = std::fs::read_to_string(&file).expect("its id");
            let process = std::path::Path::new("/proc").join(pid.trim());
            let is_running = || {
                let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
                !status.is_empty() && !status.contains("State:\tZ")
            };
            while is_running() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            std::fs::remove_file(&file).expect("a file");
        }
    }
}

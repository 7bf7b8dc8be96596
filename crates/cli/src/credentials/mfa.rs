//! The code of an MFA device: given by flag, printed by a program that the profile names, or typed by a person.
//!
//! A person is asked at the terminal that the process was started from, wherever its input and output go: kubectl keeps its own input from a
//! plugin, and reads the plugin's output. aws-iam-authenticator asks on stderr and reads stdin; what is piped into `token` counts
//! here as well.

mod terminal;

use std::{
    cell::Cell,
    ffi::OsString,
    io::{self, IsTerminal as _},
};

use aws::credentials::{self, MfaDevice, Rules, Secret};
use document::shell_word;

use crate::{
    global::typed,
    process::{self, Process},
};

/// Where codes come from in this call.
pub(super) struct Codes {
    /// What `--mfa-code` gave. It is good once, as every code is.
    given: Cell<Option<String>>,
    rules: Rules,
    /// A command line that takes a code, for advice.
    takes_a_code: String,
}

impl Codes {
    pub(super) fn new(given: Option<String>, rules: Rules, takes_a_code: String) -> Self {
        Self { given: Cell::new(given), rules, takes_a_code }
    }

    /// Says of a code that nobody has asked for it.
    pub(super) fn say_unused(&self) {
        if self.given.take().is_some() {
            process::note(
                "note: --mfa-code has no effect: no code was asked for, or a session is cached that has had one",
            );
        }
    }

    /// A code of this device, for assuming a role.
    pub(super) async fn of(&self, device: &MfaDevice, role_arn: &str) -> anyhow::Result<Secret> {
        if let Some(code) = self.given.take() {
            return checked(&code, "--mfa-code");
        }
        if let Some(code) = credentials::mfa_code(device).await? {
            return Ok(code);
        }
        if self.rules == Rules::Go && !io::stdin().is_terminal() {
            let line = first_line()?;
            if !line.is_empty() {
                return checked(&line, "stdin");
            }
        }
        let serial = &device.serial;
        let prompt = match self.rules {
            Rules::Cli => format!("Enter MFA code for {serial}: "),
            // Its own words, for whoever waits for them, and whose code.
            Rules::Go => format!("{serial}: Assume Role MFA token code: "),
        };
        match terminal::ask(&prompt).await {
            Ok(line) => checked(&line, "the terminal"),
            Err(_) => anyhow::bail!(self.advice(device, role_arn)),
        }
    }

    /// What to do where there is no terminal.
    fn advice(&self, MfaDevice { serial, profile, .. }: &MfaDevice, role_arn: &str) -> String {
        format!(
            "profile `{profile}` assumes {role_arn} with a code of {serial}, and there is no terminal to ask for one; run \
             `{} --mfa-code 123456` with a code of the device once: the session is cached then",
            self.takes_a_code
        )
    }
}

/// The line that was typed, as it can be typed again with a code: with the variables that say whose credentials are meant, and without the
/// flags by which the session would not be cached, or more would be printed.
pub(crate) fn called(line: &[OsString], process: &Process) -> String {
    const VARIABLES: [&str; 4] = ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "DEFAULT_ROLE"];
    let set = |name: &str| Some(format!("{name}={}", shell_word(process.variable(name)?)));
    let is_left_out = |word: &OsString| ["--no-cache", "--explain"].iter().any(|flag| word == flag);
    let words = line.iter().skip(1).filter(|word| !is_left_out(word));
    let words = words.map(|word| shell_word(&word.to_string_lossy()));
    let all = VARIABLES.into_iter().filter_map(set).chain([typed(line).to_owned()]).chain(words);
    all.collect::<Vec<_>>().join(" ")
}

fn checked(text: &str, whence: &str) -> anyhow::Result<Secret> {
    let code = text.trim();
    anyhow::ensure!(credentials::is_mfa_code(code), "an MFA code has six digits; the one given by {whence} does not");
    Ok(Secret::new(code))
}

fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| anyhow::anyhow!("cannot read an MFA code from stdin: {error}"))?;
    Ok(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Process, called, checked};

    #[test]
    fn a_code_has_six_digits() {
        for (text, is_code) in [
            ("123456", true),
            (" 123456\n", true),
            ("12345", false),
            ("1234567", false),
            ("12345a", false),
            ("", false),
        ] {
            assert_eq!(checked(text, "--mfa-code").is_ok(), is_code, "{text:?}");
        }
    }

    #[test]
    fn a_line_is_said_as_it_can_be_typed_again() {
        /// Words, variables, and what is said.
        type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
        let rows: &[Row<'_>] = &[
            (&["/usr/bin/cluster-auth", "token", "-i", "prod"], &[], "cluster-auth token -i prod"),
            (
                &["aws-iam-authenticator", "token", "-i", "my cluster", "-s", "it's"],
                &[("AWS_PROFILE", "dev ops"), ("AWS_SECRET_ACCESS_KEY", "secret")],
                "AWS_PROFILE='dev ops' aws-iam-authenticator token -i 'my cluster' -s 'it'\\''s'",
            ),
            (
                &["cluster-auth", "token", "-i", ""],
                &[("AWS_REGION", "eu-west-1")],
                "AWS_REGION=eu-west-1 cluster-auth token -i ''",
            ),
            (
                &["cluster-auth", "token", "--explain", "-i", "c", "--no-cache", "--profile", "mfa"],
                &[],
                "cluster-auth token -i c --profile mfa",
            ),
        ];
        for (line, variables, expected) in rows {
            let line: Vec<std::ffi::OsString> = line.iter().map(Into::into).collect();
            let variables: BTreeMap<String, String> =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(called(&line, &Process { variables, ..Process::default() }), *expected);
        }
    }
}

//! moto, as a process: an emulator of AWS that others wrote. Its EC2, IAM and S3 are real enough; it verifies no signatures.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    parts::Parts,
    process::{self, Background, wait_until},
};

/// The account that everybody has to moto.
pub const MOTO_ACCOUNT: &str = "123456789012";

/// A running one; dropping it ends it.
pub struct Moto {
    url: String,
    python: PathBuf,
    folder: PathBuf,
    process: Background,
}

impl Moto {
    /// Starts it on a free port of loopback.
    pub fn start(parts: &Parts, folder: &Path) -> anyhow::Result<Self> {
        let mut command = process::command(&parts.moto, folder);
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        let mut process = Background::start(&mut command, folder.join("moto.log"))?;
        let mut url = None;
        wait_until("moto listens", || {
            let log = process.log();
            anyhow::ensure!(process.ended()?.is_none(), "moto ended:\n{log}");
            url = log.lines().find_map(|line| line.split_once("Running on ")).map(|(_, url)| url.trim().to_owned());
            Ok(url.is_some())
        })?;
        let python = parts.moto.with_file_name("python");
        Ok(Self { url: url.context("an address")?, python, folder: folder.to_owned(), process })
    }

    /// Runs a script of Python's; `iam` and `s3` are clients of boto3's. What it prints is returned.
    pub fn fill(&self, script: &str) -> anyhow::Result<String> {
        let script = format!("import boto3\niam, s3 = boto3.client('iam'), boto3.client('s3')\n{script}");
        let mut command = process::command(&self.python, &self.folder);
        process::run(command.args(["-c", &script]).envs(self.environment()))?.success()
    }

    /// While something happens it takes requests and answers none, for so long.
    pub fn silent_for<T>(&self, time: Duration, happens: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        self.signal("-STOP")?;
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                thread::sleep(time);
                self.signal("-CONT")
            });
            let happened = happens();
            waiting.join().ok().context("waiting panicked")??;
            happened
        })
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        process::run(Command::new("kill").args([signal, &self.process.id().to_string()]))?.success().map(drop)
    }

    /// The variables that lead programs here, with credentials that nobody looks at.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_EC2", &self.url),
            ("AWS_ENDPOINT_URL_EKS", &self.url),
            ("AWS_ENDPOINT_URL_IAM", &self.url),
            ("AWS_ENDPOINT_URL_S3", &self.url),
            ("AWS_ENDPOINT_URL_STS", &self.url),
        ];
        variables.map(|(name, value)| (name, value.to_owned())).into()
    }
}

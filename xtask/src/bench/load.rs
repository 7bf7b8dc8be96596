//! Servers under load: started, asked by wrk, and measured from outside.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{CLUSTER, proc};
use crate::run;

/// A process that ends with this value.
pub(super) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server to measure.
pub(super) struct Target<'a> {
    pub(super) name: &'static str,
    pub(super) program: &'a Path,
    pub(super) args: &'a [&'a str],
    pub(super) port: u16,
}

/// A server that answers.
pub(super) struct Server {
    process: Running,
    port: u16,
    pub(super) started_ms: u128,
}

/// The sandbox as `sts.us-west-2.amazonaws.com`.
pub(super) fn sandbox(program: &Path, folder: &Path) -> anyhow::Result<Running> {
    let mut command = Command::new(program);
    command.args(["sandbox", "--listen", "127.0.0.1:443", "--ca-file"]).arg(folder.join("ca.pem"));
    command.arg("--identities").arg(folder.join("identities.yaml"));
    let process = start(&mut command, folder, "sandbox.log")?;
    wait(|| folder.join("ca.pem").exists())?;
    Ok(process)
}

impl Target<'_> {
    /// Starts it with a pair that is there, and waits for its first answer.
    pub(super) fn start(&self, folder: &Path) -> anyhow::Result<Server> {
        let state = folder.join(self.port.to_string());
        fs::create_dir_all(&state)?;
        run::check(
            Command::new(self.program)
                .args(["init", "-i", CLUSTER])
                .current_dir(&state)
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let mut command = Command::new(self.program);
        command.arg("server").arg("--config").arg(folder.join("config.yaml")).arg("--state-dir").arg(&state);
        command.args(["--kubeconfig-pregenerated=true", "--port", &self.port.to_string()]).args(self.args);
        command.env("SSL_CERT_FILE", folder.join("ca.pem")).env_remove("SSL_CERT_DIR");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "us-west-2");
        let begin = Instant::now();
        let process = start(&mut command, &state, "server.log")?;
        let url = format!("https://localhost:{}/healthz", self.port);
        wait(|| {
            let answer = Command::new("curl").args(["--silent", "--insecure", "--max-time", "2", &url]).output();
            answer.is_ok_and(|answer| answer.stdout == b"ok")
        })
        .with_context(|| fs::read_to_string(state.join("server.log")).unwrap_or_default())?;
        Ok(Server { process, port: self.port, started_ms: begin.elapsed().as_millis() })
    }
}

impl Server {
    /// Resident, and of it anonymous, in MiB.
    pub(super) fn memory(&self) -> anyhow::Result<String> {
        let (resident, anonymous) = proc::memory_mib(self.process.0.id())?;
        Ok(format!("{resident:.1} ({anonymous:.1})"))
    }

    /// Asks for some seconds: `requests/s | per CPU second | p50 | p99`.
    pub(super) fn load(&self, folder: &Path, distinct: bool, connections: u32, seconds: u64) -> anyhow::Result<String> {
        let script = folder.join("reviews.lua");
        fs::write(&script, LUA)?;
        let wrk = |seconds: u64| {
            let mut wrk = Command::new("wrk");
            wrk.args([
                "--threads",
                "1",
                "--connections",
                &connections.to_string(),
                "--duration",
                &format!("{seconds}s"),
            ]);
            wrk.args(["--latency", "--timeout", "20s", "--script"]).arg(&script);
            wrk.arg(format!("https://localhost:{}/authenticate", self.port));
            run::output(wrk.env("TOKENS", folder.join("tokens.txt")).env("DISTINCT", if distinct { "1" } else { "" }))
        };
        wrk(1)?;
        let before = proc::cpu_seconds(self.process.0.id())?;
        let report = wrk(seconds)?;
        let used = proc::cpu_seconds(self.process.0.id())? - before;
        let field = |name: &str| {
            let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
            line.map(|rest| rest.trim().to_owned()).with_context(|| format!("wrk says nothing of {name}:\n{report}"))
        };
        let failed = report.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors"));
        anyhow::ensure!(failed.is_none(), "not every review was granted: {}", failed.unwrap_or_default());
        let requests: f64 = report
            .lines()
            .find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok())
            .with_context(|| format!("wrk counts nothing:\n{report}"))?;
        let rate = field("Requests/sec:")?;
        Ok(format!(
            "{rate} | {:.0} | {} | {}",
            requests / used,
            milliseconds(&field("50%")?),
            milliseconds(&field("99%")?)
        ))
    }
}

/// wrk writes `850.00us`, `1.20ms` or `1.05s`.
fn milliseconds(text: &str) -> String {
    let number = |suffix: &str| text.strip_suffix(suffix).and_then(|number| number.parse::<f64>().ok());
    let value = number("us").map(|us| us / 1e3).or_else(|| number("ms")).or_else(|| number("s").map(|s| s * 1e3));
    value.map_or_else(|| text.to_owned(), |value| format!("{value:.1}"))
}

const LUA: &str = r#"
local bodies, at, distinct = {}, 0, os.getenv("DISTINCT") ~= ""
for token in io.lines(os.getenv("TOKENS")) do
  bodies[#bodies + 1] = '{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"' .. token .. '"}}'
end
wrk.headers["Content-Type"] = "application/json"
function request()
  if distinct then at = at % #bodies + 1 else at = 1 end
  return wrk.format("POST", nil, nil, bodies[at])
end
"#;

fn start(command: &mut Command, folder: &Path, log: &str) -> anyhow::Result<Running> {
    let log = File::create(folder.join(log))?;
    command.current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(Running(command.spawn().with_context(|| format!("cannot start {command:?}"))?))
}

fn wait(mut ready: impl FnMut() -> bool) -> anyhow::Result<()> {
    let begin = Instant::now();
    while !ready() {
        anyhow::ensure!(begin.elapsed() < Duration::from_secs(30), "it does not start");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

//! The server under attack, in the memory of a small container: what strangers do, and whether the people who are mapped log
//! in all the same.
//!
//! Everything goes over loopback. Half of the people use keys that the server has never seen. Counts are what is asserted;
//! times are printed, and say something about this machine.

mod attacks;
mod client;
mod log;
mod people;
mod probes;
mod soak;

use std::{
    cell::Cell,
    fmt, fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;

use self::{
    client::{Door, Kept},
    log::Log,
    people::{CLUSTER, People, Person},
    probes::Probed,
};
use crate::{
    cgroup::{Cgroup, Used},
    process,
    server::{certificate_authority, free_port},
    sts::{self, Sts},
};

pub use self::{
    attacks::names,
    soak::{Soak, Sums},
};

/// How the server is besieged.
pub struct Siege<'a> {
    /// The program.
    pub program: &'a Path,
    /// The memory that it may use, page cache included, in bytes.
    pub memory: u64,
    /// The processor that it may use, in thousandths; all there is, where none is given.
    pub milli_cpu: Option<u32>,
    /// How long each attack lasts while people log in.
    pub length: Duration,
    /// The only attack, by its name; all of them where none is given.
    pub only: Option<&'a str>,
}

/// What came of one attack.
#[derive(Debug)]
pub struct Row {
    /// The attack.
    pub name: &'static str,
    /// Logins of people who are mapped.
    pub logins: usize,
    /// Those that failed, and with what.
    pub failed: Vec<String>,
    times: Vec<Duration>,
    probed: Probed,
    used: Used,
}

impl Row {
    /// That at least 99 of 100 logins have succeeded, and not two probes in a row have failed: a kubelet takes six.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.probed.most_in_a_row() < 2, "{self}: probes failed: {:?}", self.probed.missed);
        ensure!(self.logins > 0 && self.failed.len() * 100 <= self.logins, "{self}: {:?}", self.failed);
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, logins, failed, used, probed, .. } = self;
        let [peak, anonymous] = [used.peak, used.anonymous].map(mib);
        let [p50, p99] = [50, 99].map(|percent| percentile(&self.times, percent));
        let slowest = probed.times.iter().max().map_or_else(|| "-".to_owned(), |time| time.as_millis().to_string());
        write!(
            f,
            "| {name} | {} of {logins} | {p50} | {p99} | {slowest} | {peak} ({anonymous}) |",
            logins - failed.len()
        )
    }
}

/// So many of a hundred took no longer, in milliseconds.
fn percentile(times: &[Duration], percent: usize) -> u128 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).map_or(0, Duration::as_millis)
}

/// Bytes in MiB, with one digit behind the point.
fn mib(bytes: u64) -> String {
    format!("{}.{}", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024)
}

/// The head of a table of rows.
pub const HEAD: &str = "| attack | logins | p50, ms | p99, ms | slowest probe, ms | most memory (anonymous at the end), MiB |\n|---|---|---|---|---|---|";

/// What a server may use.
#[derive(Clone, Copy)]
struct Bounds {
    memory: u64,
    milli_cpu: Option<u32>,
}

/// The server, everybody around it, and the attacks under way.
struct Field {
    folder: PathBuf,
    bounds: Bounds,
    program: PathBuf,
    length: Duration,
    port: u16,
    sts: Sts,
    people: People,
    /// Who has logged in before anybody attacks.
    known: Vec<Person>,
    /// How often everybody has logged in, so that no token is shown twice.
    rounds: Cell<usize>,
    /// What strangers were answered.
    strangers: Arc<Strangers>,
    server: Server,
}

/// What those were answered who show what nobody may be let in for.
#[derive(Default)]
struct Strangers {
    answers: AtomicUsize,
    let_in: AtomicUsize,
}

impl Strangers {
    /// One was answered.
    fn saw(&self, answer: &client::Answer) {
        self.count(answer.is_grant());
    }

    /// One was answered, on a connection that is read as it comes.
    fn saw_text(&self, text: &str) {
        self.count(text.contains("\"authenticated\":true"));
    }

    fn count(&self, is_grant: bool) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.let_in.fetch_add(usize::from(is_grant), Ordering::Relaxed);
    }
}

/// A server that runs in its bounds. It is killed when dropped.
struct Server {
    process: Child,
    cgroup: Cgroup,
    log: Log,
    door: Door,
    /// What API servers have.
    kept: Arc<Kept>,
}

/// How many people log in during an attack, each several times; half of them have logged in before.
const PEOPLE: usize = 40;

impl Siege<'_> {
    /// Runs the attacks, and tells of each. It fails where the server was killed or let a stranger in; whether enough people
    /// have logged in is for whoever looks at the rows to say.
    pub fn run(&self, folder: &Path, mut tell: impl FnMut(&Row)) -> anyhow::Result<Vec<Row>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut field = Field::new(self, folder).await?;
            let mut rows = Vec::new();
            for attack in attacks::ALL.iter().filter(|attack| self.only.is_none_or(|only| only == attack.name)) {
                let row = field.hold(attack).await.with_context(|| attack.name)?;
                tell(&row);
                rows.push(row);
            }
            Ok(rows)
        })
    }
}

impl Field {
    async fn new(siege: &Siege<'_>, folder: &Path) -> anyhow::Result<Self> {
        let sts = Sts::start_with(folder, &People::identities())?;
        let people = People::new(sts::now());
        let port = free_port()?;
        let config = format!("clusterID: {CLUSTER}\nserver:\n  port: {port}\n{}", People::mapping());
        fs::write(folder.join("config.yaml"), config)?;
        let Siege { program, length, only: _, .. } = siege;
        let bounds = Bounds { memory: siege.memory, milli_cpu: siege.milli_cpu };
        let server = Server::start(program, bounds, folder, port, &sts).await?;
        // What is mapped leaves room for those who come: 8 MiB of 20.
        let used = server.cgroup.used(server.process.id())?;
        ensure!(used.anonymous * 5 <= bounds.memory * 2, "it has only just started: {used:?}");
        let known = people.new_ones(PEOPLE / 2);
        let (folder, program) = (folder.to_owned(), program.to_path_buf());
        let (length, rounds) = (*length, Cell::new(0));
        let strangers = Arc::default();
        let field = Self { folder, bounds, program, length, port, sts, people, known, rounds, strangers, server };
        field.log_in_those_known().await?;
        Ok(field)
    }

    async fn log_in_those_known(&self) -> anyhow::Result<()> {
        for person in &self.known {
            let answer = self.server.kept.ask(&self.people.token(*person, 600)).await?;
            ensure!(answer.status == 200, "nobody attacks, and {} is told {}", person.name(), answer.body);
        }
        Ok(())
    }

    /// The same mapping in another file, which the server reads within a second.
    fn change_mapping(&self) -> anyhow::Result<()> {
        let (file, new) = (self.folder.join("config.yaml"), self.folder.join("config.yaml.new"));
        fs::write(&new, fs::read_to_string(&file)? + "# changed\n")?;
        Ok(fs::rename(new, file)?)
    }

    /// A new server, that has seen nobody. Returns the log of the one before.
    async fn restart(&mut self) -> anyhow::Result<String> {
        let log = self.server.stop()?;
        self.server = Server::start(&self.program, self.bounds, &self.folder, self.port, &self.sts).await?;
        Ok(log)
    }

    /// People log in at an even pace, for as long as an attack lasts, each time with a new token.
    async fn logins(&self, people: &[Person]) -> Logins {
        let start = Instant::now();
        let (mut under_way, mut logins) = (JoinSet::new(), Logins::default());
        while start.elapsed() < self.length {
            for person in people {
                let token = self.people.token(*person, self.rounds.get());
                under_way.spawn(login(Arc::clone(&self.server.kept), *person, token));
                logins.count += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            self.rounds.set(self.rounds.get() + 1);
        }
        while let Some(done) = under_way.join_next().await {
            logins.take(done);
        }
        logins
    }

    fn row(&self, name: &'static str, logins: Logins) -> anyhow::Result<Row> {
        ensure!(logins.wrong.is_empty(), "wrong answers: {:?}", logins.wrong);
        let let_in = self.strangers.let_in.load(Ordering::Relaxed);
        ensure!(let_in == 0, "strangers were let in {let_in} times");
        let used = self.server.cgroup.check(self.server.process.id())?;
        let Logins { count, times, failed, probes, .. } = logins;
        Ok(Row { name, logins: count, failed, times, probed: probes, used })
    }
}

/// What came of logins.
#[derive(Default)]
struct Logins {
    count: usize,
    times: Vec<Duration>,
    failed: Vec<String>,
    /// Somebody was taken for somebody else.
    wrong: Vec<String>,
    probes: Probed,
}

/// How one login ended.
type Login = (Person, Duration, anyhow::Result<client::Answer>);

impl Logins {
    fn take(&mut self, login: Result<Login, tokio::task::JoinError>) {
        let Ok((person, time, answer)) = login else { return self.failed.push("it panicked".to_owned()) };
        match answer {
            Ok(answer) if answer.status == 200 => {
                let name = format!("\"username\":\"{}\"", person.name());
                if !answer.body.contains("\"authenticated\":true") || !answer.body.contains(&name) {
                    self.wrong.push(format!("{}: {}", person.name(), answer.body));
                }
                self.times.push(time);
            }
            Ok(answer) => self.failed.push(answer.status.to_string()),
            Err(error) => self.failed.push(format!("{error:#}")),
        }
    }
}

async fn login(kept: Arc<Kept>, person: Person, token: String) -> Login {
    let start = Instant::now();
    let answer = kept.ask(&token).await;
    (person, start.elapsed(), answer)
}

impl Server {
    async fn start(program: &Path, bounds: Bounds, folder: &Path, port: u16, sts: &Sts) -> anyhow::Result<Self> {
        let cgroup = Cgroup::new("cluster-auth-siege", bounds.memory, bounds.milli_cpu)?;
        let mut command = cgroup.command(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("AWS_REGION", people::REGION).current_dir(folder);
        command.args(["server", "--log-format=json", "--health-address=none"]);
        command.arg("--config").arg(folder.join("config.yaml")).arg("--state-dir").arg(folder);
        command.arg("--generate-kubeconfig").arg(folder.join("webhook.kubeconfig"));
        command.args(["--sts-connect-to", &sts.address.to_string()]).arg("--sts-ca-file").arg(&sts.ca_file);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let log = Log::read(process.stderr.take().context("its log")?);
        let ready = log.wait_until_ready();
        if ready.is_err() {
            // Its log says why.
            let _ = process.kill();
            let _ = process.wait();
            let mut log = log;
            ready.with_context(|| log.whole().unwrap_or_default())?;
            anyhow::bail!("it is not ready");
        }
        let ca = certificate_authority(folder)?;
        let door =
            Door { port, tls: tls::client_config(&tls::Roots::Only(ca.into_bytes()))?, from: Ipv4Addr::LOCALHOST };
        let kept = Arc::new(Kept::new(door.clone()));
        kept.open(8).await?;
        Ok(Self { process, cgroup, log, door, kept })
    }

    /// Ends it as a kubelet does, and returns its log.
    fn stop(&mut self) -> anyhow::Result<String> {
        process::run(std::process::Command::new("kill").arg("-TERM").arg(self.process.id().to_string()))?.success()?;
        let status = self.process.wait()?;
        let log = self.log.whole()?;
        ensure!(status.success(), "the server ended with {status}:\n{log}");
        Ok(log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! Attacks and faults in an order that chance makes, over people who log in, for as long as one likes.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use sandbox::Fault;

use super::{Field, Logins, Row, Server, Siege, Strangers, attacks, client, mib, percentile};
use crate::{random::Random, sts};

/// How long a server is to hold out.
pub struct Soak<'a> {
    /// The program.
    pub program: &'a Path,
    /// The memory that it may use, page cache included, in bytes.
    pub memory: u64,
    /// How long.
    pub length: Duration,
    /// The order of what happens follows from it.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Sums {
    /// How often each thing has happened.
    pub rounds: BTreeMap<&'static str, usize>,
    /// Requests of everybody.
    pub requests: usize,
    /// Answers to strangers that were looked at, and of these such as let somebody in.
    pub strangers: (usize, usize),
    /// Logins of people who are mapped.
    pub logins: usize,
    /// Of these, while STS answered; and those that failed then.
    pub while_sts_answers: (usize, usize),
    /// Of these, answered that they may not log in.
    pub wrong_denials: usize,
    /// Answered that they should try again, or not answered.
    pub without_answer: usize,
    /// Probes that failed.
    pub missed_probes: usize,
    /// How often these were as many in a row as make a kubelet start a server anew.
    pub restarts: usize,
    /// Questions to STS.
    pub questions: usize,
    /// The most memory at any time, in bytes.
    pub peak: u64,
    times: Vec<Duration>,
}

/// What happens besides attacks.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Killed,
    Replaced,
    StsGone,
    NewMapping,
}

/// What is told of in a row of its own: then whoever is not remembered cannot log in.
const STS_GONE: &str = "STS fails for a second";

const TROUBLES: [(&str, Trouble); 4] = [
    ("the server is killed", Trouble::Killed),
    ("the server is ended and started anew", Trouble::Replaced),
    (STS_GONE, Trouble::StsGone),
    ("the mapping's file changes", Trouble::NewMapping),
];

/// How long an attack lasts while people log in.
const ROUND: Duration = Duration::from_secs(1);

impl Soak<'_> {
    /// Lets it all happen. It ends with an error where a stranger is let in, somebody is taken for somebody else, or the server
    /// dies; for the rest there is [`Sums::check`].
    pub fn run(&self, folder: &Path, mut tell: impl FnMut(&str)) -> anyhow::Result<Sums> {
        let Self { program, memory, length, seed } = *self;
        let siege = Siege { program, memory, milli_cpu: None, length: ROUND, only: None };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut field = Field::new(&siege, folder).await?;
            let (mut random, mut sums, start) = (Random(seed), Sums::default(), Instant::now());
            let before = client::requests();
            while start.elapsed() < length {
                field.settle().await;
                field.people.set_start(sts::now());
                field.rounds.set(0);
                let at = random.below(attacks::ALL.len() + TROUBLES.len());
                let (name, row) = match attacks::ALL.get(at) {
                    Some(attack) => (attack.name, field.hold(attack).await.context(attack.name)?),
                    None => {
                        let (name, trouble) = TROUBLES[at - attacks::ALL.len()];
                        (name, field.suffer(name, trouble).await.context(name)?)
                    }
                };
                tell(&row.to_string());
                sums.add(name, row);
            }
            sums.requests = client::requests() - before;
            let Strangers { answers, let_in } = &*field.strangers;
            sums.strangers = (answers.load(Ordering::Relaxed), let_in.load(Ordering::Relaxed));
            sums.questions = field.sts.faults.requests("GetCallerIdentity");
            Ok(sums)
        })
    }
}

impl Field {
    /// What the last attackers have asked and not waited for is asked of STS to its end: it is not of the next ones.
    async fn settle(&self) {
        let asked = || self.sts.faults.requests("GetCallerIdentity");
        let mut before = None;
        while before.replace(asked()) != Some(asked()) {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn suffer(&mut self, name: &'static str, trouble: Trouble) -> anyhow::Result<Row> {
        self.server.cgroup.begin();
        match trouble {
            Trouble::Killed => {
                self.server.process.kill()?;
                self.server.process.wait()?;
                self.server = Server::start(&self.program, self.bounds, &self.folder, self.port, &self.sts).await?;
            }
            Trouble::Replaced => drop(self.restart().await?),
            Trouble::NewMapping => self.change_mapping()?,
            Trouble::StsGone => self.sts.faults.set(Fault::Unavailable),
        }
        let people = self.people.new_ones(super::PEOPLE / 2);
        let mut logins = self.logins(&people).await;
        if matches!(trouble, Trouble::StsGone) {
            self.sts.faults.clear();
            // A breaker asks again after two seconds at the latest.
            tokio::time::sleep(Duration::from_secs(2)).await;
            logins.add(self.logins(&people).await);
        }
        self.row(name, logins)
    }
}

impl Logins {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.times.extend(other.times);
        self.failed.extend(other.failed);
        self.wrong.extend(other.wrong);
    }
}

impl Sums {
    fn add(&mut self, name: &'static str, row: Row) {
        *self.rounds.entry(name).or_default() += 1;
        let denied = row.failed.iter().filter(|failed| *failed == "403").count();
        self.logins += row.logins;
        self.wrong_denials += denied;
        self.without_answer += row.failed.len() - denied;
        self.missed_probes += row.probed.missed.len();
        self.restarts += usize::from(row.probed.is_restart());
        if name != STS_GONE {
            let (logins, failed) = self.while_sts_answers;
            self.while_sts_answers = (logins + row.logins, failed + row.failed.len());
        }
        self.times.extend(row.times);
        self.peak = self.peak.max(row.used.peak);
    }

    /// That nobody who is mapped was told that they may not log in, at least 99 of 100 of them logged in while STS answered, no stranger
    /// did, and no kubelet would have started the server anew.
    pub fn check(&self) -> anyhow::Result<()> {
        let Self { wrong_denials, while_sts_answers: (logins, failed), strangers: (_, let_in), restarts, .. } = self;
        ensure!(*wrong_denials == 0, "{wrong_denials} wrong denials");
        ensure!(*let_in == 0, "{let_in} strangers were let in");
        ensure!(failed * 100 <= *logins, "{failed} of {logins} logins have failed while STS answered");
        ensure!(*restarts == 0, "a kubelet would have started the server anew, {restarts} times");
        ensure!(self.logins > 0 && self.requests > self.logins, "{} requests, {} logins", self.requests, self.logins);
        Ok(())
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99] = [50, 99].map(|percent| percentile(&self.times, percent));
        writeln!(f, "| what happened | times |\n|---|---|")?;
        self.rounds.iter().try_for_each(|(name, times)| writeln!(f, "| {name} | {times} |"))?;
        writeln!(f, "\n| requests of everybody | {} |\n|---|---|", self.requests)?;
        let (answers, let_in) = self.strangers;
        writeln!(f, "| answers to strangers that were looked at | {answers} |")?;
        writeln!(f, "| strangers let in | {let_in} |")?;
        writeln!(f, "| logins of people who are mapped | {} |", self.logins)?;
        // It would have ended it.
        writeln!(f, "| people taken for others | 0 |")?;
        writeln!(f, "| people denied who are mapped | {} |", self.wrong_denials)?;
        writeln!(f, "| told to try again, or not answered | {} |", self.without_answer)?;
        writeln!(f, "| of these, while STS answered | {} |", self.while_sts_answers.1)?;
        writeln!(f, "| probes that failed | {} |", self.missed_probes)?;
        writeln!(f, "| p50, p99 of those answered, ms | {p50}, {p99} |")?;
        writeln!(f, "| most memory, page cache included, MiB | {} |", mib(self.peak))?;
        write!(f, "| questions to STS | {} |", self.questions)
    }
}

//! What a kubelet asks: whether the server is alive, again and again, as the chart has it.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::task::JoinHandle;

use super::client::{self, Door};

/// Chart, `livenessProbe` of the server: `timeoutSeconds` and `failureThreshold`. A probe that takes longer has failed, and so many in a
/// row are a restart.
const TIMEOUT: Duration = Duration::from_secs(5);
const FAILURE_THRESHOLD: usize = 6;

const PERIOD: Duration = Duration::from_secs(1);

/// Probes under way.
pub(super) struct Probes(JoinHandle<Probed>, tokio::sync::oneshot::Sender<()>);

/// What came of them.
#[derive(Debug, Default)]
pub(super) struct Probed {
    /// How long each took that was answered.
    pub(super) times: Vec<Duration>,
    /// Why others were not.
    pub(super) missed: Vec<String>,
    /// How many of those came one after the other, and the most that ever did.
    in_a_row: usize,
    most_in_a_row: usize,
}

impl Probed {
    /// Whether so many were missed one after the other that a kubelet would have started the server anew.
    pub(super) fn is_restart(&self) -> bool {
        self.most_in_a_row >= FAILURE_THRESHOLD
    }

    /// The most that were missed one after the other.
    pub(super) fn most_in_a_row(&self) -> usize {
        self.most_in_a_row
    }

    fn missed(&mut self, why: String) {
        self.missed.push(why);
        self.in_a_row += 1;
        self.most_in_a_row = self.most_in_a_row.max(self.in_a_row);
    }

    fn answered(&mut self, after: Duration) {
        self.times.push(after);
        self.in_a_row = 0;
    }
}

impl Probes {
    /// Asks once a second, each time over a new connection.
    pub(super) fn begin(door: Door) -> Self {
        let (end, mut ended) = tokio::sync::oneshot::channel();
        Self(
            tokio::spawn(async move {
                let mut probed = Probed::default();
                loop {
                    let start = Instant::now();
                    match tokio::time::timeout(TIMEOUT, probe(&door)).await {
                        Ok(Ok(())) => probed.answered(start.elapsed()),
                        Ok(Err(error)) => probed.missed(format!("{error:#}")),
                        Err(_) => probed.missed("no answer in time".to_owned()),
                    }
                    tokio::select! {
                        () = tokio::time::sleep(PERIOD) => {}
                        _ = &mut ended => return probed,
                    }
                }
            }),
            end,
        )
    }

    /// No more of them.
    pub(super) async fn end(self) -> Probed {
        let Self(probes, end) = self;
        drop(end);
        probes.await.unwrap_or_else(|error| Probed { missed: vec![error.to_string()], ..Probed::default() })
    }
}

async fn probe(door: &Door) -> anyhow::Result<()> {
    let answer = client::page(&mut door.http1().await?, "/healthz").await?;
    ensure!(answer.status == 200 && answer.body == "ok", "{} {}", answer.status, answer.body);
    Ok(())
}

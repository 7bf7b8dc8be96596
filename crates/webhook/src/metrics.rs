//! Metrics, in Prometheus' text format 0.0.4: aws-iam-authenticator's names, and ours.
//!
//! Label values come from closed sets. A Region becomes one only when STS has confirmed a caller through it: the host in a
//! token is the caller's word until then.

mod series;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use identity::StsHost;
use jiff::Timestamp;
use prometheus::{
    Encoder as _, Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
    TextEncoder, core::Collector,
};
use token::{Confirmed, Unconfirmed, Upstream};

pub use self::series::{Kind, SERIES, Series};
use crate::{Outcome, Trouble};

/// The metrics of the server.
pub struct Metrics {
    registry: Registry,
    latency: HistogramVec,
    sts_responses: IntCounterVec,
    sts_connection_failures: IntCounterVec,
    sts_throttling: IntCounterVec,
    sts_left_alone: IntGaugeVec,
    ec2_calls: IntCounter,
    decisions: IntCounterVec,
    rules: IntGauge,
    reload_failures: IntCounterVec,
    certificate_not_after: Gauge,
    transport_override: IntGauge,
    log_lines_lost: IntCounter,
    last_look: Gauge,
    looks: Mutex<BTreeMap<&'static str, Timestamp>>,
    build: IntGaugeVec,
    configmap_watch_failures: IntCounter,
    dynamicfile_failures: IntCounter,
    dynamic_latency: HistogramVec,
    dynamic_file_enabled: IntGauge,
    dynamic_file_only: IntGauge,
    source_read: IntGaugeVec,
    shadow_reviews: IntCounterVec,
    regions: Mutex<BTreeSet<String>>,
    reviews: AtomicU64,
}

/// The result of a request that is no review.
pub(crate) const MALFORMED: &str = "malformed_request";

/// The most Regions that become label values.
const MAX_REGIONS: usize = 64;

impl Metrics {
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let buckets = vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let latency = HistogramOpts::from(series::LATENCY.opts()).buckets(buckets);
        let slow = vec![1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0];
        let dynamic = HistogramOpts::from(series::DYNAMIC_LATENCY.opts()).buckets(slow);
        let this = Self {
            latency: register(&registry, HistogramVec::new(latency, series::LATENCY.labels)),
            sts_responses: counters(&registry, &series::STS_RESPONSES),
            sts_connection_failures: counters(&registry, &series::STS_CONNECTION_FAILURES),
            sts_throttling: counters(&registry, &series::STS_THROTTLING),
            sts_left_alone: gauges(&registry, &series::STS_LEFT_ALONE),
            ec2_calls: register(&registry, IntCounter::with_opts(series::EC2_CALLS.opts())),
            decisions: counters(&registry, &series::DECISIONS),
            rules: register(&registry, IntGauge::with_opts(series::RULES.opts())),
            reload_failures: counters(&registry, &series::RELOAD_FAILURES),
            certificate_not_after: register(&registry, Gauge::with_opts(series::CERTIFICATE_NOT_AFTER.opts())),
            transport_override: register(&registry, IntGauge::with_opts(series::TRANSPORT_OVERRIDE.opts())),
            log_lines_lost: register(&registry, IntCounter::with_opts(series::LOG_LINES_LOST.opts())),
            last_look: register(&registry, Gauge::with_opts(series::LAST_LOOK.opts())),
            build: gauges(&registry, &series::BUILD),
            configmap_watch_failures: register(
                &registry,
                IntCounter::with_opts(series::CONFIGMAP_WATCH_FAILURES.opts()),
            ),
            dynamicfile_failures: register(&registry, IntCounter::with_opts(series::DYNAMICFILE_FAILURES.opts())),
            dynamic_latency: register(&registry, HistogramVec::new(dynamic, series::DYNAMIC_LATENCY.labels)),
            dynamic_file_enabled: register(&registry, IntGauge::with_opts(series::DYNAMIC_FILE_ENABLED.opts())),
            dynamic_file_only: register(&registry, IntGauge::with_opts(series::DYNAMIC_FILE_ONLY.opts())),
            source_read: gauges(&registry, &series::SOURCE_READ),
            shadow_reviews: counters(&registry, &series::SHADOW_REVIEWS),
            looks: Mutex::default(),
            regions: Mutex::default(),
            reviews: AtomicU64::new(0),
            registry: registry.clone(),
        };
        #[cfg(target_os = "linux")]
        register_one(&registry, prometheus::process_collector::ProcessCollector::for_self());
        this
    }

    /// Returns all metrics in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory and gathering from our own registry cannot fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Sets the version of the server.
    pub fn set_version(&self, version: &str) {
        self.build.with_label_values(&[version]).set(1);
    }

    /// Sets when the serving certificate expires.
    pub fn set_certificate_not_after(&self, at: Timestamp) {
        self.certificate_not_after.set(seconds(at));
    }

    /// Counts log lines that were lost.
    pub fn log_lines_lost(&self, lines: usize) {
        self.log_lines_lost.inc_by(lines as u64);
    }

    /// Sets when a file, or the files that are looked at together, were last checked for changes. What is told is the time of whichever
    /// was not for the longest.
    pub fn set_last_look(&self, file: &'static str, at: Timestamp) {
        let mut looks = self.looks.lock().expect("no holder of this lock panics");
        looks.insert(file, at);
        if let Some(first) = looks.values().min() {
            self.last_look.set(seconds(*first));
        }
    }

    /// Sets `cluster_auth_sts_transport_override`: whether `--sts-connect-to` or `--sts-ca-file` is set, by which a
    /// false STS could let anybody in.
    pub fn set_transport_override(&self, is_set: bool) {
        self.transport_override.set(i64::from(is_set));
    }

    /// Counts a change that was refused: of `config`, `certificate`, `aws-auth`, `dynamicfile`, `backend-mode`, `sts-ca-file` or
    /// `shadow-of-ca`.
    pub fn reload_failed(&self, file: &'static str) {
        self.reload_failures.with_label_values(&[file]).inc();
    }

    /// Counts that no watch of `aws-auth` could be opened.
    pub fn configmap_watch_failed(&self) {
        self.configmap_watch_failures.inc();
    }

    /// Counts a failure to read the dynamic file.
    pub fn dynamic_file_failed(&self) {
        self.dynamicfile_failures.inc();
    }

    /// Records how long a changed file took to be in use: `dynamic_file` or `dynamic_backend_mode`.
    pub fn dynamic_file_loaded(&self, file: &'static str, after: Duration) {
        self.dynamic_latency.with_label_values(&[file]).observe(after.as_secs_f64());
    }

    /// Sets what the backend-mode file says about `DynamicFile`: whether it names it among others, and whether it names nothing else.
    pub fn set_dynamic_file_mode(&self, is_among: bool, is_only: bool) {
        self.dynamic_file_enabled.set(i64::from(is_among));
        self.dynamic_file_only.set(i64::from(is_only));
    }

    /// Removes a mapping source that is no longer asked.
    pub fn forget_source(&self, mode: &'static str) {
        // That it had no value yet is as well.
        let _ = self.source_read.remove_label_values(&[mode]);
    }

    /// Sets whether a mapping source has been read.
    pub fn set_source_read(&self, mode: &'static str, is_read: bool) {
        self.source_read.with_label_values(&[mode]).set(i64::from(is_read));
    }

    pub(crate) fn mapping_loaded(&self, rules: usize) {
        self.rules.set(i64::try_from(rules).unwrap_or(i64::MAX));
    }

    /// Decisions are compared, and these may come of it: whoever alerts on one finds it before it happens.
    pub(crate) fn compares(&self, results: impl IntoIterator<Item = &'static str>) {
        results.into_iter().for_each(|result| self.shadow_reviews.with_label_values(&[result]).reset());
    }

    /// What came of comparing a review.
    pub(crate) fn compared(&self, result: &'static str) {
        self.shadow_reviews.with_label_values(&[result]).inc();
    }

    pub(crate) fn ec2_asked(&self, calls: u64) {
        self.ec2_calls.inc_by(calls);
    }

    /// The number of the next review, from 1.
    pub(crate) fn next_review(&self) -> u64 {
        self.reviews.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn reviewed(&self, outcome: &Outcome, took: Duration) {
        let result = match outcome {
            Outcome::Granted(_) => "success",
            Outcome::RefusedToken(refusal) if refusal.code().starts_with("sts.") => "sts_error",
            Outcome::RefusedToken(_) => "invalid_token",
            // STS has said who it is; who that is in the cluster is nobody, or not known. The spelling is the existing program's.
            Outcome::RefusedCaller { .. }
            | Outcome::Trouble(Trouble::Ec2 | Trouble::NotRead(_) | Trouble::NotLoaded) => "uknown_user",
            Outcome::Trouble(Trouble::Sts(Upstream::Throttled)) => "sts_throttling",
            Outcome::Trouble(Trouble::Sts(_) | Trouble::CircuitOpen | Trouble::Predecessor | Trouble::Overloaded) => {
                "sts_error"
            }
        };
        self.latency.with_label_values(&[result]).observe(took.as_secs_f64());
        self.decisions.with_label_values(&[outcome.code()]).inc();
    }

    pub(crate) fn malformed(&self, took: Duration) {
        self.latency.with_label_values(&[MALFORMED]).observe(took.as_secs_f64());
    }

    pub(crate) fn sts_answered(&self, host: &StsHost, status: Option<u16>, verdict: &Result<Confirmed, Unconfirmed>) {
        let region = self.region(host, verdict.is_ok());
        match status {
            Some(status) => self.sts_responses.with_label_values(&[&status.to_string(), &region]).inc(),
            None => self.sts_connection_failures.with_label_values(&[&region]).inc(),
        }
        if *verdict.as_ref().map_or_else(|error| error, |_| &Unconfirmed::Upstream(Upstream::Unreadable))
            == Unconfirmed::Upstream(Upstream::Throttled)
        {
            self.sts_throttling.with_label_values(&[&region]).inc();
        }
    }

    /// Whether a host of STS that people log in through is left alone. Whoever calls sees to it that there are few hosts.
    pub(crate) fn sts_left_alone(&self, host: &StsHost, is_so: bool) {
        self.sts_left_alone.with_label_values(&[host.as_str()]).set(i64::from(is_so));
    }

    fn region(&self, host: &StsHost, confirmed: bool) -> String {
        if host.is_global() {
            return "global".to_owned();
        }
        let mut regions = self.regions.lock().expect("no holder of this lock panics");
        let region = host.signing_region();
        if confirmed && regions.len() < MAX_REGIONS {
            regions.insert(region.to_owned());
        }
        if regions.contains(region) { region.to_owned() } else { "unconfirmed".to_owned() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a time in seconds fits for a few million years")]
fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

fn counters(registry: &Registry, series: &Series) -> IntCounterVec {
    register(registry, IntCounterVec::new(series.opts(), series.labels))
}

fn gauges(registry: &Registry, series: &Series) -> IntGaugeVec {
    register(registry, IntGaugeVec::new(series.opts(), series.labels))
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: prometheus::Result<C>) -> C {
    let collector = collector.expect("names and labels are constants of the right form");
    register_one(registry, collector.clone());
    collector
}

fn register_one<C: Collector + 'static>(registry: &Registry, collector: C) {
    registry.register(Box::new(collector)).expect("every name is registered once");
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Metrics;

    /// One that hangs is seen, however often the others are looked at.
    #[test]
    fn the_last_look_is_that_of_whichever_was_not_looked_at_for_the_longest() {
        let metrics = Metrics::new();
        let rows = [("config", 100, 100), ("dynamicfile", 90, 90), ("config", 200, 90), ("dynamicfile", 195, 195)];
        for (file, at, told) in rows {
            metrics.set_last_look(file, Timestamp::from_second(at).expect("a time"));
            let line = format!("\ncluster_auth_last_look_timestamp_seconds {told}\n");
            assert!(metrics.text().contains(&line), "{file}: {}", metrics.text());
        }
    }
}

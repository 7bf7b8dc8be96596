//! The one table of what the server measures: the metrics and docs/metrics.md are made from it.

use prometheus::Opts;

/// The name, type, labels and help of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Its name.
    pub name: &'static str,
    /// What kind of a metric it is.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it counts or says, as /metrics has it.
    pub help: &'static str,
    /// What else one has to know of it: the values of its labels, and when to be alarmed.
    pub more: &'static str,
}

/// Kinds of metrics, by Prometheus' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Has a value.
    Gauge,
    /// Counts into buckets.
    Histogram,
}

impl Kind {
    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Series {
    pub(super) fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    const fn new(name: &'static str, kind: Kind, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind, labels, help, more: "" }
    }

    const fn more(self, more: &'static str) -> Self {
        Self { more, ..self }
    }
}

use Kind::{Counter, Gauge, Histogram};

pub(super) const LATENCY: Series = Series::new(
    "aws_iam_authenticator_authenticate_latency_seconds",
    Histogram,
    &["result"],
    "Time that reviews took, by result",
)
.more(
    "`result` is `success`, `invalid_token`, `uknown_user` (aws-iam-authenticator's spelling: AWS knows the caller, and the mapping \
     does not, or cannot tell), `sts_error`, `sts_throttling` or `malformed_request`.",
);

pub(super) const STS_RESPONSES: Series = Series::new(
    "aws_iam_authenticator_sts_responses_total",
    Counter,
    &["ResponseCode", "StsRegion"],
    "Answers of STS, by status and Region",
)
.more(
    "`StsRegion` is a Region once a caller was confirmed through it, `unconfirmed` before, and `global` for the global endpoint.",
);

pub(super) const STS_CONNECTION_FAILURES: Series = Series::new(
    "aws_iam_authenticator_sts_connection_failures_total",
    Counter,
    &["StsRegion"],
    "Calls of STS without an answer, by Region",
);

pub(super) const STS_THROTTLING: Series = Series::new(
    "aws_iam_authenticator_sts_throttling_total",
    Counter,
    &["StsRegion"],
    "Answers of STS that ask for fewer requests, by Region",
);

pub(super) const STS_LEFT_ALONE: Series = Series::new(
    "cluster_auth_sts_left_alone",
    Gauge,
    &["StsHost"],
    "1 while the circuit breaker of an STS endpoint is open, because it failed again and again",
)
.more("Only endpoints that people log in through; it is asked a few questions until it answers again. Alert on any.");

pub(super) const EC2_CALLS: Series =
    Series::new("aws_iam_authenticator_ec2_describe_instances_calls_total", Counter, &[], "Questions to EC2");

pub(super) const DECISIONS: Series = Series::new(
    "cluster_auth_decisions_total",
    Counter,
    &["code"],
    "Reviews, by the code of what came of them",
)
.more(
    "`code` is `granted`, or one of [the codes](denials.md). `server.overloaded` are those that were turned away as too many: alert \
     on any.",
);

pub(super) const RULES: Series = Series::new("cluster_auth_mapping_rules", Gauge, &[], "Rules of the mapping in use");

pub(super) const RELOAD_FAILURES: Series = Series::new(
    "cluster_auth_reload_failures_total",
    Counter,
    &["file"],
    "Changes of a file that were refused",
)
.more("`file` is `config` (the configuration and the access file), `certificate`, `aws-auth`, `dynamicfile`, `backend-mode`, `sts-ca-file` or `shadow-of-ca`; the last good version stays in use. Alert on any.");

pub(super) const CERTIFICATE_NOT_AFTER: Series = Series::new(
    "cluster_auth_certificate_not_after_timestamp_seconds",
    Gauge,
    &[],
    "Expiry of the serving certificate",
);

pub(super) const TRANSPORT_OVERRIDE: Series = Series::new(
    "cluster_auth_sts_transport_override",
    Gauge,
    &[],
    "1 while --sts-connect-to or --sts-ca-file is in use",
)
.more("Whoever holds these can let anybody in.");

pub(super) const LOG_LINES_LOST: Series = Series::new(
    "cluster_auth_log_lines_lost_total",
    Counter,
    &[],
    "Log lines that were dropped because nobody read them in time",
)
.more("Alert on any.");

pub(super) const LAST_LOOK: Series = Series::new(
    "cluster_auth_last_look_timestamp_seconds",
    Gauge,
    &[],
    "Time of the last check of files for changes; the oldest if there are several",
)
.more("Alert where it is more than a minute ago.");

pub(super) const SOURCE_READ: Series = Series::new(
    "cluster_auth_source_read",
    Gauge,
    &["mode"],
    "1 where a mapping source has been read, 0 where not yet",
)
.more("`mode` is one of the backend modes that are asked. While it is 0, whoever no earlier source maps gets no answer. Alert on 0.");

pub(super) const SHADOW_REVIEWS: Series = Series::new(
    "cluster_auth_shadow_reviews_total",
    Counter,
    &["result"],
    "Reviews that another authenticator answered (--shadow-of), by how our own decision compares",
)
.more(
    "`result` is `same`; a difference, `granted-refused` (let in today, and not by us), `refused-granted`, `username`, `groups`, `uid` or \
     `extra`; `no-answer` of the other authenticator; `no-decision` of our own; or `not-compared`, where too many were at once or the API \
     server hung up. Before you let this server answer, look at each but `same`.",
);

pub(super) const CONFIGMAP_WATCH_FAILURES: Series = Series::new(
    "aws_iam_authenticator_configmap_watch_failures_total",
    Counter,
    &[],
    "Watches of aws-auth that could not be opened",
)
.more("What was read last stays in use.");

pub(super) const DYNAMICFILE_FAILURES: Series = Series::new(
    "aws_iam_authenticator_dynamicfile_failures_total",
    Counter,
    &[],
    "Times that the dynamic file could not be read",
);

pub(super) const DYNAMIC_LATENCY: Series = Series::new(
    "aws_iam_authenticator_dynamic_e2e_latency_seconds",
    Histogram,
    &["type"],
    "Time from LastUpdatedDateTime of a dynamic file until it is in use, by type",
)
.more("`type` is `dynamic_file` or `dynamic_backend_mode`.");

pub(super) const DYNAMIC_FILE_ENABLED: Series = Series::new(
    "aws_iam_authenticator_dynamic_file_enabled",
    Gauge,
    &[],
    "1 where the backend-mode file names DynamicFile among others",
);

pub(super) const DYNAMIC_FILE_ONLY: Series =
    Series::new("aws_iam_authenticator_dynamic_file_only", Gauge, &[], "1 where it names DynamicFile alone");

pub(super) const BUILD: Series =
    Series::new("cluster_auth_build_info", Gauge, &["version"], "The version of this server").more("Always 1.");

/// All metrics. On Linux there are Prometheus' own `process_…` besides.
pub const SERIES: [Series; 21] = [
    LATENCY,
    STS_RESPONSES,
    STS_CONNECTION_FAILURES,
    STS_THROTTLING,
    EC2_CALLS,
    DECISIONS,
    RULES,
    RELOAD_FAILURES,
    LAST_LOOK,
    STS_LEFT_ALONE,
    LOG_LINES_LOST,
    CERTIFICATE_NOT_AFTER,
    TRANSPORT_OVERRIDE,
    SOURCE_READ,
    SHADOW_REVIEWS,
    CONFIGMAP_WATCH_FAILURES,
    DYNAMICFILE_FAILURES,
    DYNAMIC_LATENCY,
    DYNAMIC_FILE_ENABLED,
    DYNAMIC_FILE_ONLY,
    BUILD,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prometheus::proto::MetricType;

    use super::{super::Metrics, Kind, SERIES};

    #[test]
    fn every_metric_is_in_the_table_with_its_kind_and_its_labels() {
        let metrics = Metrics::new();
        // What has labels is there from its first value on.
        metrics.latency.with_label_values(&["success"]).observe(0.1);
        metrics.sts_responses.with_label_values(&["200", "global"]).inc();
        metrics.sts_connection_failures.with_label_values(&["global"]).inc();
        metrics.sts_throttling.with_label_values(&["global"]).inc();
        metrics.sts_left_alone.with_label_values(&["sts.amazonaws.com"]).set(0);
        metrics.decisions.with_label_values(&["granted"]).inc();
        metrics.reload_failures.with_label_values(&["config"]).inc();
        metrics.build.with_label_values(&["1"]).set(1);
        metrics.source_read.with_label_values(&["CRD"]).set(1);
        metrics.compared("same");
        metrics.dynamic_latency.with_label_values(&["dynamic_file"]).observe(1.0);
        let mut found = BTreeMap::new();
        for family in metrics.registry.gather().iter().filter(|family| !family.name().starts_with("process_")) {
            let kind = match family.get_field_type() {
                MetricType::COUNTER => Kind::Counter,
                MetricType::GAUGE => Kind::Gauge,
                MetricType::HISTOGRAM => Kind::Histogram,
                other => panic!("{}: {other:?}", family.name()),
            };
            let labels = family.get_metric()[0].get_label();
            let labels: Vec<String> = labels.iter().map(|label| label.name().to_owned()).collect();
            found.insert(family.name().to_owned(), (kind, labels, family.help().to_owned()));
        }
        let in_table = SERIES.iter().map(|series| {
            let mut labels: Vec<String> = series.labels.iter().map(|label| (*label).to_owned()).collect();
            labels.sort();
            (series.name.to_owned(), (series.kind, labels, series.help.to_owned()))
        });
        assert_eq!(found, in_table.collect());
    }
}

//! Logs of the server: one line per event on stderr, in aws-iam-authenticator's two shapes.

#[cfg(unix)]
mod lines;

use std::str::FromStr;

use tracing::level_filters::LevelFilter;

#[cfg(unix)]
pub(crate) use self::lines::{is_json, lost, start};

/// The level from which lines are written, by logrus' names in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verbosity(LevelFilter);

impl Default for Verbosity {
    fn default() -> Self {
        Self(LevelFilter::INFO)
    }
}

impl FromStr for Verbosity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "panic" | "fatal" | "error" => Ok(Self(LevelFilter::ERROR)),
            "warning" | "warn" => Ok(Self(LevelFilter::WARN)),
            "info" => Ok(Self(LevelFilter::INFO)),
            "debug" => Ok(Self(LevelFilter::DEBUG)),
            "trace" => Ok(Self(LevelFilter::TRACE)),
            _ => Err("valid levels are panic, fatal, error, warning, info, debug, trace".to_owned()),
        }
    }
}

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// `key=value` pairs.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Format {
    /// By its name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The level from the flag, else from the environment, else info.
#[cfg(unix)]
pub(crate) fn verbosity(flag: Option<Verbosity>, variable: Option<&str>) -> anyhow::Result<Verbosity> {
    match (flag, variable) {
        (Some(verbosity), _) => Ok(verbosity),
        (None, Some(text)) => {
            text.parse().map_err(|error| anyhow::anyhow!("AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY is {text:?}: {error}"))
        }
        (None, None) => Ok(Verbosity::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::Verbosity;

    #[test]
    fn levels_are_logrus_names_in_any_case() {
        for name in ["panic", "FATAL", "Error", "warning", "warn", "info", "debug", "trace"] {
            assert!(name.parse::<Verbosity>().is_ok(), "{name}");
        }
        assert!("loud".parse::<Verbosity>().is_err());
    }
}

//! `--output`: the formats in which commands print.

use std::convert::Infallible;

use clap::{ValueEnum, builder::PossibleValue};
use serde::Serialize;
use visibility::print;

use crate::process;

/// A format of `--output`: those that most commands have, and those that a command has besides ([`Further`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output<F = Infallible> {
    Text,
    Data(Data),
    Further(F),
}

/// A format for programs. Both have the same keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Data {
    Json,
    Yaml,
}

/// Formats that a command has besides text, JSON and YAML, and what its help says of all of them.
pub(crate) trait Further: Copy + Send + Sync + 'static {
    /// Every format of the command, in the order of its help.
    const ALL: &'static [Output<Self>];
    const TEXT: &'static str = "For a terminal";
    const JSON: &'static str = "For programs, with every detail";

    /// Returns the value as it is typed, with its help.
    fn value(self) -> PossibleValue;
}

/// Markdown, for pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Markdown;

/// SARIF 2.1.0, for code hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sarif;

impl Data {
    /// Prints a result for programs.
    pub(crate) fn print(self, value: &impl Serialize) -> anyhow::Result<()> {
        process::print(&match self {
            Self::Json => print::json(value),
            Self::Yaml => print::yaml(value),
        })
    }
}

impl<F> Output<F> {
    pub(crate) const JSON: Self = Self::Data(Data::Json);
    pub(crate) const YAML: Self = Self::Data(Data::Yaml);
}

impl<F: Further> ValueEnum for Output<F> {
    fn value_variants<'a>() -> &'a [Self] {
        F::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match *self {
            Self::Text => PossibleValue::new("text").help(F::TEXT),
            Self::Data(Data::Json) => PossibleValue::new("json").help(F::JSON),
            Self::Data(Data::Yaml) => PossibleValue::new("yaml").help("The JSON, written as YAML"),
            Self::Further(further) => further.value(),
        })
    }
}

impl Further for Infallible {
    const ALL: &'static [Output] = &[Output::Text, Output::JSON, Output::YAML];

    fn value(self) -> PossibleValue {
        match self {}
    }
}

impl Further for Markdown {
    const ALL: &'static [Output<Self>] = &[Output::Text, Output::JSON, Output::YAML, Output::Further(Self)];

    fn value(self) -> PossibleValue {
        PossibleValue::new("markdown").help("For pull requests")
    }
}

impl Further for Sarif {
    const ALL: &'static [Output<Self>] = &[Output::Text, Output::JSON, Output::YAML, Output::Further(Self)];

    fn value(self) -> PossibleValue {
        PossibleValue::new("sarif").help("For code hosts (SARIF 2.1.0)")
    }
}

//! The credential as the AWS CLI prints it: whole or in part, in one of its formats.

mod table;
mod text;

use anyhow::Context as _;
use aws::credentials::{self, Rules};
use clap::ValueEnum as _;
use serde::Serialize as _;
use serde_json::{Serializer, Value as Json, json, ser::PrettyFormatter};

use super::{
    format::{Format, Query},
    options::{Options, with_authorities},
};
use crate::process::Process;

/// How an answer is to be printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    format: Option<Format>,
    query: Option<Query>,
    /// Certificate authorities that vouch for AWS.
    ca_bundle: Option<String>,
    /// What was given and has no effect.
    pub(crate) notes: Vec<String>,
}

impl Answer {
    pub(super) fn new(options: &Options, notes: Vec<String>) -> Self {
        Self { format: options.output, query: options.query.clone(), ca_bundle: options.ca_bundle.clone(), notes }
    }

    /// The process with what was given in place of its variables.
    pub(crate) fn with_authorities(&self, process: &Process) -> Option<Process> {
        with_authorities(self.ca_bundle.as_ref(), process)
    }

    /// What is printed of a credential; `None` if that is the whole of it, as kubectl reads it.
    pub(crate) fn of(
        &self,
        credential: &str,
        profile: Option<&str>,
        process: &Process,
    ) -> anyhow::Result<Option<String>> {
        let format = self.format(profile, process)?;
        if format == Format::Json && self.query.is_none() {
            return Ok(None);
        }
        // Nothing of it is there to be asked for in the AWS CLI's answer.
        let mut whole: Json = serde_json::from_str(credential)?;
        whole["spec"] = json!({});
        let asked = self.query.as_ref().map_or(Ok(whole.clone()), |query| query.of(&whole))?;
        let printed = match format {
            Format::Json => indented(&asked)?,
            Format::Yaml => yaml(&asked)?,
            Format::Text => text::text(&asked),
            Format::Table => table::table("get-token", &asked)?,
        };
        Ok(Some(printed + "\n"))
    }

    /// kubectl reads JSON, whatever somebody likes best at a terminal.
    fn format(&self, profile: Option<&str>, process: &Process) -> anyhow::Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        if process.variable("KUBERNETES_EXEC_INFO").is_some() {
            return Ok(Format::Json);
        }
        let environment = process.aws_environment();
        let (name, text) = match process.variable("AWS_DEFAULT_OUTPUT") {
            Some(text) => ("AWS_DEFAULT_OUTPUT", text.to_owned()),
            None => {
                let files = credentials::load_files(&environment, Rules::Cli)?;
                let profile = credentials::profile_name(&environment, profile);
                match files.setting(profile, "output") {
                    Some(text) => ("the profile's output", text.to_owned()),
                    None => return Ok(Format::Json),
                }
            }
        };
        let known = || format!("{name} is {text:?}, and formats are json, yaml, text and table; --output names one");
        Format::from_str(&text, false).ok().with_context(known)
    }
}

/// YAML with each text on one line, as the AWS CLI writes it: a script takes the line for the token.
fn yaml(value: &Json) -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string_with_options(value, serde_saphyr::ser_options! { prefer_block_scalars: false })?)
}

/// JSON as Python's `json` indents it by four; of an empty object nothing, as the AWS CLI does.
fn indented(value: &Json) -> anyhow::Result<String> {
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(String::new());
    }
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    ")))?;
    Ok(String::from_utf8(text)? + "\n")
}

/// A scalar as Python writes it.
fn scalar(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_scalar(value: &Json) -> bool {
    !value.is_object() && !value.is_array()
}

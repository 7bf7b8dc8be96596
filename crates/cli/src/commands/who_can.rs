//! `who-can`: everybody who may do something, and what says so.

use clap::Args;
use inventory::Unseen;
use visibility::{Note, Words};

use crate::{
    exit::CommandResult,
    global::Global,
    names,
    process::{self, Process},
    shared::{
        analysis::{Analysis, AnalysisArgs, say_gaps, say_notes},
        output::Output,
        terminal::styled,
    },
};

/// Flags of `who-can`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cluster-auth who-can get secrets -n shop
  cluster-auth who-can create pods --subresource exec --any-namespace
  cluster-auth who-can impersonate users/admin
  cluster-auth who-can get /metrics
  cluster-auth who-can delete deploy/web --from access.yaml --from cluster.json")]
pub(crate) struct WhoCanArgs {
    /// Verb to ask about: get, list, watch, create, update, patch, delete, deletecollection, impersonate, bind, escalate …
    #[arg(value_name = "VERB")]
    verb: String,

    /// Resource to ask about, by any of its names, with group and object name as in `deploy.apps/web`; or a URL such as
    /// /metrics
    #[arg(value_name = "RESOURCE[.GROUP][/NAME]|/URL")]
    what: String,

    /// Ask about this subresource (log, exec, scale)
    #[arg(long, value_name = "SUBRESOURCE")]
    subresource: Option<String>,

    /// Namespace to ask about [default: the context's, or `default`]
    #[arg(
        short, long, value_name = "NAME", value_parser = names::asked_namespace,
        conflicts_with_all = ["all_namespaces", "any_namespace"],
    )]
    namespace: Option<String>,

    /// Show who can do it cluster-wide, across all namespaces
    #[arg(short = 'A', long, conflicts_with = "any_namespace")]
    all_namespaces: bool,

    /// Show who can do it in at least one namespace, and list each
    #[arg(long)]
    any_namespace: bool,

    #[command(flatten)]
    analysis: AnalysisArgs,

    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs `who-can`.
pub(crate) fn run(args: &WhoCanArgs, global: &Global, process: &Process) -> CommandResult {
    if let Some(flag) = args.place().filter(|_| args.what.starts_with('/')) {
        return Err(anyhow::anyhow!("a URL is in no namespace; leave {flag} out").into());
    }
    let named: Vec<String> = args.namespace.iter().cloned().collect();
    let Analysis { world, resources, namespace, .. } = args.analysis.look(&named, global, process)?;
    let usual = namespace.as_deref().unwrap_or("default");
    let asked = args.namespace.as_deref().unwrap_or(usual);
    let words = Words {
        verb: &args.verb,
        what: &args.what,
        subresource: args.subresource.as_deref().unwrap_or_default(),
        namespace: Some(asked),
    };
    let mut question = resources.question(words).map_err(anyhow::Error::from)?;
    let is_in_none = |note: &Note| matches!(note, Note::NotNamespaced(_));
    if (args.all_namespaces || args.any_namespace) && !question.notes.iter().any(is_in_none) {
        question = resources.question(Words { namespace: None, ..words }).map_err(anyhow::Error::from)?;
    }
    for note in &question.notes {
        // Whoever named no namespace has nothing to learn from that.
        if args.place().is_some() || !is_in_none(note) {
            process::note(&format!("note: {note}"));
        }
    }
    if let Some(namespace) = args.namespace.as_deref().filter(|namespace| world.lacks_namespace(namespace)) {
        process::note(&format!("note: there is no namespace `{namespace}`; the answer is for one of this name"));
    }
    let request = question.request();
    let answer = if args.any_namespace { world.who_can_anywhere(&request) } else { world.who_can(&request) };
    let output = args.output;
    match output {
        Output::Text => {
            process::print_styled(&styled(&answer.text(&world)))?;
            let gaps = world.gaps_about_question(&request, args.any_namespace);
            let gaps: Vec<Unseen> = gaps.into_iter().cloned().collect();
            say_gaps(&gaps);
            say_notes(&world);
            if !gaps.is_empty() {
                process::note("others may also be allowed by what could not be read");
            }
        }
        Output::Data(data) => data.print(&answer.out(&world, &request, args.any_namespace))?,
    }
    Ok(())
}

impl WhoCanArgs {
    /// The flag that says in which namespaces.
    fn place(&self) -> Option<&'static str> {
        let flags = [
            ("--namespace", self.namespace.is_some()),
            ("--all-namespaces", self.all_namespaces),
            ("--any-namespace", self.any_namespace),
        ];
        flags.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

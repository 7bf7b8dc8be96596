//! `cache`: the AWS sessions that are kept from one call to the next. What they are is shown, and never a secret of theirs.

use anyhow::Context as _;
use aws::credentials::{Session, Standing};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use visibility::print::{Cell, Table};

use crate::{
    credentials::{Sessions, sessions_folder},
    exit::CommandResult,
    process::{self, Process},
    shared::{output::Output, terminal::styled},
};

/// Flags of `cache`.
#[derive(Args, Debug)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// List the cached sessions, with their owner and expiry
    Show(ShowArgs),
    /// Remove every cached session
    Clear,
}

#[derive(Args, Debug)]
struct ShowArgs {
    /// Format of the list
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// What is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    folder: Option<String>,
    sessions: Vec<ShownSession>,
    /// How many files are no sessions that can be read.
    unreadable: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSession {
    identity: String,
    from: String,
    access_key_id: String,
    obtained: String,
    expires: String,
    state: &'static str,
}

/// Runs `cache`.
pub(crate) fn run(args: &CacheArgs, process: &Process) -> CommandResult {
    match &args.command {
        CacheCommand::Show(ShowArgs { output }) => show(*output, process),
        CacheCommand::Clear => clear(process),
    }
}

fn show(output: Output, process: &Process) -> CommandResult {
    let environment = process.aws_environment();
    let (sessions, unreadable) = match Sessions::found(&environment) {
        Some(sessions) => sessions.all().context("cannot read the cached sessions")?,
        None => (Vec::new(), 0),
    };
    let now = process::now();
    let mut sessions: Vec<_> = sessions.iter().map(|session| shown(session, now)).collect();
    sessions.sort_by(|one, other| (&one.identity, &one.from).cmp(&(&other.identity, &other.from)));
    let folder = sessions_folder(&environment).map(|folder| folder.display().to_string());
    let shown = Shown { folder, sessions, unreadable };
    match output {
        Output::Data(data) => Ok(data.print(&shown)?),
        Output::Text => Ok(process::print_styled(&text(&shown))?),
    }
}

fn clear(process: &Process) -> CommandResult {
    let removed = match Sessions::found(&process.aws_environment()) {
        Some(sessions) => sessions.clear().context("cannot remove the cached sessions")?,
        None => 0,
    };
    let sessions = if removed == 1 { "session" } else { "sessions" };
    Ok(process::print_line(&format!("{removed} {sessions} removed"))?)
}

fn shown(session: &Session, now: Timestamp) -> ShownSession {
    let (identity, from) = session.key.described();
    let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    ShownSession {
        identity,
        from,
        access_key_id: session.credentials.access_key_id.clone(),
        obtained: time(session.obtained),
        expires: session.credentials.expires.map(time).unwrap_or_default(),
        state: match session.standing(now) {
            Standing::Good => "good",
            Standing::Renew => "renewed when used",
            Standing::Ended => "ended",
            Standing::Ahead(_) => "from the future",
        },
    }
}

fn text(shown: &Shown) -> String {
    let Some(folder) = &shown.folder else {
        return "Nothing says where sessions are cached: HOME is not set\n".to_owned();
    };
    let mut text = match shown.sessions.len() {
        0 => format!("No session in {}\n", document::visible(folder)),
        _ => {
            let rows = shown.sessions.iter().map(|session| {
                let ShownSession { identity, from, access_key_id, expires, state, .. } = session;
                [identity, from, access_key_id, expires, *state].map(Cell::plain).into()
            });
            let head = vec!["SESSION OF", "FROM", "ACCESS KEY ID", "EXPIRES", "STATE"];
            styled(&Table { head, rows: rows.collect() }.segments())
        }
    };
    if shown.unreadable > 0 {
        let files = if shown.unreadable == 1 { "file" } else { "files" };
        text.push_str(&format!(
            "{} {files} cannot be read; `cluster-auth cache clear` removes all\n",
            shown.unreadable
        ));
    }
    text
}

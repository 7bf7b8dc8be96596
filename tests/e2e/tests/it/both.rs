//! Both programs, ours and aws-iam-authenticator, with the same words, variables and files: exit code, stdout and stderr are the
//! same but for what [`differences`] lists, which is what docs/differences.md says.

mod calls;
mod chains;
mod differences;
mod edits;
mod failures;
mod init;
mod instances;
mod logs;
mod machines;
mod masters;
mod metrics;
mod names;
mod objects;
mod page;
mod requests;
mod rows;
mod servers;
mod starts;
mod tokens;
mod troubles;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{
    people::environment,
    process::{self, Output},
    world::{CLUSTER_ID, World},
};

use self::{
    differences::{Difference, TABLE},
    rows::{FILES, ROWS, Row},
};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("both::every_row_is_the_same_or_a_listed_difference", compared),
    ("both::every_listed_difference_is_seen_and_on_the_page", listed),
    ("both::help_names_every_flag", flags),
    ("both::json_logs_are_json_from_the_first_line_to_the_last", json_logs),
    ("both::under_the_other_programs_names_kubectl_logs_in", names::logs_in),
    ("both::help_and_kubeconfigs_name_what_was_called", names::named),
    ("both::servers_answer_count_and_log_the_same_in_every_mode", servers::compared),
    ("both::chains_of_sources_decide_the_same", chains::compared),
    ("both::servers_say_the_same_when_they_start", servers::said_at_the_start),
    ("both::odd_requests_are_answered_the_same_or_as_listed", requests::compared),
    ("both::an_api_server_is_reached_by_its_url_alone", masters::compared),
    ("both::handshakes_go_on_in_the_same_or_as_listed", requests::handshakes),
    ("both::protocols_are_chosen_and_spoken_the_same", requests::protocols),
    ("both::servers_listen_or_end_the_same_or_as_listed", starts::compared),
    ("both::every_address_is_those_of_ipv6_too", starts::everywhere),
    ("both::init_leaves_the_same_files_or_as_listed", init::files),
    ("both::a_pair_that_is_made_is_as_listed", init::made),
    ("both::pairs_of_other_programs_are_served_or_listed", starts::pairs),
    ("both::machines_log_in_by_ec2s_word_or_as_listed", machines::compared),
    ("both::machines_of_an_ec2_that_others_wrote_log_in", instances::found),
    ("both::an_ec2_or_metadata_that_is_away_keeps_nobody_else_out", machines::away),
    ("both::the_instances_own_region_is_a_known_host", starts::own_region),
    ("both::lines_of_text_are_quoted_as_logrus_quotes_them", logs::quoted),
    ("both::scrubbed_accounts_leave_the_same_behind", logs::scrubbed),
    ("both::sts_that_fails_is_a_no_there_and_none_here", troubles::sts),
    ("both::a_source_that_was_not_read_yet_is_a_no_there_and_none_here", troubles::not_known_yet),
    ("both::a_configuration_that_changes_is_taken_here", troubles::changes),
    ("both::what_breaks_in_the_cluster_locks_nobody_out_here", troubles::in_the_cluster),
    ("both::a_file_of_modes_that_cannot_be_is_not_taken_here", troubles::odd_modes),
    ("both::a_file_of_other_modes_makes_nothing_forgotten_here", troubles::other_modes),
    ("both::a_dynamic_file_behind_a_link_is_seen_when_that_leads_elsewhere", troubles::links),
    ("both::kubeconfigs_and_signals_are_taken_otherwise", troubles::from_start_to_end),
    ("both::an_id_with_another_arn_is_refused_here", troubles::other_arn),
    ("both::a_tokens_expiry_is_never_past_the_credentials_here", tokens::expiries),
    ("both::a_roles_session_is_asked_for_once_here", tokens::roles),
    ("both::aws_security_token_is_a_session_token_here", tokens::security_token),
    ("both::a_session_that_nobody_names_has_the_same_name", calls::session_names),
    ("both::aws_is_told_who_asks", calls::agents),
    ("both::without_a_home_folder_nothing_is_kept_here", tokens::no_home),
    ("both::every_row_of_the_page_has_its_test", page::held),
    ("both::readme_says_what_is_not_in_this_version", page::not_in_this_version),
    ("both::statuses_are_the_same_and_events_are_theirs_alone", objects::left),
    ("both::a_remembered_token_is_no_question_to_sts", metrics::remembered),
    ("both::metrics_of_go_are_theirs_alone", metrics::others),
    ("both::a_dynamic_file_is_counted_the_same_or_as_listed", metrics::dynamic_file),
    ("both::gauges_of_a_file_of_modes_go_back", metrics::gauges),
    ("both::each_failure_is_counted_the_same", failures::counted),
    ("both::a_file_of_modes_is_counted_in_the_same_buckets", failures::modes),
    ("both::what_opens_no_watch_is_none_that_failed", failures::unreadable),
    ("both::edits_are_told_in_the_same_words_or_as_listed", edits::said),
    ("both::each_level_of_the_log_has_the_same_lines", logs::levels),
    ("both::who_is_mapped_and_when_are_told_as_listed", logs::mapped),
    ("both::answers_have_a_kind_and_twins_of_keys_here", requests::answers),
    ("both::a_terminal_shows_the_same_lines_as_a_file_here", logs::at_a_terminal),
    ("both::denials_are_told_in_words_that_begin_the_same", logs::denied),
];

/// What a program did, as far as it is the same each time.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    code: i32,
    stdout: String,
    stderr: String,
}

fn compared(world: &World) -> anyhow::Result<()> {
    let mut wrong = String::new();
    for (number, row) in ROWS.iter().enumerate() {
        let theirs = run(world, &world.parts.go_authenticator, row, &format!("both-theirs-{number}"))?;
        let ours = run(world, &world.parts.cluster_auth, row, &format!("both-ours-{number}"))?;
        if let Some(why) = judge(row, &theirs, &ours) {
            wrong.push_str(&format!("{}: {why}\n  theirs {theirs:?}\n  ours   {ours:?}\n", row.line));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// What of a row is not as it is listed.
fn judge(row: &Row, theirs: &Seen, ours: &Seen) -> Option<String> {
    let Some(Difference { codes, differs, .. }) = row.differs else {
        return (theirs != ours).then(|| "a difference that is not listed".to_owned());
    };
    if (theirs.code, ours.code) != *codes {
        return Some(format!("exit codes {codes:?} are listed"));
    }
    let streams = [("stdout", &theirs.stdout, &ours.stdout), ("stderr", &theirs.stderr, &ours.stderr)];
    for (name, theirs, ours) in streams {
        if theirs != ours && !differs.contains(&name) {
            return Some(format!("{name} is listed as the same"));
        }
    }
    if !ours.stderr.contains(row.said) {
        return Some(format!("{:?} is not said", row.said));
    }
    (theirs == ours).then(|| "it is listed as a difference, and is none".to_owned())
}

fn run(world: &World, program: &Path, row: &Row, folder: &str) -> anyhow::Result<Seen> {
    let folder = prepared(world, folder)?;
    let mut command = process::command(program, &folder);
    command.envs(environment(&world.sts.credentials("alice")?)).envs(world.sts.proxy_environment());
    let token = if row.line.contains("TOKEN") { world.fresh_token("alice", CLUSTER_ID)? } else { String::new() };
    let mut words = row.line.split(' ').filter(|word| !word.is_empty()).peekable();
    while let Some((name, value)) =
        words.peek().and_then(|word| word.split_once('=')).filter(|(name, _)| is_variable(name))
    {
        command.env(name, value);
        words.next();
    }
    // Blanks stand between words; `_` is one in a word but for names that begin with two, and `''` an empty word.
    let blanks = |word: &str| if word.starts_with("__") { word.to_owned() } else { word.replace('_', " ") };
    let words = words.map(|word| blanks(&word.replace("TOKEN", &token)).replace("''", ""));
    // What a token says stays: it may have an underscore.
    let words = words.map(|word| if word.starts_with("k8s-aws-v1.") { token.clone() } else { word });
    Ok(seen(process::run(command.args(words))?))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn prepared(world: &World, name: &str) -> anyhow::Result<PathBuf> {
    let folder = world.folder(name)?;
    for (name, text) in FILES {
        fs::write(folder.join(name), text)?;
    }
    Ok(folder)
}

/// Tokens are signed at some second, and each program has a version of its own.
fn seen(output: Output) -> Seen {
    let stdout = output.stdout.split_inclusive(['"', '\n']).map(|part| {
        let (text, end) = part.split_at(part.len() - part.chars().last().map_or(0, char::len_utf8));
        match token::describe(text) {
            Ok(token) => format!("<token of {} for {}>{end}", token.access_key_id, token.host.as_str()),
            Err(_) if text.parse::<jiff::Timestamp>().is_ok() => format!("<time>{end}"),
            // A token that no server would take, such as one for another Region than its host's: all of it but the second.
            Err(_) if text.starts_with(TOKEN) => format!("<token {}>{end}", without_second(text)),
            Err(_) => part.to_owned(),
        }
    });
    let stdout =
        stdout.collect::<String>().replace(env!("CARGO_PKG_VERSION"), "<version>").replace("unversioned", "<version>");
    Seen { code: output.code, stdout, stderr: output.stderr }
}

const TOKEN: &str = "k8s-aws-v1.";

/// What a token says, without when it was signed and the signature, which depends on that.
fn without_second(token: &str) -> String {
    let url = URL_SAFE_NO_PAD.decode(token.trim_start_matches(TOKEN)).unwrap_or_default();
    let url = String::from_utf8_lossy(&url).into_owned();
    let is_of_second = |part: &&str| ["X-Amz-Date=", "X-Amz-Signature="].iter().any(|name| part.starts_with(name));
    url.split('&').filter(|part| !is_of_second(part)).collect::<Vec<_>>().join("&")
}

/// The table of the page and that of the tests are one.
fn listed(_: &World) -> anyhow::Result<()> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/differences.md"))?;
    let section = page.split("\n## On the command line\n").nth(1).context("docs/differences.md has that section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let first = |line: &str| Some(line.strip_prefix("| ")?.split(" | ").next()?.to_owned());
    let on_page: BTreeSet<String> = section.lines().filter_map(first).filter(|cell| !cell.starts_with("| ")).collect();
    let known: BTreeSet<String> = TABLE.iter().map(|difference| difference.what.to_owned()).collect();
    ensure!(on_page == known, "the page lists {on_page:#?}\nthe tests {known:#?}");
    for difference in TABLE {
        let is_seen = ROWS.iter().any(|row| row.differs.is_some_and(|differs| differs.what == difference.what));
        ensure!(is_seen, "no row shows: {}", difference.what);
    }
    Ok(())
}

/// What is said before a server runs, and why it ends, are lines of its log.
fn json_logs(world: &World) -> anyhow::Result<()> {
    let folder = prepared(world, "both-json")?;
    let said = |words: &str| -> anyhow::Result<Vec<serde_json::Value>> {
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        let output = process::run(command.args(words.split(' ')))?;
        ensure!(output.code == 1 && output.stdout.is_empty(), "{words}: {output:?}");
        let lines = output.stderr.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
        lines.collect()
    };
    let levels = |lines: &[serde_json::Value]| -> Vec<String> {
        lines.iter().map(|line| line["level"].as_str().unwrap_or_default().to_owned()).collect()
    };
    // A warning, and a folder that there is not.
    let lines = said("server -l json -c old.yaml --state-dir missing")?;
    ensure!(levels(&lines) == ["warning", "warning", "error"], "{lines:?}");
    ensure!(lines[0]["code"] == "config.old-name" && lines[0]["place"] == "old.yaml:2", "{lines:?}");
    ensure!(lines[2]["msg"].as_str().is_some_and(|why| why.contains("missing")), "{lines:?}");
    let lines = said("server -l json -v error -c old.yaml --state-dir missing")?;
    ensure!(levels(&lines) == ["error"], "{lines:?}");
    let lines = said("server -l json -c bad.yaml")?;
    ensure!(lines.len() == 1 && lines[0]["place"] == "bad.yaml:1", "{lines:?}");
    let lines = said("server -l json")?;
    ensure!(levels(&lines) == ["error"] && lines[0]["msg"].as_str().is_some_and(|why| why.contains("no cluster id")));
    Ok(())
}

/// A flag that kubeconfigs and manifests have is in the help of its command.
fn flags(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-flags")?;
    let mut defaults = 0;
    for command in ["", "init", "server", "token", "verify", "version", "add", "add user", "add role"] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).filter(|word| !word.is_empty()).collect();
        let help = |program: &Path| process::run(process::command(program, &folder).args(&words))?.success();
        let (theirs, ours) = (help(&world.parts.go_authenticator)?, help(&world.parts.cluster_auth)?);
        let flags = theirs.lines().filter_map(|line| {
            let line = line.trim_start();
            let (short, long) = match line.strip_prefix("--") {
                Some(long) => ("", long),
                None => line.split_once(", --").filter(|(short, _)| short.len() == 2)?,
            };
            let default =
                line.rsplit_once("(default ").and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
            // Lists stand between brackets, and an empty one is none.
            let default = default.trim_matches(['"', '[', ']']).to_owned();
            Some((short.to_owned(), long.split([' ', '=']).next()?.to_owned(), default))
        });
        let of_help = ("-h".to_owned(), "help".to_owned(), String::new());
        let flags: Vec<(String, String, String)> = flags.chain([of_help]).collect();
        ensure!(flags.len() > 6, "{theirs}");
        for (short, long, default) in flags {
            let is_there = |line: &str| {
                let mut words = line.trim_start().split([' ', '=', ',', '[']).filter(|word| !word.is_empty());
                let first = words.next();
                let has_short = short.is_empty() || first == Some(&short);
                has_short && (first == Some(&format!("--{long}")) || words.next() == Some(&format!("--{long}")))
            };
            ensure!(ours.lines().any(is_there), "{command}: {short} --{long} is not in\n{ours}");
            // What is said of it stands up to the next flag.
            let is_flag = |line: &&str| line.trim_start().starts_with('-') && !line.trim_start().starts_with("- ");
            let said = ours.lines().skip_while(|line| !is_there(line)).skip(1).take_while(|line| !is_flag(line));
            let said = said.map(str::trim).collect::<Vec<_>>().join(" ");
            ensure!(
                default.is_empty() || said.contains(&format!("[default: {default}]")),
                "{command} --{long}: {default} is not in {said:?}"
            );
            defaults += usize::from(!default.is_empty());
        }
    }
    ensure!(defaults > 20, "{defaults} defaults were compared");
    Ok(())
}

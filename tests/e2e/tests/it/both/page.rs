//! Which test types a row of docs/differences.md at both programs. `both::…` and others of these tests run both; where a row
//! stands in a table of another crate, that one compares with what the program said.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::world::World;

/// A section: rows by their first cell, each with the tests that hold it.
type Section = (&'static str, &'static [(&'static str, &'static [&'static str])]);

const HELD: &[Section] = &[
    (
        "When things go wrong",
        &[
            ("STS down, slow or lying", &["both::sts_that_fails_is_a_no_there_and_none_here"]),
            ("an instance without a DNS name yet", &["both::machines_log_in_by_ec2s_word_or_as_listed"]),
            ("a change of the configuration", &["both::a_configuration_that_changes_is_taken_here"]),
            ("an IAMIdentityMapping that was taken", &["both::statuses_are_the_same_and_events_are_theirs_alone"]),
            (
                "a kubeconfig for EKSConfigMap or CRD that is missing or cannot be read, or none outside a pod",
                &["both::servers_listen_or_end_the_same_or_as_listed"],
            ),
            (
                "`KUBERNETES_MASTER` where nothing else says how to reach the API server",
                &["both::an_api_server_is_reached_by_its_url_alone"],
            ),
            ("a bad change of the configuration", &["both::a_configuration_that_changes_is_taken_here"]),
            (
                "an IAMIdentityMapping whose `spec.arn` is none",
                &["both::what_breaks_in_the_cluster_locks_nobody_out_here"],
            ),
            (
                "in a dynamic file with `dynamicfileUserIDStrict`, the right `userid` with another ARN",
                &["both::an_id_with_another_arn_is_refused_here"],
            ),
            (
                "a list of `aws-auth` that cannot be read any more",
                &["both::what_breaks_in_the_cluster_locks_nobody_out_here"],
            ),
            (
                "a list of `aws-auth` that never could be read since there is an `aws-auth`",
                &["both::what_breaks_in_the_cluster_locks_nobody_out_here"],
            ),
            (
                "`aws-auth` deleted while the API server could not be watched",
                &["both::what_breaks_in_the_cluster_locks_nobody_out_here"],
            ),
            (
                "a mapping source that was not read yet: no API server, no permission, no dynamic file",
                &["both::a_source_that_was_not_read_yet_is_a_no_there_and_none_here"],
            ),
            (
                "no Region where a mapping has `{{EC2PrivateDNSName}}`",
                &["both::a_source_that_was_not_read_yet_is_a_no_there_and_none_here"],
            ),
            (
                "a dynamic file behind a link that leads elsewhere",
                &["both::a_dynamic_file_behind_a_link_is_seen_when_that_leads_elsewhere"],
            ),
            (
                "a backend-mode file that names other modes",
                &["both::a_file_of_other_modes_makes_nothing_forgotten_here"],
            ),
            (
                "a backend-mode file that names a mode twice, or DynamicFile without `dynamicfilepath`",
                &["both::a_file_of_modes_that_cannot_be_is_not_taken_here"],
            ),
            (
                "`dynamicfilepath` beside `dynamicBackendModePath`, where `backendMode` does not name DynamicFile",
                &["both::servers_listen_or_end_the_same_or_as_listed"],
            ),
            (
                "a backend-mode file that is gone again, or names other modes",
                &["both::gauges_of_a_file_of_modes_go_back"],
            ),
            ("SIGTERM, SIGINT", &["both::kubeconfigs_and_signals_are_taken_otherwise"]),
            (
                "certificate",
                &["init::files_are_made_once_and_kept", "init::a_rotated_pair_is_taken_without_a_failed_request"],
            ),
            ("the pair that is made where there is none", &["both::a_pair_that_is_made_is_as_listed"]),
            ("modes of the files that are made", &["both::init_leaves_the_same_files_or_as_listed"]),
            ("the API server's kubeconfig", &["both::a_pair_that_is_made_is_as_listed"]),
            ("kubeconfig", &["both::kubeconfigs_and_signals_are_taken_otherwise"]),
            ("`port: abc`", &["both::servers_listen_or_end_the_same_or_as_listed"]),
            (
                "an empty `address`, or one with a zone (`::1%lo`)",
                &["both::servers_listen_or_end_the_same_or_as_listed"],
            ),
            ("`address` with a name", &["both::servers_listen_or_end_the_same_or_as_listed"]),
            (
                "accounts without quotes, and numbers that do not keep their spelling (`012`, `1_0`) as names",
                &["both::servers_listen_or_end_the_same_or_as_listed"],
            ),
            (
                "in the configuration file: the merge key `<<`, a second document, one key in two cases, `clusterID: 0123`",
                &["both::servers_listen_or_end_the_same_or_as_listed"],
            ),
            ("health port 21363", &["both::kubeconfigs_and_signals_are_taken_otherwise"]),
            (
                "a pair of keys of P-521, of RSA below 2048 bits, or a certificate of X.509 version 1",
                &["both::pairs_of_other_programs_are_served_or_listed"],
            ),
            (
                "`--ec2-describeInstances-qps`, `…-burst` below zero",
                &["both::servers_listen_or_end_the_same_or_as_listed"],
            ),
            (
                "limits on body, connections, time",
                &[
                    "both::odd_requests_are_answered_the_same_or_as_listed",
                    "siege::whatever_strangers_do_those_who_are_mapped_log_in",
                ],
            ),
            ("AssumeRole for a token", &["both::a_roles_session_is_asked_for_once_here"]),
            ("a token's expiry", &["both::a_tokens_expiry_is_never_past_the_credentials_here"]),
        ],
    ),
    (
        "Credentials that are kept",
        &[
            ("the session of `--role`", &["cache::a_roles_session_is_kept_beside_what_it_was_assumed_with"]),
            (
                "keys in the environment, or in `~/.aws` without a role",
                &["cache::keys_and_profiles_are_told_apart_here"],
            ),
            ("`--profile`, `AWS_DEFAULT_PROFILE`", &["cache::keys_and_profiles_are_told_apart_here"]),
            ("writing", &["cache::who_reads_meanwhile_finds_half_a_file_there_alone"]),
            ("what has ended", &["cache::what_has_ended_or_ends_soon_is_not_kept_here"]),
            ("less than a minute before the end", &["cache::what_has_ended_or_ends_soon_is_not_kept_here"]),
            ("no `HOME`, and no variable that names the file", &["both::without_a_home_folder_nothing_is_kept_here"]),
            (
                "another file of YAML at that path",
                &["cache::files_that_are_not_there_or_of_others_are_left_alone_here"],
            ),
            ("a first call without a file", &["cache::files_that_are_not_there_or_of_others_are_left_alone_here"]),
        ],
    ),
    (
        "`add user` and `add role`",
        &[
            (
                "comments, fields that nobody reads, other keys of `aws-auth`",
                &["add::everything_else_of_the_map_keeps_its_bytes"],
            ),
            (
                "a text that cannot be edited so (an anchor that the end of a list hangs on, say)",
                &["readers::add_leaves_the_meaning_that_aws_iam_authenticators_leaves"],
            ),
            ("`add role --sso`", &["add::whoever_is_added_logs_in_at_both_servers"]),
            (
                "a kubeconfig, or a context, that cannot be used",
                &["add::a_kubeconfig_that_cannot_be_used_leads_to_no_other_cluster"],
            ),
            (
                "a user who is there in other letters",
                &["readers::add_leaves_the_meaning_that_aws_iam_authenticators_leaves"],
            ),
            (
                "an entry that lets nobody in (a role's path, `junk`)",
                &["add::everything_else_of_the_map_keeps_its_bytes"],
            ),
            ("a duplicate", &["add::what_is_typed_and_asked_is_answered_as_by_aws_iam_authenticator"]),
            (
                "a group with a quotation mark, an empty one, an unknown key of `--sso`",
                &["add::words_that_would_become_others_are_refused"],
            ),
            ("a file (`--file`)", &["add::a_file_is_edited_or_left_as_it_is"]),
        ],
    ),
    (
        "In the log",
        &[
            (
                "the banner `Authenticator Version: …` of `server` on stdout",
                &["both::servers_say_the_same_when_they_start"],
            ),
            (
                "who is mapped (`mapping IAM role …`), and every dynamic file whole",
                &["both::who_is_mapped_and_when_are_told_as_listed"],
            ),
            ("text at a terminal", &["both::a_terminal_shows_the_same_lines_as_a_file_here"]),
            ("`-v panic`, `-v fatal`", &["both::each_level_of_the_log_has_the_same_lines"]),
            (
                "what its parts do (`starting mapper …`, `startLoadDynamicFile: …`, `successfully synced …`)",
                &["both::edits_are_told_in_the_same_words_or_as_listed"],
            ),
            (
                "why a source is not taken (`Unable to re-establish watch: …`, `There was an error parsing the config maps. …`, `ParseMap: …`)",
                &["both::edits_are_told_in_the_same_words_or_as_listed"],
            ),
            ("`STS response`", &["both::servers_answer_count_and_log_the_same_in_every_mode"]),
            ("the time", &["both::who_is_mapped_and_when_are_told_as_listed"]),
            ("why somebody is denied (`error`)", &["both::denials_are_told_in_words_that_begin_the_same"]),
            (
                "a request that is none (`could not parse request body`)",
                &["both::denials_are_told_in_words_that_begin_the_same"],
            ),
        ],
    ),
    (
        "In metrics",
        &[
            (
                "`sts_responses_total` of a token that is asked about again within a minute",
                &["both::a_remembered_token_is_no_question_to_sts"],
            ),
            (
                "`StsRegion` of hosts through which nobody has logged in yet",
                &["both::a_remembered_token_is_no_question_to_sts"],
            ),
            ("`dynamicfile_failures_total`", &["both::a_dynamic_file_is_counted_the_same_or_as_listed"]),
            (
                "`go_…`, `promhttp_…`, `process_network_…`, `process_virtual_memory_max_bytes`",
                &["both::metrics_of_go_are_theirs_alone"],
            ),
            (
                "`/metrics` with `Accept-Encoding: gzip`, or `Accept` of Protobuf",
                &["both::metrics_of_go_are_theirs_alone"],
            ),
        ],
    ),
    (
        "On the wire",
        &[
            ("`apiVersion` and `kind` of an answer", &["both::answers_have_a_kind_and_twins_of_keys_here"]),
            ("`extra`", &["both::answers_have_a_kind_and_twins_of_keys_here"]),
            (
                "bytes behind the JSON of a request, a key twice, what is not UTF-8",
                &["both::odd_requests_are_answered_the_same_or_as_listed"],
            ),
            (
                "a key of a request in other letters (`SPEC`)",
                &["both::odd_requests_are_answered_the_same_or_as_listed"],
            ),
            (
                "`kind`, `metadata`, `status` and `audiences` of a request that are of another type",
                &["both::odd_requests_are_answered_the_same_or_as_listed"],
            ),
            ("`User-Agent` of what AWS is asked, which CloudTrail shows", &["both::aws_is_told_who_asks"]),
            (
                "a body longer than [the limit](server.md#limits)",
                &["both::odd_requests_are_answered_the_same_or_as_listed"],
            ),
            ("a path with a fragment", &["both::odd_requests_are_answered_the_same_or_as_listed"]),
            ("what is not HTTP/1.1 at all", &["both::odd_requests_are_answered_the_same_or_as_listed"]),
            ("TLS 1.2 with CBC, P-521, ML-KEM", &["both::handshakes_go_on_in_the_same_or_as_listed"]),
        ],
    ),
];

/// Sections whose tables are compared where their tests are: beside the mappings, the tokens, the lines that are typed, the AWS
/// CLI and the credentials.
const ELSEWHERE: &[&str] =
    &["Who gets in", "Tokens", "On the command line", "Called as `eks get-token`", "Codes of MFA devices"];

/// README names in a sentence what the page lists.
pub(super) fn not_in_this_version(_: &World) -> anyhow::Result<()> {
    let read = |name: &str| fs::read_to_string(pages::repository().join(name));
    let (readme, page) = (read("README.md")?, read("docs/differences.md")?);
    let between = |text: &str, start: &str, end: &str| -> anyhow::Result<String> {
        let (_, rest) = text.split_once(start).with_context(|| format!("{start} is there"))?;
        Ok(rest.split(end).next().unwrap_or_default().to_owned())
    };
    let section = between(&page, "\n## Not in this version\n", "\n## ")?;
    let items = section.lines().filter_map(|line| Some(line.strip_prefix("- ")?.trim_end_matches('.').to_lowercase()));
    let listed = items.collect::<Vec<_>>().join("; ");
    let said = between(&readme, "Not in this version: ", " ([all differences]")?;
    ensure!(!listed.is_empty() && said == listed, "README says {said:?}, the page {listed:?}");
    Ok(())
}

/// Each row has its test, and each test is one.
pub(super) fn held(_: &World) -> anyhow::Result<()> {
    let page = fs::read_to_string(pages::repository().join("docs/differences.md"))?;
    let mut tests = String::new();
    sources(&pages::repository().join("tests/e2e/tests/it"), &mut tests)?;
    let sections = page.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    for (title, text) in sections.filter(|(_, text)| text.contains("\n|---")) {
        if ELSEWHERE.contains(&title) {
            continue;
        }
        let (_, rows) =
            HELD.iter().find(|(name, _)| *name == title).with_context(|| format!("{title} has no tests"))?;
        let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let on_page: BTreeSet<&str> = cells.filter(|cell| !cell.starts_with("| ")).collect();
        let known: BTreeSet<&str> = rows.iter().map(|(row, _)| *row).collect();
        ensure!(on_page == known, "{title}: the page lists {on_page:#?}\nthe tests {known:#?}");
    }
    let named = HELD.iter().flat_map(|(_, rows)| *rows).flat_map(|(_, tests)| *tests);
    let missing: Vec<&&str> = named.filter(|name| !tests.contains(&format!("(\"{name}\","))).collect();
    ensure!(missing.is_empty(), "there are no tests {missing:?}");
    Ok(())
}

fn sources(folder: &Path, text: &mut String) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, text)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path)?);
        }
    }
    Ok(())
}

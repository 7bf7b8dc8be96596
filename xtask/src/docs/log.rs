//! The lines that the server writes: found in its sources, so that none is forgotten, with what they mean from the tables here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use proc_macro2::{TokenStream, TokenTree};

use crate::run;

/// Where the server's lines come from.
const SOURCES: [&str; 3] =
    ["crates/webhook/src", "crates/cli/src/commands/server", "crates/cli/src/commands/server.rs"];

/// Lines, in the order of the page: the message, and when it is written or what to do.
const LINES: &[(&str, &str)] = &[
    ("access granted", "Somebody was let in."),
    ("access denied", "A definite no, with its [code](denials.md)."),
    (
        "no answer for now",
        "Neither a yes nor a no: AWS gave no answer, or there were too many reviews. The code begins with `upstream.` or `server.`.",
    ),
    (
        "reviews without a log line of their own",
        "More than 100 denials and reviews without an answer in a second: the others, counted by code and account.",
    ),
    ("could not parse request body", "What was sent is not a TokenReview: something else than an API server asks."),
    ("unexpected request method", "Reviews are asked for by POST: something else than an API server asks."),
    (
        "cannot ask EC2 for a private DNS name",
        "A machine's name comes from EC2: look at the server's own AWS credentials and at `ec2:DescribeInstances`.",
    ),
    ("listening on {listening}", "The port is there: address and port, as aws-iam-authenticator says it."),
    (
        "reconfigure your apiserver with `--authentication-token-webhook-config-file={kubeconfig}` to enable",
        "The kubeconfig with which each API server has to be started.",
    ),
    (
        "a part of the folder of access files is not read",
        "Of a folder of `--access-file` only its own `.yaml`, `.yml` and `.json` files count: `left_out` says what does not.",
    ),
    (
        "a request of HTTP where TLS is spoken",
        "A client that speaks plain HTTP to the server's port, at the level `debug`: give it a URL with `https`.",
    ),
    ("ready", "The server listens, and knows who is mapped."),
    ("{error:#}", "Why the server ends, where the log is JSON; in text it is the last line, `error: …`."),
    ("made a certificate and its authority", "There was none at the first start."),
    ("wrote the API server's kubeconfig", "There was none at the first start, or it has changed."),
    ("the mappings have changed and are in use", "A change of the configuration or of the access file was taken."),
    ("the certificate has changed and is in use", "A new certificate and key were loaded."),
    ("the certificate is valid at this time", "It was not before: its time has come, or the clock was set."),
    ("the authorities have changed and are in use", "The file of `--sts-ca-file` or `--shadow-of-ca` was read anew."),
    (
        "these keys of the configuration are read once: what they say now is for the next start",
        "A changed configuration was taken, but for these keys: start the server anew.",
    ),
    (
        "the change is not taken; the last good version stays in use",
        "A changed file has an error, or would map nobody: correct it. `/readyz` says so too.",
    ),
    (
        "the access file maps this principal too, and takes precedence",
        "The configuration and the access file name the same principal: remove one of the two.",
    ),
    (
        "no mapping: nobody can log in; give --config, --access-file or --backend-mode",
        "There is neither an access file nor a mapping in the configuration.",
    ),
    (
        "the mappings of this source are in use",
        "`aws-auth`, IAMIdentityMappings or the dynamic file were read, or have changed.",
    ),
    (
        "this mapping source cannot be read yet",
        "Whoever no earlier source maps gets no answer until it is read; it is tried again.",
    ),
    ("the last good version of this source stays in use", "It cannot be read any more; `/readyz` says so too."),
    (
        "a list of this mapping source cannot be read yet",
        "A list of `aws-auth` has an error, and no version before it is known: whoever nothing else maps gets no answer until it is corrected.",
    ),
    (
        "the last good version of a list of this source stays in use",
        "A list of `aws-auth` has an error: correct it. The other lists are read as they are; `/readyz` says so too.",
    ),
    ("this mapping source can be read again", "What was said before is over."),
    ("{message}", "What in a mapping source is not, or does not do, what it looks like."),
    ("the dynamic file is gone, and so are its mappings", "Nobody logs in by it until it is there again."),
    (
        "other mapping sources are asked from now on",
        "The file of `dynamicBackendModePath` names them, or the configuration has changed.",
    ),
    (
        "Received aws-auth watch event",
        "`aws-auth` was read or has changed, as aws-iam-authenticator says it; whether it is in use, the next line says.",
    ),
    ("Resetting configmap on delete", "`aws-auth` is gone, and so are its mappings; as aws-iam-authenticator says it."),
    (
        "logging latency metric",
        "How many seconds ago the dynamic file or that of the modes says that it was written: `Latency`, with its `Type` and `Version`.",
    ),
    (
        "BackendMode dynamic file got changed to {shown}",
        "What stands in the file of `dynamicBackendModePath`, as aws-iam-authenticator says it.",
    ),
    ("BackendMode dynamic file got deleted", "What `backendMode` names is asked again."),
    (
        "the status of an IAMIdentityMapping is not written; logins do not need it",
        "The server may not update `iamidentitymappings/status`, which is for those who look at objects.",
    ),
    ("the status of an IAMIdentityMapping could not be written", "It is tried with the next change."),
    (
        "another server has the port, and shares it until it exits",
        "`--take-over`: one of this program, of the same user and started so as well. Both serve.",
    ),
    (
        "another server has the port; waiting for it to exit",
        "`--take-over` waits: it is another program, or another user's.",
    ),
    (
        "the health check's port is in use; trying again every second",
        "Another process has the port of `--health-address`.",
    ),
    ("the health check is listening now", "Its port was free at last."),
    (
        "API servers that go by this machine's clock do not connect",
        "The certificate's time is over, or has not come by this machine's clock. It is shown all the same: set the clock, or run \
         `cluster-auth init --rotate`.",
    ),
    (
        "the certificate is not valid for the host name; `cluster-auth init --rotate` makes one that is",
        "An API server that asks by this name refuses the certificate.",
    ),
    (
        "users other than its owner may read or write the server's key: give it mode 0600 (chmod 600)",
        "Whoever has the key can answer in the server's place.",
    ),
    (
        "the limit of open files is low, so the server handles fewer requests at once: raise it to 704 (LimitNOFILE, ulimit -n)",
        "There are fewer connections, and fewer calls of STS, at a time.",
    ),
    ("lines of this log were lost: its reader is too slow", "`cluster_auth_log_lines_lost_total` counts them."),
    ("cannot accept a connection", "The system has no more files or memory for it; it is tried again."),
    ("shutting down: waiting for requests in progress", "SIGTERM or SIGINT came."),
    (
        "requests were still in progress when the time for finishing them was over",
        "They were cut off after 10 seconds.",
    ),
    ("connection ended early", "Somebody hung up, or sent what is not HTTP."),
    ("the TLS handshake took too long", "It was given up after 10 seconds."),
    ("TLS handshake failed", "Most often somebody who does not trust the certificate, or a port scanner."),
    (
        "the other authenticator (--shadow-of) decides otherwise",
        "With `--shadow-of`: a login that this server would have answered otherwise than the one that was passed on. `result` says what differs.",
    ),
    (
        "the other authenticator (--shadow-of) gave no answer",
        "With `--shadow-of`: the API server was answered 502, or 429, as for any trouble. Nobody logs in until it answers again.",
    ),
    (
        "no decision of its own to compare",
        "With `--shadow-of`: the answer of the other one was passed on; this server would have had none. The code says why.",
    ),
    (
        "comparisons without a log line of their own",
        "With `--shadow-of`: more than 100 of these three in a second: the others, counted by what came of them.",
    ),
    ("both authenticators decide the same", "With `--shadow-of`."),
    ("{note}", "`--sts-connect-to`, `--sts-ca-file` or `--shadow-of` is in use; `/readyz` says the same."),
];

/// What the fields are, by their names.
const FIELDS: &[(&str, &str)] = &[
    ("Latency", "of a dynamic file: how many seconds after its `LastUpdatedDateTime` it was in use"),
    ("Type", "of a dynamic file: `dynamic_file` or `dynamic_backend_mode`"),
    ("Version", "what a dynamic file says as its `Version`"),
    ("accesskeyid", "the caller's access key id: never a secret"),
    ("account", "the AWS account of a caller whom STS has confirmed"),
    ("accountid", "the same, in the line of a decision"),
    ("method", "the HTTP method of a request that is no review"),
    ("address", "where the server listens"),
    ("arn", "the caller as mappings name it: of a session the ARN of its role"),
    ("caller", "the ARN that STS says, with the session"),
    ("client", "address and port of whoever has connected: the API server"),
    ("code", "`granted`, or [the code](denials.md)"),
    ("connections", "how many connections there may be at once"),
    ("count", "how many"),
    ("error", "why, in words; of a file with its place"),
    ("file", "`config`, `certificate` or the flag of a file; of a file that was written its path"),
    ("left_out", "which file or folder is not read, and why"),
    ("folder", "where the files are"),
    (
        "groups",
        "the groups that the caller has in the cluster: a list; in a line about `--shadow-of` a text with commas",
    ),
    ("hint", "what to do"),
    ("hostname", "the name by which the API server asks"),
    ("instance", "the EC2 instance"),
    ("keys", "keys of the configuration"),
    ("lines", "how many lines"),
    ("method", "`POST`"),
    ("mode", "the mapping source, by its name in `backendMode`; of a file its mode"),
    ("modes", "the mapping sources in the order in which they are asked"),
    ("nearest", "of somebody whom nobody mapped: the rule that differs only in account, path, case or suffix"),
    ("not_after", "when the certificate ends"),
    ("open_files", "how many files the process may have open"),
    ("other_extra", "the keys of `extra` whose values differ"),
    ("path", "`/authenticate`"),
    ("predecessor", "what the authenticator that runs today said: `granted` or `refused`"),
    ("predecessor_groups", "the groups that it gave, with commas"),
    ("predecessor_uid", "the unique id that it gave"),
    ("predecessor_username", "the username that it gave"),
    ("principalid", "AWS' unique id of the caller"),
    ("request", "the number of the review since the start, from 1"),
    ("result", "what came of comparing two authenticators, as in `cluster_auth_shadow_reviews_total`"),
    ("rule", "the mapping that decided: its file and line"),
    ("rules", "how many rules the mapping has"),
    ("seconds", "how long the review took"),
    ("session", "the session's name, which whoever assumed the role chose"),
    ("sts_questions", "how many calls of STS there may be at once"),
    ("stsendpoint", "the host of STS that the token was for"),
    ("uid", "the unique id that the caller has in the cluster"),
    ("userid", "AWS' unique id of the caller"),
    ("username", "the username that the caller has in the cluster"),
    ("version", "the server's version"),
];

const INTRODUCTION: &str = "
## Log

One line for each event, on stderr: `key=value` pairs, or with `--log-format json` one object. Every line has `time`, `level` and `msg`. Tokens and signatures are never in it, and callers of
`scrubbedAccounts` leave no ARN, no session and no ids. `--log-verbosity debug` adds the lines of that level.

### Lines

| `msg` | level | meaning | fields |
|---|---|---|---|
";

/// The part of docs/metrics.md about lines of the log.
pub(super) fn section() -> anyhow::Result<String> {
    let found = lines()?;
    let mut text = INTRODUCTION.to_owned();
    for (message, meaning) in LINES {
        let line =
            found.get(*message).with_context(|| format!("no line of the server's log says {message:?} any more"))?;
        let fields: Vec<String> = line.fields.iter().map(|field| format!("`{field}`")).collect();
        let levels: Vec<&str> = line.levels.iter().map(String::as_str).collect();
        let shown = match *message {
            "{note}" => "*which of the flags, and what it means*",
            "{message}" => "*what is wrong with an entry, and where it stands*",
            message => message,
        };
        text.push_str(&format!("| {shown} | {} | {meaning} | {} |\n", levels.join(", "), fields.join(", ")));
    }
    let known: BTreeSet<&str> = LINES.iter().map(|(message, _)| *message).collect();
    let new: Vec<&String> = found.keys().filter(|message| !known.contains(&***message)).collect();
    ensure!(new.is_empty(), "xtask/src/docs/log.rs does not say what these lines of the server's log mean: {new:?}");

    text.push_str("\n### Fields\n\n| field | is |\n|---|---|\n");
    let used: BTreeSet<&str> = found.values().flat_map(|line| &line.fields).map(String::as_str).collect();
    for (field, meaning) in FIELDS {
        ensure!(used.contains(field), "no line of the server's log has the field {field} any more");
        text.push_str(&format!("| `{field}` | {meaning} |\n"));
    }
    let known: BTreeSet<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
    let new: Vec<&&str> = used.difference(&known).collect();
    ensure!(new.is_empty(), "xtask/src/docs/log.rs does not say what these fields of the server's log mean: {new:?}");
    Ok(text)
}

/// One line of the log, wherever it is written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    levels: BTreeSet<String>,
    fields: BTreeSet<String>,
}

/// Every line that the sources write, by its message.
fn lines() -> anyhow::Result<BTreeMap<String, Line>> {
    let mut found = Found::default();
    for source in SOURCES {
        for path in rust_files(&run::root().join(source))? {
            let text = fs::read_to_string(&path)?;
            found.read(&text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(found.lines)
}

fn rust_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_dir() || is_rust {
            files.extend(rust_files(&path)?);
        }
    }
    Ok(files)
}

/// What is found in sources; constants are those of the file that is read.
#[derive(Default)]
struct Found {
    constants: BTreeMap<String, String>,
    lines: BTreeMap<String, Line>,
}

impl Found {
    fn read(&mut self, text: &str) -> anyhow::Result<()> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow::anyhow!("no Rust: {error}"))?;
        self.constants.clear();
        self.search(tokens);
        Ok(())
    }

    /// Tokens, and not what they mean: macros hide what is in them from every parser, as `select!` does.
    fn search(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match (token, tokens.get(at + 1..at + 6)) {
                (TokenTree::Ident(word), Some([_, _, TokenTree::Ident(level), _, TokenTree::Group(event)]))
                    if word == "tracing" =>
                {
                    self.event(&level.to_string(), event.stream());
                }
                (TokenTree::Ident(word), Some([TokenTree::Ident(name), rest @ ..])) if word == "const" => {
                    let texts = rest.iter().chain(tokens.get(at + 6)).filter_map(text);
                    self.constants.extend(texts.take(1).map(|text| (name.to_string(), text)));
                }
                (TokenTree::Group(group), _) => self.search(group.stream()),
                _ => {}
            }
        }
    }

    /// `tracing::info!(field, field = value, "message")`.
    fn event(&mut self, level: &str, tokens: TokenStream) {
        let mut parts: Vec<Vec<TokenTree>> = vec![vec![]];
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(vec![]),
                _ => parts.last_mut().expect("there is always one").push(token),
            }
        }
        let first = |part: &Vec<TokenTree>| part.first().cloned();
        let Some(message) = parts.iter().filter_map(first).find_map(|token| text(&token)) else { return };
        let name = message.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let message = name.and_then(|name| self.constants.get(name)).cloned().unwrap_or(message);
        let line = self.lines.entry(message).or_default();
        line.levels.insert(level.to_owned());
        line.fields.extend(parts.iter().filter_map(first).filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        }));
    }
}

/// What a literal says, if it is a text.
fn text(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}

#[cfg(test)]
mod tests {
    use super::Found;

    #[test]
    fn lines_are_found_with_their_fields_and_levels() {
        let text = r#"
            const DENIAL: &str = "access denied";
            fn f() {
                tracing::info!(request, client = client.to_string(), rule = %user.source, "access granted");
                if a { tracing::warn!(code, error = f(a, b), "{DENIAL}"); } else { tracing::error!("access granted") }
                tokio::select! { () = ending => tracing::debug!("{note}") };
            }
        "#;
        let mut found = Found::default();
        found.read(text).expect("Rust");
        let lines: Vec<String> = found
            .lines
            .iter()
            .map(|(message, line)| format!("{message}: {:?} {:?}", line.levels, line.fields))
            .collect();
        assert_eq!(
            lines,
            [
                r#"access denied: {"warn"} {"code", "error"}"#,
                r#"access granted: {"error", "info"} {"client", "request", "rule"}"#,
                r#"{note}: {"debug"} {}"#,
            ]
        );
    }
}

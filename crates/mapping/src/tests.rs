//! The decision, row by row, and the laws it keeps; the configuration file and what is said about a bad one.

mod chance;
mod config;
mod decisions;
mod differences;
mod edited;
mod indexed;
mod laws;
mod mistakes;
mod mounted;
mod said;
mod served;
mod swapped;

use identity::Identity;

use crate::{
    Decision, Facts, Snapshot, Undetermined,
    authenticator::{FeatureGates, ServerConfig, read_config},
    decide,
};

fn now() -> jiff::Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

/// The mapping of a `server:` section, written as below that key.
fn snapshot(server: &str) -> Snapshot {
    read(server).into_snapshot(None)
}

/// A `server:` section.
fn read(server: &str) -> ServerConfig {
    let source = document::Source::new("config.yaml", format!("server:\n  {}\n", server.replace('\n', "\n  ")));
    match read_config(&source, &FeatureGates::default()) {
        Ok((config, _)) => config.server,
        Err(problems) => panic!("{}", document::render(&source, &problems, document::RenderStyle::Plain)),
    }
}

/// A role session, user … by the ARN that STS answers with.
fn identity(arn: &str) -> Identity {
    let account = arn.split(':').nth(4).expect("an account");
    let user_id = match arn.split_once(":assumed-role/") {
        Some((_, rest)) => format!("AROAEXAMPLE:{}", rest.split_once('/').expect("a session").1),
        None if arn.contains(":federated-user/") => format!("{account}:{}", arn.rsplit('/').next().expect("a name")),
        None if arn.ends_with(":root") => account.to_owned(),
        None => "AIDAEXAMPLE".to_owned(),
    };
    Identity::from_answer(arn, account, &user_id).expect("an identity")
}

fn ask(snapshot: &Snapshot, arn: &str) -> Decision {
    decide(snapshot, &identity(arn), "AKIAEXAMPLE000000000", &Facts::default(), now())
}

/// `username [groups]`, a code, or what is needed.
fn said(decision: &Decision) -> String {
    match decision {
        Decision::Permit(user) => format!("{} {:?}", user.username, user.groups).replace('"', ""),
        Decision::Refuse(refusal) => refusal.code().to_owned(),
        Decision::Needs(fact) => format!("{fact:?}"),
        Decision::Undetermined(Undetermined { outcomes }) => {
            let said = outcomes.iter().cloned().map(|outcome| said(&outcome.into()));
            said.collect::<Vec<_>>().join(" | ")
        }
    }
}

//! Both directions with the existing programs: their tokens at our server, ours at theirs, and the same answers.

use anyhow::{Context as _, ensure};
use e2e::world::{Flavour, World};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("interop::tokens_of_every_client_are_good_at_both_servers", every_client),
    ("interop::both_servers_answer_the_same_for_everybody", same_answers),
];

/// Who is asked about: every kind of identity there is.
const EVERYBODY: [&str; 9] = ["alice", "bob", "carol", "dave", "deployer", "erin", "federated", "mallory", "root"];

fn every_client(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let go_server = world.go_server()?;
    let id = login.cluster_id();
    let tokens = [
        ("cluster-auth token", world.token("alice", id)?),
        ("aws-iam-authenticator token", world.go_token("alice", id)?),
        ("aws eks get-token", world.aws_cli_token("alice", id)?),
    ];
    for (client, token) in tokens {
        for (server, answer) in [("ours", login.server.review(&token)?), ("Go", go_server.review(&token)?)] {
            ensure!(answer.status == 200, "{client} at the server {server}: {answer:?}");
            let review: Value = serde_json::from_str(&answer.body)?;
            ensure!(review["status"]["user"]["username"] == "alice", "{client} at the server {server}: {review}");
        }
    }
    Ok(())
}

fn same_answers(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let go_server = world.go_server()?;
    for person in EVERYBODY {
        let token = world.token(person, login.cluster_id())?;
        let (ours, theirs) = (login.server.review(&token)?, go_server.review(&token)?);
        ensure!(ours.status == theirs.status, "{person}: {ours:?}\n{theirs:?}");
        let (ours, theirs) = (status(&ours.body)?, status(&theirs.body)?);
        ensure!(ours == theirs, "{person}:\nours   {ours}\ntheirs {theirs}");
    }
    Ok(())
}

/// The part that the API server acts on, without the keys that only we add.
fn status(body: &str) -> anyhow::Result<Value> {
    let mut review: Value = serde_json::from_str(body)?;
    let status = review.get_mut("status").context("a TokenReview has a status")?;
    if let Some(extra) = status.pointer_mut("/user/extra").and_then(Value::as_object_mut) {
        extra.retain(|key, _| !key.starts_with("cluster-auth.dev/"));
    }
    Ok(status.take())
}

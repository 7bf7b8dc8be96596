//! Makes what the benchmark of the server needs: identities for the sandbox, mappings for both servers, and many
//! distinct tokens, one per line.
//!
//! `bench-tokens FOLDER CLUSTER_ID USERS TOKENS` writes `identities.yaml`, `config.yaml` (without `port`) and
//! `tokens.txt`.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use anyhow::Context as _;
use aws::credentials::{Credentials, Environment};
use jiff::SignedDuration;

const ACCOUNT: &str = "111122223333";

/// How many of the users sign tokens; the others only fill the mapping.
const SIGNERS: usize = 50;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [folder, cluster_id, users, tokens] = &arguments[..] else {
        anyhow::bail!("usage: bench-tokens FOLDER CLUSTER_ID USERS TOKENS")
    };
    let folder = PathBuf::from(folder);
    let (users, tokens): (usize, usize) = (users.parse()?, tokens.parse()?);
    fs::write(folder.join("identities.yaml"), identities())?;
    fs::write(folder.join("config.yaml"), config(cluster_id, users))?;
    fs::write(folder.join("tokens.txt"), signed(cluster_id, tokens)?)?;
    Ok(())
}

fn access_key(user: usize) -> String {
    format!("AKIABENCH{user:011}")
}

fn secret_key(user: usize) -> String {
    format!("bench/secret/key/of/user/number/{user:08}")
}

fn identities() -> String {
    let mut text = format!("account: \"{ACCOUNT}\"\nusers:\n");
    for user in 0..SIGNERS {
        let (key, secret) = (access_key(user), secret_key(user));
        let _ = writeln!(text, "- {{name: user{user}, accessKeyId: {key}, secretAccessKey: {secret}}}");
    }
    text
}

fn config(cluster_id: &str, users: usize) -> String {
    let mut text = format!("clusterID: {cluster_id}\nserver:\n  mapUsers:\n");
    for user in 0..users {
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/user{user}");
        let _ = writeln!(text, "  - userarn: {arn}\n    username: user{user}\n    groups: [developers]");
    }
    text
}

/// Distinct by signer and second; all of them good for the next ten minutes.
#[expect(clippy::disallowed_methods, reason = "a program's own edge: tokens are signed by the real time")]
fn signed(cluster_id: &str, count: usize) -> anyhow::Result<String> {
    let now = jiff::Timestamp::now();
    let endpoint = aws::sts_endpoint(&Environment::default(), Some("us-west-2"))?;
    let mut text = String::new();
    for token in 0..count {
        let (user, seconds) = (token % SIGNERS, i64::try_from(token / SIGNERS)?);
        anyhow::ensure!(seconds < 300, "at most {} tokens", SIGNERS * 300);
        let credentials = Credentials::long_term(access_key(user), secret_key(user));
        let at = now - SignedDuration::from_secs(seconds);
        let url = aws::presign_get_caller_identity(&credentials, &endpoint, cluster_id, at);
        writeln!(text, "{}", token::wrap(&url)).context("a string grows")?;
    }
    Ok(text)
}

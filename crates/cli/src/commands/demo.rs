//! `demo`: several people log in, here and now, without AWS or a cluster – or, with `--cluster` and `--node`, to a real one.

mod audience;
mod cluster;
mod node;
mod show;
mod stage;

use anyhow::Context as _;
use clap::Args;
use jiff::SignedDuration;
use sandbox::SandboxCredentials;

use self::{
    show::Show,
    stage::{CLUSTER_ID, Stage},
};
use crate::{
    exit::CommandResult,
    global,
    process::{self, Process},
    runtime,
};

/// Flags of `demo`.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Also start a real etcd and kube-apiserver that use the server, and keep them running until Ctrl-C
    #[arg(long)]
    cluster: bool,
    /// Also start a whole control plane node – containerd, a kubelet, what `kubeadm init` makes – whose kubelet runs the server, and keep it running until Ctrl-C; for root, on Linux
    #[arg(long, conflicts_with = "cluster")]
    node: bool,
}

/// Runs `demo`.
pub(crate) fn run(args: &DemoArgs, process: &Process) -> CommandResult {
    let performance = async {
        if args.node {
            return node::stay(process).await;
        }
        let stage = Stage::set().await?;
        if args.cluster { cluster::stay(stage, process).await } else { perform(stage, global::called(process)).await }
    };
    Ok(runtime::block_on(performance)??)
}

/// One attempt to log in.
struct Scene {
    who: &'static str,
    token: String,
    let_in: bool,
}

async fn perform(stage: Stage, called: &str) -> anyhow::Result<()> {
    let mut show = Show::begin();
    let scenes = scenes(&stage)?;
    let (let_in, turned_away): (Vec<_>, Vec<_>) = scenes.iter().partition(|scene| scene.let_in);
    for (heading, scenes) in [("Let in", let_in), ("Turned away", turned_away)] {
        show.heading(heading);
        for scene in scenes {
            let review = stage.review(&scene.token).await?;
            anyhow::ensure!(
                review.authenticated == scene.let_in,
                "{}: the demo did not go as expected; please report this",
                scene.who
            );
            show.scene(scene.who, &review, &stage.webhook.authenticate(&scene.token).await);
        }
    }
    stage.strike().await;
    process::print_styled(&show.end(called))
}

fn scenes(stage: &Stage) -> anyhow::Result<Vec<Scene>> {
    let token = |person: &str, cluster_id: &str, age_minutes: i64| -> anyhow::Result<String> {
        let credentials = stage.identities.credentials(person).context("the built-in identities have everybody")?;
        sign(&credentials, cluster_id, age_minutes)
    };
    let let_in = |who, token| Scene { who, token, let_in: true };
    let turned_away = |who, token| Scene { who, token, let_in: false };
    Ok(vec![
        let_in("alice, an IAM user", token("alice", CLUSTER_ID, 0)?),
        let_in("dave, through IAM Identity Center", token("dave", CLUSTER_ID, 0)?),
        let_in("a pipeline, in a role it assumed", token("deployer", CLUSTER_ID, 0)?),
        turned_away("mallory, whom AWS knows and nobody mapped", token("mallory", CLUSTER_ID, 0)?),
        turned_away("alice, with a token for another cluster", token("alice", "staging.example.com", 0)?),
        turned_away("alice, with a token of 20 minutes ago", token("alice", CLUSTER_ID, 20)?),
        turned_away("mallory, with alice's access key id put in", forged(stage, &token("mallory", CLUSTER_ID, 0)?)?),
        turned_away("mallory, asking AWS for something else", changed(&token("mallory", CLUSTER_ID, 0)?)?),
    ])
}

/// Signs a token as `cluster-auth token` does, some minutes ago.
fn sign(credentials: &SandboxCredentials, cluster_id: &str, age_minutes: i64) -> anyhow::Result<String> {
    let keys = aws::credentials::Credentials {
        session_token: credentials.session_token.clone().map(aws::credentials::Secret::new),
        ..aws::credentials::Credentials::long_term(&*credentials.access_key_id, &*credentials.secret_access_key)
    };
    let endpoint = aws::sts_endpoint(&aws::credentials::Environment::default(), Some("us-west-2"))?;
    let at = process::now() - SignedDuration::from_mins(age_minutes);
    Ok(token::wrap(&aws::presign_get_caller_identity(&keys, &endpoint, cluster_id, at)))
}

/// The token with another's access key id in it.
fn forged(stage: &Stage, token: &str) -> anyhow::Result<String> {
    let key = |name| stage.identities.credentials(name).map(|credentials| credentials.access_key_id);
    let (own, other) = (key("mallory").context("mallory")?, key("alice").context("alice")?);
    Ok(token::wrap(&url_of(token)?.replace(&own, &other)))
}

/// The token with another action in it.
fn changed(token: &str) -> anyhow::Result<String> {
    Ok(token::wrap(&url_of(token)?.replace("Action=GetCallerIdentity", "Action=GetSessionToken")))
}

fn url_of(token: &str) -> anyhow::Result<String> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    let encoded = token.strip_prefix(token::PREFIX).context("a token has a prefix")?;
    Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(encoded)?)?)
}

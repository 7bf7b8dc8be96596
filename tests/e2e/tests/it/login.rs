//! kubectl → `cluster-auth token` → API server → `cluster-auth server` → STS → RBAC, in each flavour of API server.

use anyhow::ensure;
use e2e::{
    process::wait_until,
    world::{Flavour, Login, World},
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("login::a_mapped_user_works_in_their_namespace_and_nowhere_else", in_their_namespace),
    ("login::whoami_shows_user_groups_and_extra", whoami),
    ("login::sessions_log_in_under_their_own_name", sessions),
    ("login::an_unmapped_user_is_unauthorized", unmapped),
    ("login::a_denied_token_is_asked_about_again_with_every_request", denials_are_not_remembered),
    ("login::a_removed_user_is_out_after_the_cache_time", removed),
    ("login::a_token_for_another_cluster_is_refused", other_cluster),
];

fn in_each_flavour(world: &World, test: impl Fn(&Login) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for flavour in [Flavour::V1Beta1Generated, Flavour::V1WithAudiencesAndInit] {
        test(world.login(flavour)?).map_err(|error| error.context(format!("{flavour:?}")))?;
    }
    Ok(())
}

fn in_their_namespace(world: &World) -> anyhow::Result<()> {
    in_each_flavour(world, |login| {
        let alice = login.person(world, "alice")?;
        let listed = alice.kubectl(&["get", "pods", "--namespace", "dev", "--output", "name"])?.success()?;
        ensure!(listed.is_empty(), "an empty namespace lists nothing: {listed}");
        let refused = alice.kubectl(&["get", "pods", "--namespace", "kube-system"])?.failure()?;
        ensure!(refused.contains("Forbidden") && refused.contains(r#"User "alice""#), "{refused}");
        Ok(())
    })
}

fn whoami(world: &World) -> anyhow::Result<()> {
    in_each_flavour(world, |login| {
        let shown = login.person(world, "alice")?.kubectl(&["auth", "whoami", "--output", "json"])?.success()?;
        let review: Value = serde_json::from_str(&shown)?;
        let user = &review["status"]["userInfo"];
        ensure!(user["username"] == "alice", "{user}");
        ensure!(user["groups"] == serde_json::json!(["developers", "system:authenticated"]), "{user}");
        ensure!(user["extra"]["arn"] == serde_json::json!(["arn:aws:iam::111122223333:user/alice"]), "{user}");
        ensure!(
            user["uid"].as_str().is_some_and(|uid| uid.starts_with("aws-iam-authenticator:111122223333:AIDA")),
            "{user}"
        );
        Ok(())
    })
}

fn sessions(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    // An e-mail address as session name, which the template turns into a name without @.
    let shown = login.person(world, "dave")?.kubectl(&["auth", "whoami", "--output", "json"])?.success()?;
    let review: Value = serde_json::from_str(&shown)?;
    ensure!(review["status"]["userInfo"]["username"] == "dev:dave-example.com", "{review}");
    Ok(())
}

fn unmapped(world: &World) -> anyhow::Result<()> {
    in_each_flavour(world, |login| {
        let refused = login.person(world, "mallory")?.kubectl(&["get", "pods", "--namespace", "dev"])?.failure()?;
        ensure!(refused.contains("Unauthorized"), "{refused}");
        login.wait_for_log("mapping.none")
    })
}

/// What `explain` says of 403 to whoever waits for an API server to forget.
fn denials_are_not_remembered(world: &World) -> anyhow::Result<()> {
    in_each_flavour(world, |login| {
        let token = world.fresh_token("mallory", login.cluster_id())?;
        let asked = || login.decisions().get("mapping.none").copied().unwrap_or_default();
        for _ in 0..3 {
            let before = asked();
            // One request, where kubectl's other commands ask for what the server has first.
            let refused = login.with_token(&token, &["get", "--raw", "/api"])?.failure()?;
            ensure!(refused.contains("Unauthorized"), "{refused}");
            wait_until("the webhook was asked", || Ok(asked() > before))?;
            ensure!(asked() == before + 1, "asked {} times for one request", asked() - before);
        }
        Ok(())
    })
}

fn removed(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let erin = login.person(world, "erin")?;
    erin.kubectl(&["auth", "whoami"])?.success()?;
    login.map_without("erin")?;
    wait_until("the removed user is out", || Ok(erin.kubectl(&["auth", "whoami"])?.code != 0))?;
    login.map_everybody()?;
    wait_until("the user is back", || Ok(erin.kubectl(&["auth", "whoami"])?.code == 0))
}

fn other_cluster(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let token = world.token("alice", "another.example.com")?;
    let answer = login.server.review(&token)?;
    ensure!(answer.status == 403, "{answer:?}");
    login.wait_for_log("sts.signature-mismatch")
}

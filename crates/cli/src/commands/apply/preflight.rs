//! Whether whoever applies may do all of it, asked before anything is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::Context as _;
use inventory::Observed;
use kubernetes::{Cluster, KubernetesError, Question, Resource};
use plan::{Plan, RequiredPermission, required_permissions};
use tokio::task::JoinSet;

use super::{LEASE, execute::AT_ONCE};
use crate::process;

/// How many objects are named of each kind.
const NAMED: usize = 5;

/// The required permissions that the API server does not allow.
pub(super) async fn missing(
    cluster: &Arc<Cluster>,
    plan: &Plan,
    observed: &Observed,
) -> anyhow::Result<Vec<RequiredPermission>> {
    let mut missing: BTreeSet<RequiredPermission> = required_permissions(plan, observed);
    missing.extend(["get", "create", "patch"].map(|verb| RequiredPermission {
        verb,
        api_group: Resource::LEASES.api_group,
        resource: Resource::LEASES.name,
        namespace: Some("kube-system".into()),
        name: LEASE.into(),
    }));
    // Whoever may do something everywhere need not be asked about every object.
    for (everywhere, every_name) in [(true, true), (false, true), (false, false)] {
        let question = |required_permission: &RequiredPermission| Question {
            verb: required_permission.verb,
            resource: resource(required_permission),
            namespace: required_permission.namespace.as_ref().filter(|_| !everywhere).map(ToString::to_string),
            name: (!every_name).then(|| required_permission.name.to_string()),
        };
        let questions: BTreeSet<Question> = missing.iter().map(question).collect();
        let answers = ask(cluster, questions).await?;
        missing.retain(|required_permission| !answers[&question(required_permission)]);
    }
    Ok(missing.into_iter().collect())
}

async fn ask(cluster: &Arc<Cluster>, questions: BTreeSet<Question>) -> anyhow::Result<BTreeMap<Question, bool>> {
    let (mut answers, mut under_way, mut waiting) = (BTreeMap::new(), JoinSet::new(), questions.into_iter());
    loop {
        while under_way.len() < AT_ONCE
            && let Some(question) = waiting.next()
        {
            let cluster = Arc::clone(cluster);
            under_way.spawn(async move {
                let answer = cluster.may(&question).await?;
                Ok::<_, KubernetesError>((question, answer))
            });
        }
        let Some(answer) = under_way.join_next().await else { return Ok(answers) };
        let (question, answer) = answer.context("a question was not put")??;
        answers.insert(question, answer);
    }
}

/// Says what is missing, like verbs on like things together.
pub(super) fn say(missing: &[RequiredPermission], cluster: &Cluster) {
    let mut alike: BTreeMap<(&str, &str, &str), Vec<String>> = BTreeMap::new();
    for RequiredPermission { verb, api_group, resource, namespace, name } in missing {
        let name = namespace.as_ref().map_or_else(|| name.to_string(), |namespace| format!("{namespace}/{name}"));
        alike.entry((verb, api_group, resource)).or_default().push(name);
    }
    for ((verb, api_group, resource), names) in alike {
        let group = if api_group.is_empty() { String::new() } else { format!(".{api_group}") };
        let more = names.len().saturating_sub(NAMED);
        let others = if more > 0 { format!(" and {more} more") } else { String::new() };
        let why = match verb {
            "escalate" => "; hold every permission in them yourself, or be granted `escalate`",
            "bind" => "; hold every permission that they grant yourself, or be granted `bind`",
            _ => "",
        };
        let names = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        process::note(&format!("error: you may not {verb} {resource}{group}: {names}{others}{why}"));
    }
    let context = cluster.context();
    process::note(&format!(
        "nothing was changed; the user of the context `{context}` lacks these permissions; run `apply` as a user who has them"
    ));
}

fn resource(required_permission: &RequiredPermission) -> Resource {
    let all = [
        Resource::ROLES,
        Resource::CLUSTER_ROLES,
        Resource::ROLE_BINDINGS,
        Resource::CLUSTER_ROLE_BINDINGS,
        Resource::IAM_IDENTITY_MAPPINGS,
        Resource::LEASES,
    ];
    all.into_iter().find(|resource| resource.name == required_permission.resource).unwrap_or(Resource::CONFIG_MAPS)
}

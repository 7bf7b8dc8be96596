//! `whoami`: who one is to AWS and to the cluster, and what the cluster lets one do.
//!
//! ```text
//!   kubeconfig ─► the plugin's own arguments ─► credentials ─► token ─► STS ─► who AWS says it is
//!        └─────► API server ─► SelfSubjectReview, SelfSubjectRulesReview in each namespace
//! ```
//!
//! AWS is asked with what kubectl's plugin would use, and not with what happens to be in the shell.

use std::{cell::Cell, collections::BTreeMap, ffi::OsString};

use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use inventory::Unseen;
use kubernetes::{Cluster, KubernetesError, MyRules, Resource};
use rbac::{
    Rule,
    dump::{FoundObject, each},
};
use token::{Rules, Unconfirmed};
use visibility::{
    explain::Caller,
    whoami::{self, Aws, Mine, User, Whoami},
};

use super::token::{Request, request_of};
use crate::{
    credentials::{self, OwnToken},
    exit::{CommandResult, Failure},
    global::Global,
    names,
    process::{self, Process, showing},
    runtime,
    shared::{observe::ClusterArgs, output::Output, terminal::styled, transport::Transport},
};

/// Flags of `whoami`.
#[derive(Args, Debug)]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    cluster: ClusterArgs,

    /// Ask about this namespace too; needed if you may not list namespaces; repeatable
    #[arg(short, long, value_name = "NAME", value_parser = names::namespace)]
    namespace: Vec<String>,

    #[command(flatten)]
    transport: Transport,

    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// In which there is nothing, so that only what holds in the whole cluster is listed.
const NOWHERE: &str = "cluster-auth-asks-of-no-namespace";
/// How many namespaces are asked about at once.
const AT_ONCE: usize = 16;

/// Runs `whoami`. Whoever is not let in sees who they are to AWS all the same, and 1 is the exit code.
pub(crate) fn run(args: &WhoamiArgs, global: &Global, process: &Process) -> CommandResult {
    let kubeconfig = args.cluster.kubeconfig(process);
    let (mut id, mut aws, mut program) = (None, None, None);
    let typed = global.cluster_id.as_deref();
    if let Some(plugin) = kubeconfig.plugin().map_err(anyhow::Error::from)? {
        program = Some(plugin.command.rsplit(['/', '\\']).next().unwrap_or_default().to_owned());
        let words = [plugin.command].into_iter().chain(plugin.args).map(OsString::from).collect::<Vec<_>>();
        let process = process.with(plugin.env);
        if let Some(request) = request_of(&words, &process)? {
            let of = request.cluster_id.as_str();
            if let Some(typed) = typed.filter(|typed| *typed != of) {
                let help = "name the context of that cluster by --context, or leave --cluster-id out";
                return Err(
                    anyhow::anyhow!("--cluster-id {typed}: this context's tokens are for `{of}`; {help}").into()
                );
            }
            aws = Some(asked(&request, &args.transport, &process)?);
            id = Some(request.cluster_id.as_str().to_owned());
            program = None;
        }
    }
    if aws.is_none() {
        let id = typed.map(|_| "--cluster-id");
        if let Some(flag) = id.or_else(|| args.transport.flag()) {
            let user = match &program {
                Some(program) => format!(
                    "this context's user runs `{program}`, and cluster-auth cannot see which AWS credentials that uses"
                ),
                None => "this context's user logs in without a token of AWS credentials".to_owned(),
            };
            let why = format!("{user}, so AWS is not asked; leave it out");
            return Err(anyhow::anyhow!("{flag}: {why}").into());
        }
    }
    let seen = runtime::block_on(async {
        let cluster = kubeconfig.connect().await?;
        let of =
            whoami::Cluster { context: cluster.context().to_owned(), server: cluster.server().to_owned(), id, program };
        Ok::<_, KubernetesError>((of, args.seen(&cluster).await?))
    })?;
    let (cluster, seen) = match seen {
        Ok(seen) => seen,
        Err(error) => {
            // What is known already helps whoever has to find out.
            if let Some(Aws::Is(caller)) = &aws {
                process::note(&format!("AWS says that you are {}", caller.arn()));
            }
            return Err(anyhow::Error::from(error).into());
        }
    };
    let is_in = seen.is_some();
    let whoami = match seen {
        Some(ClusterAnswer { user, rights, gaps }) => Whoami { aws, cluster, user: Some(user), rights, gaps },
        None => Whoami { aws, cluster, user: None, rights: Mine::default(), gaps: Vec::new() },
    };
    let output = args.output;
    match output {
        Output::Text => process::print_styled(&styled(&report::text_of(&whoami.report())))?,
        Output::Data(data) => data.print(&whoami.out())?,
    }
    if is_in { Ok(()) } else { Err(Failure::AlreadySaid) }
}

/// Makes a token as the plugin does, and asks AWS whose it is.
fn asked(request: &Request, transport: &Transport, process: &Process) -> Result<Aws, Failure> {
    let OwnToken { token, signed_at, .. } = credentials::own_token(&request.credentials, &request.cluster_id, process)?;
    // Whose partition the cluster's is, only the server knows.
    let partition = token::describe(&token).map(|described| described.host.partition()).unwrap_or_default();
    let rules = Rules { partitions: partition.into(), max_length: usize::MAX, ..Rules::default() };
    let accepted = match token::accept(&token, &request.cluster_id, &rules, signed_at) {
        Ok(accepted) => accepted,
        Err(refusal) => return Ok(Aws::Says(refusal.explain_own())),
    };
    Ok(match transport.ask(&accepted, process)? {
        Ok(confirmed) => Aws::Is(Box::new(Caller::confirmed(confirmed.identity(), confirmed.access_key_id()))),
        Err(Unconfirmed::Refused(refusal)) => Aws::Says(refusal.explain_own()),
        Err(Unconfirmed::Upstream(trouble)) => Aws::Says(trouble.explain_own()),
    })
}

/// What the cluster says.
struct ClusterAnswer {
    user: User,
    rights: Mine,
    gaps: Vec<Unseen>,
}

impl WhoamiArgs {
    /// Asks the cluster; `None` if it says Unauthorized.
    async fn seen(&self, cluster: &Cluster) -> Result<Option<ClusterAnswer>, KubernetesError> {
        let mut gaps = Vec::new();
        let mut gap = |what: &str, why: &str| gaps.push(Unseen::new(what, why));
        let (me, everywhere) = tokio::join!(cluster.who_am_i(), cluster.my_rules(NOWHERE));
        let user = match me {
            Ok(Some(me)) => {
                let arn = me.extra.get("arn").and_then(|values| values.first()).cloned();
                User { username: me.username, groups: me.groups, arn }
            }
            Err(KubernetesError::Unauthorized { .. }) => return Ok(None),
            unknown @ (Ok(None) | Err(KubernetesError::Forbidden { .. })) => {
                let why = match unknown {
                    Ok(_) => "the cluster does not say; clusters since Kubernetes 1.27 do",
                    Err(_) => "you may not ask (the ClusterRole system:basic-user allows it)",
                };
                gap("who you are", why);
                User { username: "somebody".to_owned(), ..User::default() }
            }
            Err(error) => return Err(error),
        };
        let everywhere = match everywhere {
            Ok(everywhere) => everywhere,
            Err(KubernetesError::Forbidden { .. }) => {
                gap("what you may do", "you may not ask (the ClusterRole system:basic-user allows it)");
                return Ok(Some(ClusterAnswer { user, rights: Mine::default(), gaps }));
            }
            Err(error) => return Err(error),
        };
        let mut namespaces = self.namespace.clone();
        match cluster.list(&Resource::NAMESPACES.list(None)).await {
            Ok(Some(list)) => match names(&list.whole().await?) {
                Some(names) => {
                    for namespace in self.namespace.iter().filter(|asked| !names.contains(asked)) {
                        process::note(&format!(
                            "note: there is no namespace `{namespace}`; the answer is for one of this name"
                        ));
                    }
                    namespaces.extend(names);
                }
                None => gap("namespaces", "the cluster's list cannot be read"),
            },
            Ok(None) => {}
            Err(KubernetesError::Forbidden { .. }) => {
                namespaces.push(cluster.namespace().to_owned());
                gap("namespaces", "you may not list them; `-n NAME` asks about one more");
            }
            Err(error) => return Err(error),
        }
        namespaces.sort();
        namespaces.dedup();
        let (number, answered) = (namespaces.len(), &Cell::new(0));
        let ask = |namespace: String| async move {
            let rules = cluster.my_rules(&namespace).await?;
            answered.set(answered.get() + 1);
            Ok::<_, KubernetesError>((namespace, rules))
        };
        let asking = stream::iter(namespaces.into_iter().map(ask)).buffered(AT_ONCE).try_collect();
        let line = || format!("asking the cluster: {} of {number} namespaces", answered.get());
        let asked: Vec<(String, MyRules)> = showing(line, asking).await?;
        if everywhere.incomplete || asked.iter().any(|(_, rules)| rules.incomplete) {
            gap("what other authorizers than RBAC allow", "the cluster cannot list it; `kubectl auth can-i` asks");
        }
        let by_namespace: BTreeMap<String, Vec<Rule>> =
            asked.into_iter().map(|(namespace, rules)| (namespace, all(rules))).collect();
        Ok(Some(ClusterAnswer { user, rights: Mine { everywhere: all(everywhere), by_namespace }, gaps }))
    }
}

fn all(rules: MyRules) -> Vec<Rule> {
    let MyRules { mut resource_rules, non_resource_rules, .. } = rules;
    resource_rules.extend(non_resource_rules);
    resource_rules
}

fn names(list: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let read = each(list, None, |found| {
        if let FoundObject::Namespace(name) = found.object {
            names.push(name.into());
        }
    });
    // Of a part of it nothing is known of the rest.
    read.is_ok_and(|kinds| kinds.cut.is_empty()).then_some(names)
}

//! What `plan` and `apply` share: the file and what AWS says, the cluster as it is seen, and the plan of both.

mod show;

use access::Facts;
use clap::Args;
use identity::Partition;
use inventory::{AccessEntries, Dump, File, Inputs, MappingTarget, Observed, Unseen, is_server_of_eks};
use kubernetes::{Cluster, KubernetesError};
use plan::{Plan, Wanted};
use rbac::User;

pub(crate) use self::show::{printed, stops};
use super::{
    access::{AskIam, Loaded, Paths, has_errors, parse_expiry},
    observe::{ClusterArgs, EVERYTHING, FromArgs, ensure_no_configuration, gated, ignored, look},
};
use crate::{
    exit::Failure,
    global::Global,
    process::{self, Process},
    settings,
};

/// What is planned, and for which cluster.
#[derive(Args, Debug)]
pub(crate) struct Planning {
    #[command(flatten)]
    paths: Paths,

    #[command(flatten)]
    from: FromArgs,

    /// Where to write mappings: access-file (the server's own file), configmap (the authenticator's configuration), aws-auth,
    /// crd (IAMIdentityMappings) or none [default: where they were last applied, else the only place where the cluster has
    /// any]
    #[arg(long, value_name = "WHERE", value_parser = parse_target)]
    mapping: Option<MappingTarget>,

    /// What to do with `expires` if --mapping cannot express it: refuse, or at-next-apply (the first apply after the expiry
    /// revokes)
    #[arg(long, value_name = "WHEN", value_parser = parse_expiry, default_value = "refuse")]
    expiry: access::Expiry,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    iam: AskIam,
}

/// The file, and what is known of it without the cluster.
pub(crate) struct Subject {
    loaded: Loaded,
    cluster_id: Box<str>,
    files: Vec<File>,
    /// What IAM says.
    facts: Facts,
    /// What EKS says of its access entries.
    entries: AccessEntries,
    /// The cluster, where dumps are it.
    pub(crate) dump: Option<Dump>,
    /// What was said of one that is asked: who reads its configuration.
    beside: Dump,
    mapping: Option<MappingTarget>,
    expiry: access::Expiry,
}

/// A plan, and the cluster that it is for.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) observed: Observed,
}

/// A cluster as it was seen.
pub(crate) struct ObservedCluster {
    pub(crate) dump: Dump,
    /// Who asks.
    caller: Option<User>,
    /// Why that is not known, where it matters.
    unknown_caller: Option<&'static str>,
    /// The URL of the cluster's API server, where one is asked.
    server: Option<String>,
}

impl ObservedCluster {
    /// A cluster that is not asked: nobody asks.
    pub(crate) fn of_dump(dump: Dump) -> Self {
        Self { dump, caller: None, unknown_caller: None, server: None }
    }
}

/// Looks at a cluster, and at who looks.
pub(crate) async fn live(cluster: &Cluster) -> anyhow::Result<ObservedCluster> {
    let (me, looked) = tokio::join!(cluster.who_am_i(), look(cluster, EVERYTHING, &[]));
    let (caller, unknown_caller) = match me {
        Ok(Some(me)) => (Some(User { name: me.username, groups: me.groups }), None),
        Ok(None) => (None, Some("the cluster does not say; clusters since Kubernetes 1.27 do")),
        Err(KubernetesError::Forbidden { .. }) => {
            (None, Some("you may not ask (the ClusterRole system:basic-user allows it)"))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(ObservedCluster { dump: looked?.dump, caller, unknown_caller, server: Some(cluster.server().to_owned()) })
}

impl Planning {
    /// The namespace of manifests that do not say theirs.
    pub(crate) fn default_namespace(&self) -> Option<&str> {
        self.from.files.default_namespace()
    }

    /// Reads the files and the dumps, and asks IAM. `takes_dumps` says that a dump may stand for the cluster.
    pub(crate) fn subject(&self, takes_dumps: bool, global: &Global, process: &Process) -> Result<Subject, Failure> {
        let loaded = self.paths.load()?;
        settings::of_access_file(global, &loaded.access)?;
        if has_errors(&loaded.problems) {
            settings::print_problems(&loaded.sources, &loaded.problems);
            return Err(Failure::AlreadySaid);
        }
        let Some(cluster_id) = loaded.access.cluster_id.as_ref().map(|id| id.value.clone()) else {
            return Err(
                anyhow::anyhow!("the access file has no clusterID, with which objects are marked; add one").into()
            );
        };
        let mut found = Inputs::default();
        self.from.read(&mut found)?;
        self.from.files.says_something(&found)?;
        ensure_no_configuration(&found)?;
        ignored(&found);
        let Inputs { mut dump, mut facts, entries, .. } = found;
        loaded.of_one_cluster(&dump, &entries)?;
        gated(global, &mut dump)?;
        self.cluster.beside(&dump)?;
        self.cluster.is_asked(&self.from.files, !dump.is_empty(), takes_dumps)?;
        let (dump, beside) = if dump.is_empty() { (None, dump) } else { (Some(dump), Dump::default()) };
        self.iam.add_to(&mut facts, &loaded.access, process)?;
        let files = inventory::files(&loaded.sources);
        let (mapping, expiry) = (self.mapping, self.expiry);
        Ok(Subject { loaded, cluster_id, files, facts, entries, dump, beside, mapping, expiry })
    }

    /// The cluster of the kubeconfig.
    pub(crate) async fn connect(&self, process: &Process) -> anyhow::Result<Cluster> {
        self.cluster.connect(process).await
    }
}

impl Loaded {
    /// Refuses what is of another cluster than the file. What was last applied stops a plan by itself.
    fn of_one_cluster(&self, dump: &Dump, entries: &AccessEntries) -> anyhow::Result<()> {
        let mut which = dump.which_cluster(entries);
        which.add_access_file(&self.access, &self.sources);
        Ok(which.ensure_one()?)
    }
}

impl Subject {
    /// Whether one of the files is called so in the cluster.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.files.iter().any(|file| *file.name == *name)
    }

    /// Plans. Findings of the file are printed where `say` is set; an error among them ends it.
    pub(crate) fn plan(&self, seen: ObservedCluster, say: bool) -> Result<Planned, Failure> {
        let ObservedCluster { dump: observed, caller, unknown_caller, server } = seen;
        let mut dump = self.beside.clone();
        dump.extend(observed);
        self.loaded.of_one_cluster(&dump, &self.entries)?;
        let target = self.target(&dump)?;
        let now = process::now();
        let Loaded { sources, access, problems } = &self.loaded;
        let mut facts = self.facts.clone();
        dump.add_to(&mut facts);
        let mut findings = problems.clone();
        findings.extend(access::check(access, &facts, now));
        findings.extend(access::unsupported(access, &facts, target.consumer(), self.expiry));
        findings.sort_by_key(|problem| problem.span);
        if say {
            settings::print_problems(sources, &findings);
        }
        if has_errors(&findings) {
            return Err(Failure::AlreadySaid);
        }
        let (desired, _) = access::compile(access, &facts, now);
        let desired = desired.at(now);
        let partition = desired.people.first().map_or(Partition::default(), |person| person.principal.partition);
        if server.as_deref().is_some_and(is_server_of_eks) || !self.entries.is_empty() {
            dump.is_said_to_be_eks();
        }
        let mut observed = dump.observed(target, partition, now);
        observed.is_of_server(server.as_deref());
        observed.add_entries(self.entries.clone());
        for note in observed.notes.iter().chain(&observed.idle).filter(|_| say) {
            process::note(&format!("note: {note}"));
        }
        observed.caller = caller;
        observed.unseen.extend(unknown_caller.map(|why| Unseen::new("who you are", why)));
        let (cluster_id, files) = (&*self.cluster_id, &*self.files);
        let wanted = Wanted { cluster_id, desired: &desired, access, facts: &facts, sources, files, target, now };
        Ok(Planned { plan: plan::plan(&wanted, &observed), observed })
    }

    /// Where mappings are written: as typed, as last time, or where alone there are any.
    fn target(&self, dump: &Dump) -> anyhow::Result<MappingTarget> {
        if let Some(target) = self.mapping {
            return Ok(target);
        }
        if let Some(record) = dump.record() {
            return Ok(record.object.target);
        }
        let say = "choose where mappings are written, which is where your server reads them: `--mapping access-file` \
                   (cluster-auth with an access file), `configmap` (aws-iam-authenticator with a configuration), `aws-auth` (EKS, \
                   or the mode EKSConfigMap), `crd` (the mode CRD) or `none` (access entries of EKS, or a file on the control \
                   plane, which you keep yourself)";
        let refused = dump.refused_config_maps();
        anyhow::ensure!(
            refused.is_empty(),
            "it is not known where mappings are written: you may not `get` the ConfigMaps {} of kube-system; the ClusterRole \
             `access-planner` of docs/change-access.md allows all that `plan` looks at",
            refused.join(", ")
        );
        anyhow::ensure!(
            dump.knows_targets(),
            "it is not known where mappings are written: the ConfigMaps of kube-system are not all in what was given; give what \
             `kubectl get configmaps -n kube-system -o json` prints as well, or {say}"
        );
        match dump.targets()[..] {
            [target] => Ok(target),
            [] => anyhow::bail!("the cluster has no mappings yet, and nothing was applied to it; {say}"),
            ref several => {
                let titles: Vec<_> = several.iter().map(|target| target.title()).collect();
                anyhow::bail!("the cluster has mappings in several places ({}); {say}", titles.join("; "))
            }
        }
    }
}

fn parse_target(text: &str) -> Result<MappingTarget, String> {
    MappingTarget::ALL.into_iter().find(|target| target.as_str() == text).ok_or_else(|| {
        let names: Vec<_> = MappingTarget::ALL.iter().map(|target| target.as_str()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

//! What the commands that look at access share: the world that they look at, and how they print.

use std::{collections::BTreeSet, path::Path};

use clap::Args;
use inventory::{Inputs, Unseen};
use kubernetes::{Cluster, KubernetesError};
use mapping::Reader;
use visibility::{NamedPrincipal, Resources, Unreadable, World};

use super::observe::{ClusterArgs, EVERYTHING, FromArgs, Lists, gated, look, read_access_files};
use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    runtime, settings,
};

/// What is looked at.
#[derive(Args, Debug)]
pub(crate) struct AnalysisArgs {
    #[command(flatten)]
    from: FromArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// What was seen.
pub(crate) struct Analysis {
    pub(crate) world: World,
    /// What the cluster calls its resources; where none was asked, what every cluster has.
    pub(crate) resources: Resources,
    /// The kubeconfig's context and its namespace, where a cluster was asked.
    pub(crate) context: Option<String>,
    pub(crate) namespace: Option<String>,
}

impl AnalysisArgs {
    /// Looks. The cluster is asked where one is named, or where nothing is given in its place.
    ///
    /// Whoever may not see all of a cluster sees what they may in these namespaces, and in the context's.
    pub(crate) fn look(&self, namespaces: &[String], global: &Global, process: &Process) -> Result<Analysis, Failure> {
        self.look_at(EVERYTHING, namespaces, global, process)
    }

    /// The same, at these lists of a cluster.
    pub(crate) fn look_at(
        &self,
        lists: &Lists,
        namespaces: &[String],
        global: &Global,
        process: &Process,
    ) -> Result<Analysis, Failure> {
        let mut found = Inputs::default();
        self.from.read(&mut found)?;
        let is_live = self.asks_a_cluster(&found)?;
        configured(global, &mut found)?;
        let seen = if is_live { live(&self.cluster, lists, namespaces, found, process) } else { offline(found) }?;
        say_idle(seen.world.idle());
        of_cluster(seen, global)
    }

    /// The same beside what was given already, of which a configuration is enough to ask no cluster.
    pub(crate) fn look_beside(&self, mut found: Inputs, process: &Process) -> Result<Analysis, Failure> {
        self.from.read(&mut found)?;
        let has_mappings = found.config.as_ref().is_some_and(|config| config.mounted_file.is_some());
        let is_live = (self.cluster.is_named() || !has_mappings) && self.asks_a_cluster(&found)?;
        let seen = if is_live { live(&self.cluster, EVERYTHING, &[], found, process) } else { offline(found) }?;
        say_idle(seen.world.idle());
        Ok(seen)
    }

    /// All of it as it is typed, with a blank in front of each flag.
    pub(crate) fn typed(&self) -> String {
        self.from.typed() + &self.cluster.typed()
    }

    fn asks_a_cluster(&self, found: &Inputs) -> anyhow::Result<bool> {
        self.cluster.beside(&found.dump)?;
        let is_given = !found.dump.is_empty() || found.access_files().is_some();
        // A configuration that `-c` names goes with the cluster of the context; one of `--from` is all that was given.
        if found.config.is_some() && !self.from.files.is_given() {
            return Ok(self.cluster.is_named() || !is_given);
        }
        self.cluster.is_asked(&self.from.files, is_given, true)
    }

    /// Whether somebody said with flags what to look at, beside the kubeconfig.
    pub(crate) fn names_a_world(&self) -> bool {
        self.from.files.is_given() || self.cluster.names_context()
    }

    /// Whether a kubeconfig was named.
    pub(crate) fn names_kubeconfig(&self) -> bool {
        self.cluster.names_kubeconfig()
    }

    /// Refuses a namespace for manifests where none are given.
    pub(crate) fn ensure_default_namespace_is_for_files(&self) -> anyhow::Result<()> {
        let namespace = self.from.files.default_namespace().filter(|_| !self.from.files.is_given());
        anyhow::ensure!(
            namespace.is_none(),
            "--default-namespace {}: it is for manifests of --from, and none are given; leave it out",
            namespace.unwrap_or_default()
        );
        Ok(())
    }

    /// Where all was looked at, for whoever reads of it later.
    pub(crate) fn sources(&self, context: Option<&str>) -> String {
        let files = self.from.files.paths().iter().map(|path| match path.to_str() {
            Some("-") => "stdin".to_owned(),
            _ => path.display().to_string(),
        });
        context.map(|name| format!("context {name}")).into_iter().chain(files).collect::<Vec<_>>().join(", ")
    }

    /// What was looked at as one path that stays the same: the first that was given, or the cluster.
    pub(crate) fn artifact(&self, world: &World, context: Option<&str>) -> String {
        let given = self.from.files.paths().first().filter(|_| context.is_none());
        match given.map(|path| path.to_string_lossy()) {
            Some(path) if path == "-" => "<stdin>".to_owned(),
            Some(path) => path.into_owned(),
            None => format!("cluster/{}", world.cluster_id().or(context).unwrap_or("unnamed")),
        }
    }

    /// What flags say of any cluster.
    fn inputs_of_flags(&self, global: &Global) -> anyhow::Result<Inputs> {
        let mut found = Inputs::default();
        self.from.read(&mut found)?;
        gated(global, &mut found.dump)?;
        Ok(found)
    }

    /// Looks at the cluster of a context.
    pub(crate) fn look_at_context(&self, name: &str, global: &Global, process: &Process) -> Result<Analysis, Failure> {
        of_cluster(
            live(&self.cluster.in_context(name), EVERYTHING, &[], self.inputs_of_flags(global)?, process)?,
            global,
        )
    }

    /// Looks at what a path has, and at no cluster.
    pub(crate) fn look_at_path(&self, path: &Path, global: &Global) -> Result<Analysis, Failure> {
        let mut found = self.inputs_of_flags(global)?;
        self.from.files.read_paths([&path.to_owned()], &mut found)?;
        if found.dump.is_empty() && found.access_files().is_none() {
            let path = path.display();
            return Err(anyhow::anyhow!("{path} holds neither objects of a cluster nor an access file").into());
        }
        of_cluster(offline(found)?, global)
    }
}

/// Says which flags change nothing.
pub(crate) fn say_idle<'a>(flags: impl IntoIterator<Item = &'a Box<str>>) {
    flags.into_iter().for_each(|flag| process::note(&format!("note: {flag}")));
}

/// Adds what the server reads by itself with the file of `--config`: its own mappings, and its access file where none was
/// given; and with which gates it runs.
pub(crate) fn configured(global: &Global, found: &mut Inputs) -> anyhow::Result<()> {
    gated(global, &mut found.dump)?;
    let Some(path) = &global.config else { return Ok(()) };
    let source = settings::configuration(path)?;
    // One without mappings says that the server has none of its own.
    found.configure(source);
    let server = found.config.clone().unwrap_or_default();
    let Some(path) = settings::access_file(global, &server) else { return Ok(()) };
    // One beside the configuration counts for our server alone: aws-iam-authenticator has no such file.
    if server.access_file.is_none() {
        match found.dump.told_reader() {
            Some(Reader::AwsIamAuthenticator) => return Ok(()),
            None => process::note(&format!(
                "note: {} stands beside the configuration, so both are read as cluster-auth server reads them; pass `--reader \
                 aws-iam-authenticator` if that program reads the configuration",
                path.display()
            )),
            Some(_) => {}
        }
    }
    found.dump.has_server_of_ours();
    if found.access_files().is_none() {
        read_access_files([&path], found)?;
    }
    Ok(())
}

/// Refuses what is of two clusters, or of another one than was named by its id; says where nothing tells.
pub(crate) fn of_cluster(seen: Analysis, global: &Global) -> Result<Analysis, Failure> {
    not_of_another(&seen.world, global)?;
    if let Some(typed) = global.cluster_id.as_ref().filter(|_| seen.world.which_cluster().is_empty()) {
        let nothing = "was not checked: nothing here says which cluster this is";
        process::note(&format!("note: --cluster-id {typed} {nothing}"));
    }
    Ok(seen)
}

/// Refuses what is of two clusters, or of another one than was named by its id.
pub(crate) fn not_of_another(world: &World, global: &Global) -> anyhow::Result<()> {
    let which = world.which_cluster();
    let typed = global.cluster_id.as_deref();
    if let Some((typed, (said, id))) = typed.and_then(|typed| Some((typed, which.other_than(typed).next()?))) {
        anyhow::bail!(
            "--cluster-id {typed}: {said} {} for `{id}`; look at the cluster of that id, or leave --cluster-id out",
            said.by.verb()
        );
    }
    Ok(which.ensure_one()?)
}

fn live(
    cluster: &ClusterArgs,
    lists: &Lists,
    namespaces: &[String],
    mut found: Inputs,
    process: &Process,
) -> Result<Analysis, Failure> {
    let looking = async {
        let cluster = cluster.connect(process).await?;
        let own = cluster.namespace().to_owned();
        let namespaces: BTreeSet<String> = namespaces.iter().cloned().chain([own]).collect();
        let namespaces: Vec<String> = namespaces.into_iter().collect();
        // Whichever of the two fails first says what is wrong.
        let looking = look(&cluster, lists, &namespaces);
        let (looked, resources) = tokio::try_join!(looking, discover(&cluster))?;
        anyhow::Ok((cluster, looked, resources))
    };
    let (cluster, looked, discovered) = runtime::block_on(looking)??;
    if let Discovered::NotAllowed = discovered {
        process::note(
            "note: you may not list the cluster's API resources (the ClusterRole system:discovery allows it); \
             using the names that every cluster has",
        );
    }
    let custom = found.dump.custom_resources();
    found.dump.extend(looked.dump);
    let world = joined(found, Some(cluster.server()))?;
    let resources = match discovered {
        Discovered::All(resources) => resources,
        Discovered::NotAllowed | Discovered::TooOld => Resources::well_known(),
    };
    let resources = resources.with(&custom);
    let [context, namespace] = [cluster.context(), cluster.namespace()].map(|name| Some(name.to_owned()));
    Ok(Analysis { world, resources, context, namespace })
}

fn offline(found: Inputs) -> Result<Analysis, Failure> {
    let resources = Resources::well_known().with(&found.dump.custom_resources());
    let world = joined(found, None)?;
    Ok(Analysis { world, resources, context: None, namespace: None })
}

fn joined(found: Inputs, server: Option<&str>) -> Result<World, Failure> {
    let world = World::new(found, server, process::now()).map_err(|Unreadable { sources, problems }| {
        settings::print_problems(&sources, &problems);
        Failure::AlreadySaid
    })?;
    for note in world.assumptions() {
        process::note(&format!("note: {note}"));
    }
    Ok(world)
}

/// What a cluster calls its resources.
enum Discovered {
    All(Resources),
    /// Before Kubernetes 1.27 it says it in no single answer.
    TooOld,
    NotAllowed,
}

async fn discover(cluster: &Cluster) -> anyhow::Result<Discovered> {
    match cluster.discovery().await {
        Ok(Some(lists)) => Ok(Discovered::All(Resources::discovered(&lists)?)),
        Ok(None) => Ok(Discovered::TooOld),
        Err(KubernetesError::Forbidden { .. }) => Ok(Discovered::NotAllowed),
        Err(error) => Err(error.into()),
    }
}

/// Where the exit code is the verdict, and none was found: 0 only where everything that was asked for or given could be read.
/// `verdict` is what may be the case all the same.
pub(crate) fn only_if_read(unread: &[Unseen], verdict: &str) -> CommandResult {
    let Some(gap) = unread.first() else { return Ok(()) };
    let more = if unread.len() > 1 { format!(" (and {} more)", unread.len() - 1) } else { String::new() };
    Err(anyhow::anyhow!("it is not known whether {verdict}: {gap}{more}").into())
}

/// Says what could not be read, to people.
pub(crate) fn say_gaps(gaps: &[Unseen]) {
    for gap in inventory::shown(gaps) {
        process::note(&format!("incomplete: {gap}"));
    }
}

/// Says to people whose reading of logins an answer stands on, and what of them does nothing.
pub(crate) fn say_notes(world: &World) {
    for note in world.notes() {
        process::note(&format!("note: {note}"));
    }
}

/// Whether somebody is one user, and not any of several.
pub(crate) fn determined(world: &World, principal: &NamedPrincipal) -> anyhow::Result<()> {
    if !principal.is_by_chance {
        return Ok(());
    }
    let arn = principal.arn();
    let users: Vec<String> = world
        .named(&principal.identity.canonical_arn())
        .filter_map(|one| Some(format!("user:{}", one.login.as_ref().ok()?.username)))
        .collect();
    anyhow::bail!(
        "undetermined: {arn} may log in as any of {}; name one of them instead, and see `cluster-auth \
         explain {arn}`",
        users.join(", ")
    )
}

//! `import`: the access file for what a cluster has, which planned there changes nothing for anybody.

use access::{ConfigMap, Facts};
use anyhow::Context as _;
use clap::Args;
use document::{Limits, Problem, Severity, Sources};
use inventory::{
    AccessEntries, ClaimedBy, Dump, Inputs, MappingTarget, ObjectKind, Observed, Unseen, WhichCluster, foreign::Foreign,
};
use kubernetes::{Cluster, Resource};
use mapping::authenticator::Config;
use plan::{Imported, Left, Subject};

use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    runtime, settings,
    shared::{
        access::AskIam,
        observe::{self, ClusterArgs, FromArgs, ensure_no_configuration, gated},
        planning,
    },
};

/// Flags of `import`.
#[derive(Args, Debug)]
#[command(mut_arg("from", |arg| arg.help(observe::IMPORTED_FROM)))]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    from: FromArgs,

    /// ConfigMap that holds the authenticator's configuration (key config.yaml); --config reads a file instead [default:
    /// kube-system/aws-iam-authenticator]
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = parse_name, conflicts_with = "config")]
    config_map: Option<Name>,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    iam: AskIam,
}

/// A namespace and a name in it.
#[derive(Clone, Debug)]
struct Name(String, String);

fn parse_name(text: &str) -> Result<Name, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(Name(namespace.to_owned(), name.to_owned()))
        }
        _ => Err("expected a namespace, a slash and a name".to_owned()),
    }
}

/// What was looked at.
struct Found {
    dump: Dump,
    facts: Facts,
    entries: AccessEntries,
    sources: Sources,
    /// The URL of the API server, where one was asked.
    server: Option<String>,
    /// What `--config-map` names.
    named: Option<ConfigMap>,
}

/// Runs `import`. What could not be read ends it: nothing is invented.
pub(crate) fn run(args: &ImportArgs, global: &Global, process: &Process) -> CommandResult {
    let Found { mut dump, mut facts, entries, sources, server, named } = args.look(process)?;
    says_all(&dump, &sources)?;
    let stands_elsewhere = args.config_map.is_some() || global.config.is_some();
    if let Some(map) = args.configuration(global, named)? {
        dump.configured_by(map);
    } else if dump.has_configuration_in_aws_auth() {
        let text = "the ConfigMap kube-system/aws-auth holds a config.yaml, as the chart of 2018 wrote it; if the \
                    authenticator reads that, give `--config-map kube-system/aws-auth`, and if not, remove it";
        return Err(anyhow::anyhow!(text).into());
    }
    gated(global, &mut dump)?;
    dump.add_to(&mut facts);
    let partition = dump.partition();
    let variable = process.variable(settings::CLUSTER_ID_VARIABLE);
    let typed = global.cluster_id.as_deref().map(|id| (format!("--cluster-id {id}"), id));
    let typed = typed.or_else(|| variable.map(|id| (format!("{}={id}", settings::CLUSTER_ID_VARIABLE), id)));
    let mut config = Config::default();
    let OneCluster { id, others } = one_cluster(typed, &dump.which_cluster(&entries))?;
    config.cluster_id = id;
    let in_cluster = dump.targets();
    // That was said with all of it: what ends an import has ended it there.
    let said = dump.gaps_of_declared(&sources);
    let mut observed = dump.observed(MappingTarget::ConfigMap, partition, process::now());
    observed.entries = entries;
    observed.is_of_server(server.as_deref());
    let observed = observed;
    for note in observed.notes.iter().chain(&observed.idle) {
        process::note(&format!("note: {note}"));
    }
    let unseen = observed.unseen.iter().filter(|gap| !said.contains(gap)).cloned();
    let unseen: Vec<Unseen> = unseen.chain(observed.entries.undescribed()).collect();
    let enough = "; aws-auth is here, and nothing says that a server reads another for logins";
    if let ([gap], true) = (&unseen[..], observed.has_maps_of_logins)
        && gap.is_of(&[ObjectKind::ConfigMaps])
    {
        for gap in inventory::joined(&unseen) {
            process::note(&format!("note: {gap}{enough}"));
        }
    } else if !unseen.is_empty() {
        for Unseen { what, why, .. } in inventory::joined(&unseen) {
            process::note(&format!("error: {what}: {why}"));
        }
        return Err(anyhow::anyhow!("nothing was imported: what could not be read is not assumed to be empty").into());
    }
    let cluster_id = settings::cluster_id(global, process, &config)?;
    let target = seen_target(&observed, &in_cluster, stands_elsewhere);

    // IAM is asked about those who are in the file.
    let (observed, cluster_id, now) = (&observed, cluster_id.as_str(), process::now());
    let untold = &*said;
    let first = plan::import(&Subject { observed, cluster_id, untold, facts: &facts, now });
    if first.text.is_empty() {
        say_left(&first, &sources, untold);
        return Err(nobody(observed, global).into());
    }
    args.iam.add_to(&mut facts, &read(&first.text), process)?;
    let imported = plan::import(&Subject { observed, cluster_id, untold, facts: &facts, now });
    process::print(&imported.text)?;
    say_left(&imported, &sources, untold);
    process::note(&if others.is_empty() {
        let how = next(args, global, &imported, &facts, target);
        format!("next: save this as access.yaml, read it, and see by {how}")
    } else {
        let others = others.join(", ");
        format!(
            "next: save this as access.yaml, and read it; `plan` compares it with nothing of another cluster: {others}"
        )
    });
    if let [Unseen { what, why, .. }, more @ ..] = &observed.entries.without_policies()[..] {
        let more = if more.is_empty() { String::new() } else { format!(" (and of {} more)", more.len()) };
        return Err(anyhow::anyhow!("the file is incomplete: {what}{more}: {why}").into());
    }
    Ok(())
}

impl ImportArgs {
    /// Looks at the dumps, and at the cluster where they hold none.
    fn look(&self, process: &Process) -> Result<Found, Failure> {
        let mut read = Inputs::default();
        if let Some(Name(namespace, name)) = &self.config_map {
            read.dump.look_for(namespace, name);
        }
        self.from.read(&mut read)?;
        self.from.files.says_something(&read)?;
        ensure_no_configuration(&read)?;
        if let Some(source) = read.access_files().as_ref().and_then(|files| files.as_ref().first()) {
            let text = "is an access file, which `import` writes and does not read; give dumps of the cluster, or `kops get cluster -o yaml`";
            return Err(anyhow::anyhow!("--from {} {text}", source.name()).into());
        }
        let Inputs { dump, facts, entries, sources, .. } = read;
        let mut found = Found { named: dump.looked_for().cloned(), dump, facts, entries, sources, server: None };
        self.cluster.beside(&found.dump)?;
        if self.cluster.is_asked(&self.from.files, !found.dump.is_empty(), true)? {
            let seen = async {
                let cluster = self.cluster.connect(process).await?;
                if let Some(name) = &self.config_map {
                    found.named = get(&cluster, name).await?;
                }
                Ok::<_, anyhow::Error>((cluster.server().to_owned(), planning::live(&cluster).await?))
            };
            let (server, live) = runtime::block_on(seen)??;
            found.server = Some(server);
            found.dump.extend(live.dump);
        }
        Ok(found)
    }

    /// The authenticator's configuration, where it is not the usual `ConfigMap`'s.
    fn configuration(&self, global: &Global, named: Option<ConfigMap>) -> anyhow::Result<Option<ConfigMap>> {
        if let Some(path) = &global.config {
            let source = settings::configuration(path)?;
            return Ok(Some(ConfigMap::of_file(source.name(), source.text())));
        }
        let Some(Name(namespace, name)) = &self.config_map else { return Ok(None) };
        let map = named.with_context(|| format!("there is no ConfigMap {namespace}/{name}"))?;
        let has = map.data.contains_key("config.yaml");
        anyhow::ensure!(has, "the ConfigMap {namespace}/{name} has no config.yaml, so no authenticator reads it");
        Ok(Some(map))
    }
}

/// Says all that cannot be read of other programs' files, which ends it, and all of them that no access file says.
fn says_all(dump: &Dump, sources: &Sources) -> Result<(), Failure> {
    let problems: Vec<Problem> = dump.declared().iter().flat_map(|foreign| foreign.problems.clone()).collect();
    settings::print_problems(sources, &problems);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(anyhow::anyhow!("nothing was imported: what cannot be read is not assumed to be empty").into());
    }
    let mut without_login = dump.declared().iter().flat_map(Foreign::without_login);
    if without_login.any(|(.., is_of_nothing)| !is_of_nothing) {
        return Err(anyhow::anyhow!("nothing was imported: another program has yet to fill in who logs in").into());
    }
    Ok(())
}

/// That no place names anybody, and where somebody may be named all the same. A file without people would say that nobody is to log
/// in.
fn nobody(observed: &Observed, global: &Global) -> anyhow::Error {
    let is_eks = observed.is_eks || !observed.entries.is_empty();
    let (places, give) = if is_eks {
        let entries = "what `aws eks list-access-entries` and `describe-access-entry` print by `--from`";
        let give = if observed.entries.unseen().is_empty() { "" } else { entries };
        ("neither access entries nor aws-auth names anybody whom EKS lets in", give)
    } else {
        let give =
            if global.config.is_some() { "" } else { "the file that the server on the control plane has by `-c FILE`" };
        (
            "neither aws-auth, the authenticator's configuration, an access file nor an IAMIdentityMapping names anybody",
            give,
        )
    };
    let give = if give.is_empty() { String::new() } else { format!("; give {give}") };
    anyhow::anyhow!("nothing was imported: {places}{give}")
}

/// Which cluster it is.
struct OneCluster {
    /// By what was read, where nobody typed one.
    id: Option<String>,
    /// What is of a cluster that is called otherwise than was typed.
    others: Vec<String>,
}

/// The id that all agree upon who say one; nothing where somebody typed it.
fn one_cluster(typed: Option<(String, &str)>, which: &WhichCluster) -> anyhow::Result<OneCluster> {
    let Some((flag, typed)) = typed else {
        which.ensure_one_with_its_own()?;
        return Ok(OneCluster { id: which.id().map(str::to_owned), others: Vec::new() });
    };
    let mut others = Vec::new();
    for (said, id) in which.other_than(typed) {
        let is = said.by.verb();
        let other = format!("{said} {is} for `{id}`");
        // Somebody may want another id for a cluster than it has had, and others may call it otherwise.
        if !matches!(said.by, ClaimedBy::ConfigurationInCluster | ClaimedBy::Foreign(_)) {
            anyhow::bail!("{flag}: {other}; give what is of the cluster `{typed}`, or leave its id out");
        }
        process::note(&format!("note: {flag}: {other}"));
        others.extend(matches!(said.by, ClaimedBy::Foreign(_)).then_some(other));
    }
    which.ensure_one_but_for_its_own()?;
    Ok(OneCluster { id: None, others })
}

async fn get(cluster: &Cluster, Name(namespace, name): &Name) -> anyhow::Result<Option<ConfigMap>> {
    let answer = cluster.get(&Resource::CONFIG_MAPS.object(Some(namespace), name)).await?;
    let Some(bytes) = answer else { return Ok(None) };
    let mut dump = Dump::default();
    dump.look_for(namespace, name);
    dump.read(&bytes)?;
    Ok(dump.looked_for().cloned())
}

fn read(text: &str) -> access::Access {
    let mut sources = Sources::default();
    sources.add("access.yaml", text);
    access::read(&sources, &Limits::default()).access
}

/// Where a plan finds the logins. Of those that stand where no plan looks, none are compared.
fn seen_target(observed: &Observed, in_cluster: &[MappingTarget], stands_elsewhere: bool) -> MappingTarget {
    if observed.entries.described().next().is_some() {
        return MappingTarget::None;
    }
    let has_logins = |target: &MappingTarget| {
        let mut live = observed.mappings.iter().filter(|live| live.target == *target);
        live.any(|live| !live.source.roles.is_empty() || !live.source.users.is_empty())
    };
    let seen = in_cluster.iter().copied().find(has_logins);
    seen.filter(|target| !(stands_elsewhere && *target == MappingTarget::ConfigMap)).unwrap_or_default()
}

/// The plan that shows that nothing changes.
fn next(args: &ImportArgs, global: &Global, imported: &Imported, facts: &Facts, target: MappingTarget) -> String {
    let unsupported = access::unsupported(&read(&imported.text), facts, target.consumer(), access::Expiry::Refuse);
    let aws = if unsupported.is_empty() { "" } else { " --aws" };
    let (from, cluster) = (args.from.typed(), args.cluster.typed());
    let plan = format!("`cluster-auth plan --mapping {}{aws}{from}{cluster}`", target.as_str());
    match &global.config {
        None => format!("{plan} that nobody gains or loses anything"),
        Some(path) => format!(
            "{plan} what is bound otherwise; it does not look at the mappings of {}, which are in no cluster",
            path.display()
        ),
    }
}

/// How long a line may be that is shown.
const MAX_EXCERPT: usize = 120;

/// Says what the file does not say, and what it makes superfluous. What was said with its excerpt is not said again.
fn say_left(imported: &Imported, sources: &Sources, said: &[Unseen]) {
    let with_excerpt = |said: &str, Left { what, why }: &Left| {
        process::note(&format!("{said}: {what}: {why}"));
        let line = what.file.as_ref().and_then(|(file, line)| sources.line(file, *line));
        // Of a list that a program printed the line says nothing.
        let line = line.map(str::trim).filter(|line| !what.what.contains(line) && line.chars().count() <= MAX_EXCERPT);
        if let Some(line) = line {
            process::note(&format!("  | {line}"));
        }
    };
    let is_said = |left: &Left| said.iter().any(|gap| left.what.what == *gap.what && left.why == *gap.why);
    imported.left.iter().filter(|left| !is_said(left)).for_each(|left| with_excerpt("not in the file", left));
    imported.careful.iter().for_each(|left| with_excerpt("careful", left));
    for binding in &imported.superseded {
        process::note(&format!("superseded once the file is applied: {binding}"));
    }
}

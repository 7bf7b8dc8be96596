//! What `check`, `render`, `plan`, `apply` and the server share: finding access files, reading them, and the facts around them.

mod iam;

use std::{
    borrow::Cow,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use access::{Access, Expiry, Facts};
use anyhow::Context as _;
use clap::Args;
use document::{Limits, Problem, Severity, Source, Sources, Span, Undecodable};
use inventory::{AccessEntries, Dump, Inputs, MappingTarget};
use reading::Kind;

pub(crate) use self::iam::AskIam;
use super::{
    analysis::say_gaps,
    observe::{COMPILING, ClusterArgs, PathArgs, access_files, ignored, look, say_left_out},
};
use crate::{
    process::{self, Process},
    runtime,
};

/// Which files.
#[derive(Args, Debug)]
pub(crate) struct Paths {
    /// Access files, or folders of them; several are merged, `-` is stdin [default: access.yaml]
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// Access file or folder, the same as the argument FILE; repeatable
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    more: Vec<PathBuf>,
}

/// Which files, and what is known besides them.
#[derive(Args, Debug)]
pub(crate) struct Files {
    #[command(flatten)]
    paths: Paths,

    #[command(flatten)]
    from: PathArgs,

    /// Read namespaces, roles and ConfigMaps from the cluster of the current kubeconfig context; `--context` and
    /// `--kubeconfig` imply it and choose another cluster
    #[arg(long)]
    live: bool,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    iam: iam::AskIam,
}

/// What was read.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) access: Access,
    /// Of reading alone.
    pub(crate) problems: Vec<Problem>,
}

impl Paths {
    /// Reads all files as one.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let named: Vec<&PathBuf> = self.paths.iter().chain(&self.more).collect();
        let default = PathBuf::from("access.yaml");
        if named.is_empty() && !default.exists() {
            let others = ["access.yml", "access.json"].into_iter().find(|name| Path::new(name).exists());
            match others {
                Some(name) => anyhow::bail!("no access.yaml: name {name}, if that is the access file"),
                None => anyhow::bail!("no access file: name one, or run this where access.yaml is"),
            }
        }
        load(if named.is_empty() { vec![&default] } else { named }, Kind::Any, &mut say_left_out)
    }
}

impl Files {
    /// Reads all files as one.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        self.paths.load()
    }

    /// What `--from`, the cluster and IAM say about a file. What was given of a `ConfigMap` that is written has to be read.
    pub(crate) fn facts(
        &self,
        access: &Access,
        process: &Process,
        written: Option<MappingTarget>,
    ) -> anyhow::Result<Facts> {
        let mut found = Inputs::default();
        self.from.read(&mut found)?;
        ignored(&found);
        let Inputs { mut dump, mut facts, entries, configuration, .. } = found;
        if self.from.is_given() {
            dump.add_to(&mut facts);
            // What cannot be read is said to be that.
            if dump.unread().is_empty() {
                for note in of_no_use(&facts, &dump, &entries, configuration.as_ref(), &self.from.names()) {
                    process::note(&format!("note: {note}"));
                }
            }
        }
        if self.live || self.cluster.is_named() {
            let looked = async { look(&self.cluster.connect(process).await?, COMPILING, &[]).await };
            let looked = runtime::block_on(looked)??;
            // What is missing would count as absent.
            if let Some(refused) = looked.refused.into_iter().next() {
                return Err(refused.into());
            }
            dump.extend(looked.dump);
            // A ConfigMap that is not there is known not to be there.
            facts.config_maps.get_or_insert_default();
        }
        let unread = dump.unread();
        say_gaps(&unread);
        for note in dump.notes() {
            process::note(&format!("note: {note}"));
        }
        if let Some(target) = written
            && unread.iter().any(|gap| gap.withholds(target))
        {
            anyhow::bail!(
                "nothing is written: {} was given but cannot be read, and overwriting it would remove the entries of others",
                target.title()
            );
        }
        dump.add_to(&mut facts);
        self.iam.add_to(&mut facts, access, process)?;
        Ok(facts)
    }
}

/// What of `--from` an access file is not compiled with.
fn of_no_use(
    facts: &Facts,
    dump: &Dump,
    entries: &AccessEntries,
    configuration: Option<&Source>,
    from: &str,
) -> Vec<String> {
    let configuration = configuration.map(|source| format!("{}, the authenticator's configuration,", source.name()));
    let entries = (!entries.is_empty()).then(|| "what `aws eks` printed".to_owned());
    let declared = dump.declared().first().map(|_| "what other programs' files say of access".to_owned());
    let unused = configuration.into_iter().chain(entries).chain(declared);
    let mut notes: Vec<String> = unused.map(|what| format!("{what} is not used by this command")).collect();
    let Facts { iam_groups, permission_sets, namespaces, roles, custom_resources, config_maps, in_iam } = facts;
    let is_known = namespaces.is_some() || roles.is_some() || config_maps.is_some() || !custom_resources.is_empty();
    let says_iam = !iam_groups.is_empty() || !permission_sets.is_empty() || !in_iam.is_empty();
    if notes.is_empty() && !is_known && !says_iam {
        notes.push(format!(
            "{from} has nothing that this command uses: it reads lists of namespaces, roles, clusterroles and ConfigMaps as \
             kubectl prints them, CustomResourceDefinitions, and output of `aws iam`"
        ));
    }
    notes
}

/// Reads paths as one access file, of files of this kind. What is not read of them is said to `say`.
pub(crate) fn load<'a>(
    paths: impl IntoIterator<Item = &'a PathBuf>,
    kind: Kind,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<Loaded> {
    let (mut sources, mut undecodable) = (Sources::default(), Vec::new());
    for path in paths {
        if path.as_os_str() == "-" && kind == Kind::Any {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).context("cannot read stdin")?;
            add(&mut sources, "<stdin>".to_owned(), &bytes, &mut undecodable);
            continue;
        }
        for file in access_files(path, say)? {
            let bytes = process::read_whole(&file, kind)?;
            add(&mut sources, file.display().to_string(), &bytes, &mut undecodable);
        }
    }
    let access::Read { access, mut problems } = access::read(&sources, &Limits::default());
    problems.splice(..0, undecodable);
    Ok(Loaded { sources, access, problems })
}

/// Adds a file. That one is no text stops none of the others: everything that is wrong is said in one run.
fn add(sources: &mut Sources, name: String, bytes: &[u8], undecodable: &mut Vec<Problem>) {
    let (text, why) = match document::decode(bytes) {
        Ok(text) => (text, None),
        Err(why) => (Cow::Borrowed(""), Some(why)),
    };
    let base = sources.add(name, text.into_owned()).base();
    let problem =
        |why: Undecodable| Problem::error("document.syntax", Span::at(base), why.to_string()).hint("save it as UTF-8");
    undecodable.extend(why.map(problem));
}

/// Whether one of them is an error.
pub(crate) fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

pub(crate) fn parse_expiry(text: &str) -> Result<Expiry, String> {
    match text {
        "refuse" => Ok(Expiry::Refuse),
        "at-next-apply" => Ok(Expiry::AtNextApply),
        _ => Err("expected refuse or at-next-apply".to_owned()),
    }
}

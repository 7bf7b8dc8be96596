//! `--from`: what is given in place of asking a cluster, or beside it. Files, folders of them, stdin.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs::{self, FileType},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{ArgGroup, Args};
use document::Source;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use inventory::{Dump, How, Inputs, KUSTOMIZATIONS, Kustomizations, Kustomized, Unseen};
use mapping::Reader;

use super::files::{access_files, is_read, say_left_out};
use crate::{global::Global, names, process, settings};

/// How many files are named that cannot be read.
const NAMED: usize = 5;
/// Where version control keeps its own.
const NEVER: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// Flags of every command that takes files in place of a cluster.
#[derive(Args, Clone, Debug, Default)]
#[command(group = ArgGroup::new("given").multiple(true))]
pub(crate) struct PathArgs {
    /// Read these files or folders in place of a cluster, or beside the one that --context or --kubeconfig names: output of
    /// `kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A -o json` (or `-o yaml`),
    /// manifests, access files, files of kops, eksctl, rbac-manager and aws-iam-authenticator that say who may log in, and
    /// output of `aws eks` and `aws iam`; `-` is stdin; repeatable
    #[arg(long, value_name = "PATH", group = "given")]
    from: Vec<PathBuf>,

    /// Skip files in --from folders that match this glob (.gitignore syntax); repeatable
    #[arg(long, value_name = "GLOB", requires = "from")]
    exclude: Vec<String>,

    /// Namespace for manifests that do not set one, as of `kubectl apply -n` [default: none; never the context's]. A
    /// kustomization that lists them sets theirs
    #[arg(long, value_name = "NAMESPACE", value_parser = names::namespace, requires = "given")]
    default_namespace: Option<String>,
}

/// The same where who somebody is comes from what the cluster says.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FromArgs {
    #[command(flatten)]
    pub(crate) files: PathArgs,

    /// How to read the authenticator's configuration: as aws-iam-authenticator 0.7.18 (`aws-iam-authenticator`) or as
    /// this program's server (`cluster-auth`) [default: as the server that runs in the cluster, else
    /// `aws-iam-authenticator`, with a note]
    #[arg(long, value_name = "SERVER", value_parser = parse_reader)]
    reader: Option<Reader>,
}

/// `--from` of what reads an access file and is not about who may do what in a cluster.
pub(crate) const COMPILED_WITH: &str = "Read these files or folders in addition to the live cluster: output of \
    `kubectl get namespaces,roles,clusterroles,configmaps -A -o json` (or `-o yaml`), CustomResourceDefinitions, and output of \
    `aws iam` about groups and roles; `-` is stdin; repeatable";

/// `--from` of `plan`.
pub(crate) const PLANNED_WITH: &str = "Read these files or folders in place of a cluster: output of \
    `kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A -o json` (or `-o yaml`), or \
    manifests. Read output of `aws iam` about groups and roles, and of `aws eks` about access entries, in addition to either. `-` \
    is stdin; repeatable";

/// `--from` of `apply`.
pub(crate) const APPLIED_WITH: &str = "Read these files or folders beside the cluster, which --context or --kubeconfig must name \
    then: output of `aws iam` about groups and roles, and of `aws eks` about access entries; `-` is stdin; repeatable";

/// `--from` of `diff`.
pub(crate) const COMPARED_IN: &str = "Only where A and B are subjects, read these files or folders in place of a cluster, or beside \
    the one that --context or --kubeconfig names: output of \
    `kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A -o json` (or `-o yaml`), \
    manifests, access files, files of kops, eksctl, rbac-manager and aws-iam-authenticator that say who may log in, and \
    output of `aws eks` and `aws iam`; `-` is stdin; repeatable";

/// `--from` of `import`.
pub(crate) const IMPORTED_FROM: &str = "Read these files or folders in place of a cluster, or beside the one that --context or \
    --kubeconfig names: output of `kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A \
    -o json` (or `-o yaml`), files of kops, eksctl, rbac-manager and aws-iam-authenticator that say who may log in, output of \
    `aws eks` and `aws iam`, and what `render` wrote; `-` is stdin; repeatable";

fn parse_reader(text: &str) -> Result<Reader, String> {
    let known = [Reader::AwsIamAuthenticator, Reader::ClusterAuth].into_iter().find(|reader| named(*reader) == text);
    known.ok_or_else(|| "expected aws-iam-authenticator or cluster-auth".to_owned())
}

/// As the flag has it.
fn named(reader: Reader) -> &'static str {
    if reader == Reader::ClusterAuth { "cluster-auth" } else { "aws-iam-authenticator" }
}

impl FromArgs {
    /// All of it as it is typed, with a blank in front of each flag.
    pub(crate) fn typed(&self) -> String {
        let reader = self.reader.iter().map(|reader| format!(" --reader {}", named(*reader)));
        [self.files.typed()].into_iter().chain(reader).collect()
    }

    /// Reads all of it into what holds what was read so far.
    pub(crate) fn read(&self, into: &mut Inputs) -> anyhow::Result<()> {
        self.reader.into_iter().for_each(|reader| into.dump.read_by(reader));
        self.files.read(into)
    }
}

impl PathArgs {
    /// Whether anything was named.
    pub(crate) fn is_given(&self) -> bool {
        !self.from.is_empty()
    }

    /// What was named.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.from
    }

    /// The namespace of manifests that do not say theirs.
    pub(crate) fn default_namespace(&self) -> Option<&str> {
        self.default_namespace.as_deref()
    }

    /// What was named, for people.
    pub(crate) fn names(&self) -> String {
        let name =
            |path: &PathBuf| if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() };
        self.from.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    fn typed(&self) -> String {
        let from = self.from.iter().map(|path| format!(" --from {}", path.display()));
        let exclude = self.exclude.iter().map(|glob| format!(" --exclude '{glob}'"));
        let namespace = self.default_namespace.iter().map(|name| format!(" --default-namespace {name}"));
        from.chain(exclude).chain(namespace).collect()
    }

    /// Reads all of it into what holds what was read so far.
    pub(crate) fn read(&self, into: &mut Inputs) -> anyhow::Result<()> {
        self.read_paths(&self.from, into)?;
        if let Some(namespace) = self.default_namespace.as_ref().filter(|_| !into.took_default_namespace()) {
            process::note(&format!(
                "note: --default-namespace {namespace} has no effect: every object in --from names its namespace"
            ));
        }
        Ok(())
    }

    /// Refuses what was named and says nothing at all: nobody means another cluster by that.
    pub(crate) fn says_something(&self, found: &Inputs) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_given() || found.says_something(), "nothing in {} is about access", self.names());
        Ok(())
    }

    /// Reads other paths as if they were given.
    pub(crate) fn read_paths<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a PathBuf>,
        into: &mut Inputs,
    ) -> anyhow::Result<()> {
        let paths: Vec<&PathBuf> = paths.into_iter().collect();
        let stdins = paths.iter().filter(|path| path.as_os_str() == "-").count();
        anyhow::ensure!(
            stdins < 2,
            "stdin can be read only once; give `--from -` once, with all documents one after another"
        );
        let mut folders = self.folders(into, &paths)?;
        for path in &paths {
            if path.as_os_str() == "-" {
                let mut text = Vec::new();
                io::stdin().lock().read_to_end(&mut text).context("cannot read stdin")?;
                self.named(into, Path::new("<stdin>"), &text, None)?;
            } else if let Some(files) = folders.files.remove(*path) {
                self.folder(into, path, &files, &mut folders)?;
            } else if path.is_dir() {
                // It was named twice, and read.
            } else {
                let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                let kustomized = beside(path, into);
                self.named(into, path, &text, kustomized.as_ref())?;
            }
        }
        folders.say_gaps(&paths, into);
        for glob in folders.useless {
            process::note(&format!("note: --exclude {glob} has no effect: no file or folder of --from matches it"));
        }
        // The same is said once, however often something is read.
        for note in std::mem::take(&mut into.notes) {
            process::note(&format!("note: {note}"));
        }
        Ok(())
    }

    /// A file that was named must be about something.
    fn named(
        &self,
        into: &mut Inputs,
        file: &Path,
        text: &[u8],
        kustomized: Option<&Kustomized>,
    ) -> anyhow::Result<()> {
        let name = file.display().to_string();
        if is_kustomization(file) {
            let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = folder.display();
            anyhow::bail!(
                "{name}: this is a kustomization, not its output; give `kubectl kustomize {folder} | cluster-auth … --from -`"
            );
        }
        let default_namespace = self.default_namespace.as_deref();
        let how = How { default_namespace, kustomized, ..How::default() };
        let known = into.read_as(&name, text, how).with_context(|| name.clone())?;
        anyhow::ensure!(
            known,
            "{name}: it is neither what kubectl, `aws iam` or `aws eks` print, nor a Cluster of kops (`kops get cluster -o \
             yaml`), manifests of access, a dynamic file of aws-iam-authenticator, or an access file"
        );
        Ok(())
    }

    /// Finds what lies in folders, and the kustomizations of all of them: one may take in what lies in another.
    fn folders(&self, into: &mut Inputs, paths: &[&PathBuf]) -> anyhow::Result<Folders> {
        let mut all = Folders { useless: self.exclude.iter().cloned().collect(), ..Folders::default() };
        for path in paths.iter().filter(|path| path.as_os_str() != "-") {
            if !fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.is_dir() {
                continue;
            }
            let found = Walk::new(path, &self.exclude)?.files();
            all.useless.retain(|glob| !found.excluded_by.contains(glob));
            for file in found.files.iter().filter(|file| is_kustomization(file)) {
                match fs::read(file) {
                    Ok(text) => {
                        let name = file.display().to_string();
                        if let Err(gap) = all.kustomizations.add(&name, &document::decode_lossy(&text).0) {
                            into.lacks(gap);
                        }
                    }
                    Err(error) => into.lacks(unreadable(file, &error)),
                }
            }
            all.files.insert((*path).clone(), found);
        }
        all.read = add_objects(&mut all.kustomizations);
        Ok(all)
    }

    /// Whatever a repository has lies in a folder: what says nothing of access is passed over and counted.
    fn folder(&self, into: &mut Inputs, folder: &Path, found: &Found, all: &mut Folders) -> anyhow::Result<()> {
        let Found { files, gaps, others, .. } = found;
        for gap in gaps {
            into.lacks(gap.clone());
        }
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let Folders { kustomizations, read, changed, unlisted, .. } = all;
        let of = kustomizations.of(names.iter().map(String::as_str));
        let (mut passed_over, access_files) = (0_usize, into.access_file_count());
        for (file, name) in files.iter().zip(&names).filter(|(file, _)| !is_kustomization(file)) {
            let kustomized = of.get(name.as_str());
            let default_namespace = self.default_namespace.as_deref();
            let text = match read.remove(name).map_or_else(|| fs::read(file), Ok) {
                Ok(text) => text,
                Err(error) => {
                    into.lacks(unreadable(file, &error));
                    continue;
                }
            };
            if let Some(kustomization) = kustomizations.patched_by(name) {
                changed.extend(may_be_of_access(&text).then(|| kustomization.to_owned()));
                continue;
            }
            let how = How { is_of_folder: true, default_namespace, kustomized, ..How::default() };
            let unparsable = into.unparsable.len();
            let known = match into.read_as(name, &text, how) {
                Err(error) if error.is_beside_another() => {
                    into.lacks(Unseen::new(name.as_str(), error.to_string()));
                    continue;
                }
                known => known.with_context(|| name.clone())?,
            };
            if known {
                // Other programs' files are none of kustomize's.
                if is_of_kubectl(&text) {
                    unlisted
                        .extend(kustomized.and_then(|of| Some((of.unlisted_by.as_deref()?.to_owned(), name.clone()))));
                }
                changed.extend(kustomized.iter().flat_map(|kustomized| &kustomized.more).map(ToString::to_string));
            } else {
                // What cannot be read is named.
                passed_over += usize::from(into.unparsable.len() == unparsable);
            }
        }
        into.settle_access_files(access_files);
        let unparsable = std::mem::take(&mut into.unparsable);
        let folder = folder.display();
        match passed_over {
            0 => {}
            1 => process::note(&format!("note: skipped 1 file of {folder} that is not about access")),
            _ => process::note(&format!("note: skipped {passed_over} files of {folder} that are not about access")),
        }
        for place in unparsable.iter().take(NAMED) {
            process::note(&format!(
                "note: {place}: this document is skipped: it cannot be read and does not look like a manifest of access"
            ));
        }
        if unparsable.len() > NAMED {
            process::note(&format!(
                "note: {} more files of {folder} are skipped for the same reason",
                unparsable.len() - NAMED
            ));
        }
        if *others > 0 {
            let (files, are) = if *others == 1 { ("1 file", "is") } else { (&*format!("{others} files"), "are") };
            process::note(&format!("note: {files} of {folder} {are} not read: only .json, .yaml and .yml are"));
        }
        Ok(())
    }
}

/// The folders of what was given.
#[derive(Default)]
struct Folders {
    /// What lies in each that was not read yet.
    files: BTreeMap<PathBuf, Found>,
    kustomizations: Kustomizations,
    /// What was read for the kustomizations, by its name.
    read: BTreeMap<String, Vec<u8>>,
    /// The kustomizations that change something of access otherwise than is followed.
    changed: BTreeSet<String>,
    /// Manifests of access beside kustomizations that do not list them.
    unlisted: Vec<(String, String)>,
    /// The globs that decided nothing so far.
    useless: BTreeSet<String>,
}

impl Folders {
    /// Adds what kustomizations of all folders do and is not followed.
    fn say_gaps(&self, paths: &[&PathBuf], into: &mut Inputs) {
        let Self { kustomizations, changed, unlisted, .. } = self;
        let changed = changed.iter().map(String::as_str).chain(kustomizations.that_bring_more());
        let given: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let unlisted: Vec<(&str, &str)> = unlisted.iter().map(|(by, file)| (&**by, &**file)).collect();
        let gaps = [
            kustomizations.gaps(changed),
            kustomizations.refused(),
            kustomizations.beyond(&given),
            inventory::unlisted_files(&unlisted),
        ];
        for gap in gaps.into_iter().flatten() {
            into.lacks(gap);
        }
    }
}

/// Adds the access files that paths name to what is given of a cluster.
pub(crate) fn read_access_files<'a>(
    paths: impl IntoIterator<Item = &'a PathBuf>,
    into: &mut Inputs,
) -> anyhow::Result<()> {
    let files =
        paths.into_iter().map(|path| access_files(path, &mut say_left_out)).collect::<anyhow::Result<Vec<_>>>()?;
    PathArgs::default().read_paths(&files.concat(), into)
}

/// Takes the gates that were typed for those that the server runs with.
pub(crate) fn gated(global: &Global, dump: &mut Dump) -> anyhow::Result<()> {
    if global.feature_gates().is_some() {
        dump.sso_role_match(settings::gates(global)?.sso_role_match);
    }
    Ok(())
}

/// Refuses the authenticator's configuration as a file, where a command would have to ignore it.
pub(crate) fn ensure_no_configuration(found: &Inputs) -> anyhow::Result<()> {
    let Some(source) = &found.configuration else { return Ok(()) };
    anyhow::bail!(
        "--from {}: this is the authenticator's configuration; give the ConfigMap that holds it (to `import` the file \
         itself, by -c)",
        source.name()
    )
}

/// Says which access files of `--from` are not looked at, where others are what it is about.
pub(crate) fn ignored(found: &Inputs) {
    for source in found.access_files().iter().flat_map(AsRef::<[Source]>::as_ref) {
        process::note(&format!(
            "note: --from {}: an access file says nothing about a cluster, and is skipped; give it without --from",
            source.name()
        ));
    }
}

/// What kustomizations beside a file that was named make of it.
fn beside(file: &Path, into: &mut Inputs) -> Option<Kustomized> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut kustomizations = Kustomizations::default();
    for name in KUSTOMIZATIONS {
        let path = folder.join(name);
        let Ok(text) = fs::read(&path) else { continue };
        let path = path.display().to_string();
        if let Err(gap) = kustomizations.add(&path, &document::decode_lossy(&text).0) {
            into.lacks(gap);
        }
    }
    add_objects(&mut kustomizations);
    let name = folder.join(file.file_name()?).display().to_string();
    let kustomized = kustomizations.of([name.as_str()]).remove(name.as_str());
    let changed = kustomized.iter().flat_map(|kustomized| &kustomized.more).map(|file| &**file);
    for gap in kustomizations.gaps(changed) {
        into.lacks(gap);
    }
    kustomized
}

/// Adds what the objects are called that kustomizations take in, and gives back what was read for that.
fn add_objects(kustomizations: &mut Kustomizations) -> BTreeMap<String, Vec<u8>> {
    let mut read = BTreeMap::new();
    for file in kustomizations.listed() {
        // Whoever reads a pipe may wait for ever.
        if !fs::metadata(&file).is_ok_and(|meta| meta.is_file()) {
            continue;
        }
        if let Ok(text) = fs::read(&file) {
            kustomizations.add_objects(&file, &document::decode_lossy(&text).0);
            read.insert(file, text);
        }
    }
    read
}

/// Whether a patch may change a role or a binding.
fn may_be_of_access(text: &[u8]) -> bool {
    let text = document::decode_lossy(text).0;
    ["rbac.authorization.k8s.io", "ServiceAccount", "aws-auth", "op:"].iter().any(|word| text.contains(word))
}

/// Whether a file may hold objects of access that people apply; what a cluster printed has versions.
fn is_of_kubectl(text: &[u8]) -> bool {
    let text = document::decode_lossy(text).0;
    ["rbac.authorization.k8s.io/", "aws-auth", "IAMIdentityMapping"].iter().any(|word| text.contains(word))
        && !text.contains("resourceVersion")
}

fn is_kustomization(file: &Path) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| KUSTOMIZATIONS.contains(&name))
}

fn unreadable(path: &Path, error: &io::Error) -> Unseen {
    Unseen::new(path.display().to_string(), format!("cannot read it: {error}"))
}

/// The way through a folder: hidden folders too, as kubectl goes, but none of version control; each file and each folder
/// once, however many symbolic links lead there, and by its own name where that lies in the folder.
struct Walk {
    excluded: Gitignore,
    seen: BTreeSet<PathBuf>,
    links: VecDeque<PathBuf>,
    found: Found,
}

#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    gaps: Vec<Unseen>,
    /// The globs that decided something.
    excluded_by: BTreeSet<String>,
    /// How many files are called otherwise than manifests.
    others: usize,
}

impl Walk {
    fn new(folder: &Path, exclude: &[String]) -> anyhow::Result<Self> {
        let mut builder = GitignoreBuilder::new(folder);
        for glob in exclude {
            builder.add_line(None, glob).with_context(|| format!("--exclude {glob}"))?;
        }
        let excluded = builder.build().context("--exclude")?;
        let mut walk = Self { excluded, seen: BTreeSet::new(), links: VecDeque::new(), found: Found::default() };
        walk.link(folder);
        Ok(walk)
    }

    fn files(mut self) -> Found {
        while let Some(link) = self.links.pop_front() {
            self.link(&link);
        }
        self.found
    }

    /// What a link leads to.
    fn link(&mut self, path: &Path) {
        match fs::canonicalize(path).and_then(|own| Ok((fs::metadata(&own)?.file_type(), own))) {
            Ok((kind, own)) => self.any(path, &own, kind),
            // A link to nothing is of interest where it is called like a manifest.
            Err(error) if is_of_interest(path) => self.found.gaps.push(unreadable(path, &error)),
            Err(_) => {}
        }
    }

    /// A file or a folder, with its own name: that follows from its folder's, for asking takes longer the deeper it lies.
    fn any(&mut self, path: &Path, own: &Path, kind: FileType) {
        if !self.seen.insert(own.to_owned()) {
            return;
        }
        if kind.is_dir() {
            self.folder(path, own);
        } else if is_of_interest(path) && kind.is_file() {
            self.found.files.push(path.to_owned());
        } else if is_of_interest(path) {
            // Whoever reads a pipe may wait for ever.
            let why = "it is a pipe, a socket or a device, not a file";
            self.found.gaps.push(Unseen::new(path.display().to_string(), why));
        } else if kind.is_file() {
            self.found.others += 1;
        }
    }

    fn folder(&mut self, folder: &Path, own: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.found.gaps.push(unreadable(folder, &error)),
        };
        let mut names = BTreeMap::new();
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
                Ok((name, kind)) => drop(names.insert(name, kind)),
                Err(error) => self.found.gaps.push(unreadable(folder, &error)),
            }
        }
        for (name, kind) in names {
            let path = folder.join(&name);
            let is_dir = kind.is_dir() || (kind.is_symlink() && path.is_dir());
            let is_never = NEVER.iter().any(|never| name == **never);
            if is_never {
                continue;
            }
            let matched = self.excluded.matched(&path, is_dir);
            self.found.excluded_by.extend(matched.inner().map(|glob| glob.original().to_owned()));
            if matched.is_ignore() {
                continue;
            }
            if kind.is_symlink() { self.links.push_back(path) } else { self.any(&path, &own.join(&name), kind) }
        }
    }
}

fn is_of_interest(path: &Path) -> bool {
    is_read(path) || is_kustomization(path)
}

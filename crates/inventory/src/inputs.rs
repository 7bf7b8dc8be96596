//! What files say that somebody gives in place of asking: dumps, manifests, access files, what the AWS CLI printed.

mod access_files;
mod configuration;
mod fields;
mod kustomize;
mod manifests;
mod outputs;
mod unkinded;

use std::{cell::Cell, collections::BTreeMap, fmt};

use access::{Facts, IamDumpError};
use document::{Document, Limits, Node, Problem, Severity, Source, Sources};
use mapping::{
    BackendMode, Reader, VARIABLES,
    authenticator::{self, ServerConfig},
    aws_iam_authenticator::LISTS,
};
use serde::{
    Deserializer as _,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use self::{
    access_files::{is_access, looks_like_access},
    configuration::{has_mappings, looks_like_configuration},
};
pub use self::{
    configuration::no_configuration,
    kustomize::{FILES as KUSTOMIZATIONS, Kustomizations, Kustomized, unlisted as unlisted_files},
};
use crate::{
    AccessEntries, AccessEntriesError, Dump, DumpError, Unseen,
    dump::Written,
    dump::servers::may_run,
    foreign::{self, Foreign},
    text::{
        placeholder,
        standing::{self, Standings},
        within,
        words::{named, with_article},
    },
};

/// Everything that was given by `--from` and `--config`, sorted by what it is about.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Objects of a cluster.
    pub dump: Dump,
    /// What IAM said.
    pub facts: Facts,
    /// EKS access entries.
    pub entries: AccessEntries,
    /// The authenticator's configuration, where its file was named, as `cluster-auth server` reads it.
    pub config: Option<ServerConfig>,
    /// The text of that: it counts in place of what the cluster has of it.
    pub configuration: Option<Source>,
    /// Whether that file was found in a folder, so that nobody said that a server has it.
    pub is_configuration_found: bool,
    /// What people wrote: access files, and manifests in YAML. The objects of the dump that come from there point into it.
    pub sources: Sources,
    /// What somebody may want to know of how texts were read.
    pub notes: Vec<Box<str>>,
    /// Documents of a folder that cannot be read and do not look like manifests of access, each with its place and why.
    pub unparsable: Vec<Box<str>>,
    access_files: Vec<usize>,
    /// Whether an object took the namespace that was given for those that do not say theirs.
    took_default_namespace: bool,
    says_something: bool,
}

/// What a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Cluster,
    Iam,
    Eks,
    Access,
    Foreign,
    DynamicFile,
    /// What resources are called.
    Definition,
    /// What may run the authenticator.
    Server,
    /// An object that does not say of which kind.
    NoKind,
    Nothing,
}

/// The reasons to reject an input.
#[derive(Debug)]
pub enum InputError {
    /// No text.
    Encoding,
    /// Objects of a cluster.
    Cluster(DumpError),
    /// What IAM said.
    Iam(IamDumpError),
    /// What EKS said.
    Eks(AccessEntriesError),
    /// One of several answers of the AWS CLI.
    Output {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        error: String,
    },
    /// YAML with problems, each with its line.
    Yaml(String),
    /// A template, and the first thing in it that is not YAML.
    Template(String),
    /// JSON that ends before it is complete.
    CutOff,
    /// A second configuration of the authenticator; the first one's name.
    SecondConfiguration(String),
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("it is not a text; give a file of YAML or JSON"),
            Self::Cluster(error) => error.fmt(f),
            Self::Iam(error) => error.fmt(f),
            Self::Eks(error) => error.fmt(f),
            Self::Output { line: 1, error } => f.write_str(error),
            Self::Output { line, error } => write!(f, "line {line}: {error}"),
            Self::Yaml(problems) => f.write_str(problems),
            Self::Template(reason) => write!(f, "it is a template ({reason}); {RENDERED}"),
            Self::CutOff => f.write_str(CUT_OFF),
            Self::SecondConfiguration(first) => {
                write!(
                    f,
                    "this is a second configuration of aws-iam-authenticator; {first} is the first one; give only one"
                )
            }
        }
    }
}

impl std::error::Error for InputError {}

impl InputError {
    /// Returns whether nothing is wrong with it but what was read before: another configuration, another answer.
    pub fn is_beside_another(&self) -> bool {
        matches!(self, Self::SecondConfiguration(_) | Self::Eks(AccessEntriesError::Contradicts(_)))
    }
}

/// How long a list of JSON may be that a person wrote; longer ones are some program's.
const WRITTEN: usize = 1 << 20;

/// Where an object stands.
#[derive(Clone, Copy)]
enum ObjectPlace<'a> {
    /// As a document.
    Document,
    /// In a list, which says by its `apiVersion` and kind what its elements are that say it themselves by neither.
    List(Option<(&'a str, &'a str)>),
}

/// The options by which an input is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct How<'a> {
    /// Whether it is one of a folder, where everything lies that a repository has: what is not a manifest is passed
    /// over, and what looks like one and cannot be read is a gap. What was named itself must be readable.
    pub is_of_folder: bool,
    /// The namespace of objects that do not say which.
    pub default_namespace: Option<&'a str>,
    /// What kustomizations make of it.
    pub kustomized: Option<&'a Kustomized>,
    /// Whether it is a template of ytt, which is seen when it is read.
    pub is_of_ytt: bool,
}

impl How<'_> {
    /// A kustomization's namespace goes before the one for what names none, of what it lists; several of these are none.
    fn namespace(&self) -> Option<&str> {
        let kustomized = match self.kustomized.map(|kustomized| &kustomized.namespaces[..]) {
            Some([one]) => Some(&*one.name),
            _ => None,
        };
        if self.is_kustomized() { kustomized } else { self.default_namespace.or(kustomized) }
    }

    /// Whether kustomizations say the namespace of what is in it.
    fn is_kustomized(&self) -> bool {
        self.kustomized.is_some_and(|of| of.unlisted_by.is_none() && !of.namespaces.is_empty())
    }
}

impl Inputs {
    /// Reads an input that was named; `false` where it is about nothing that is known here.
    pub fn read(&mut self, name: &str, text: &[u8]) -> Result<bool, InputError> {
        self.read_as(name, text, How::default())
    }

    /// Reads an input; `false` where it is about nothing that is known here. Lists in JSON go straight into slim types.
    pub fn read_as(&mut self, name: &str, text: &[u8], how: How<'_>) -> Result<bool, InputError> {
        let known = self.read_any(name, text, how)?;
        self.says_something |= known;
        Ok(known)
    }

    /// Returns whether anything was about access.
    pub fn says_something(&self) -> bool {
        self.says_something
    }

    /// Returns whether an object took the namespace that was given for those that do not say theirs.
    pub fn took_default_namespace(&self) -> bool {
        self.took_default_namespace
    }

    /// Adds a gap.
    pub fn lacks(&mut self, gap: Unseen) {
        self.says_something = true;
        self.dump.lacks(gap);
    }

    fn read_any(&mut self, name: &str, text: &[u8], how: How<'_>) -> Result<bool, InputError> {
        if !text.trim_ascii_start().starts_with(b"{") {
            return self.read_documents(name, text, how);
        }
        // In braces there may also be YAML, or several documents.
        match about(text).unwrap_or(About::Access) {
            About::Cluster => match self.read_list(name, text) {
                Some(read) => read,
                None => self.read_documents(name, text, how),
            },
            About::Iam | About::Eks if outputs::are_several(text) => self.read_documents(name, text, how),
            About::Iam => match self.facts.add_iam_dump(text) {
                Ok(_) => Ok(true),
                // Others use these words too. What is a part of an answer is one, wherever it lies.
                Err(IamDumpError::Shape) if how.is_of_folder => self.read_within(name, text, how),
                Err(error) => Err(InputError::Iam(error)),
            },
            About::Eks => match self.entries.read_at(text, Some((name, 1))) {
                Ok(()) => Ok(true),
                Err(AccessEntriesError::Shape) => match self.read_documents(name, text, how) {
                    Ok(false) if !how.is_of_folder => Err(InputError::Eks(AccessEntriesError::Shape)),
                    read => read,
                },
                Err(error) => Err(InputError::Eks(error)),
            },
            About::DynamicFile => {
                self.dump.add_dynamic_file(name, text);
                Ok(true)
            }
            About::Access | About::Definition | About::Foreign | About::NoKind | About::Server => {
                self.read_documents(name, text, how)
            }
            About::Nothing => self.read_within(name, text, how),
        }
    }

    /// Reads a text that is of no interest itself for what is in it.
    fn read_within(&mut self, name: &str, text: &[u8], how: How<'_>) -> Result<bool, InputError> {
        if within::may_be_in(text) { self.read_documents(name, text, how) } else { Ok(false) }
    }

    /// A list of JSON whose objects are all taken: what a cluster says of itself. Anything else is read with its places.
    fn read_list(&mut self, name: &str, text: &[u8]) -> Option<Result<bool, InputError>> {
        let mut dump = self.dump.beside();
        match dump.read_given(name, text) {
            // What a person wrote may have fields that there are not, and whoever reads it with its places names them.
            Ok(()) if dump.is_list() && (text.len() > WRITTEN || !dump.has_written()) => {
                self.dump.extend(dump);
                Some(Ok(true))
            }
            // A long one is not read twice.
            Err(error) if text.len() > Limits::default().max_bytes => Some(Err(InputError::Cluster(error))),
            Ok(()) | Err(_) => None,
        }
    }

    fn read_documents(&mut self, name: &str, text: &[u8], how: How<'_>) -> Result<bool, InputError> {
        let (text, _) = document::decode_lossy(text);
        let source = self.sources.add(name, text.into_owned()).clone();
        if looks_like_configuration(source.text()) && (!how.is_of_folder || has_mappings(source.text())) {
            self.configured_by(&source)?;
            self.is_configuration_found = how.is_of_folder;
            return Ok(true);
        }
        if looks_like_access(source.text())
            && !may_be_of_first_chart(source.text())
            && (!how.is_of_folder || is_access(&source))
        {
            self.access_files.push(source.base());
            return Ok(true);
        }
        let said = |problems: &[Problem]| {
            if source.text().contains('\0') {
                InputError::Encoding
            } else if is_cut_off(source.text()) {
                InputError::CutOff
            } else if is_template(source.text()) {
                InputError::Template(in_lines(&source, problems))
            } else {
                InputError::Yaml(in_lines(&source, problems))
            }
        };
        let how = How { is_of_ytt: manifests::is_of_ytt(source.text()), ..how };
        let mut items: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
        let documents = document::parse_manifests(&source, &Limits::default(), "items", |number, node| {
            items.entry(number).or_default().push(node);
        });
        let mut known = false;
        for document in documents {
            known |= match &document.read {
                Ok(_) => {
                    let items = items.get(&document.number).map(Vec::as_slice).unwrap_or_default();
                    self.read_document(&source, &document, items, how)?
                }
                Err(problems) if how.is_of_folder => self.unreadable(&source, &document, problems),
                Err(problems) => return Err(said(problems)),
            };
        }
        Ok(known)
    }

    /// Reads one document, with the elements of its list; returns whether it is known.
    fn read_document(
        &mut self,
        source: &Source,
        document: &Document,
        items: &[Node],
        how: How<'_>,
    ) -> Result<bool, InputError> {
        let (Some(root), Ok(read)) = (document.root(), &document.read) else { return Ok(false) };
        if let Some(gap) = unkinded::misspelt(source, root) {
            self.dump.lacks(gap);
            return Ok(true);
        }
        if let Some(why) = manifests::hides_its_kind(root) {
            let line = source.position(root.span.start).line;
            self.dump.lacks(Unseen::new(format!("an object of access ({}:{line})", source.name()), why));
            return Ok(true);
        }
        if outputs::are(root) {
            return Ok(self.read_outputs(source, document, how)? || self.look_within(source, root));
        }
        if let Some(foreign) = foreign::read(source, root) {
            self.declare(foreign, source);
            return Ok(true);
        }
        let text_of = |key: &str| root.get(key).and_then(Node::as_scalar).map(|scalar| &*scalar.text);
        let (version, kind) = (text_of("apiVersion").unwrap_or_default(), text_of("kind"));
        match kind {
            Some("Template") if manifests::is_template_of_access(root) => {
                let line = source.position(root.span.start).line;
                let what = format!("OpenShift's Template {}:{line}", source.name());
                let why = "roles and bindings are in it; give what `oc process` prints, by `--from -`";
                self.dump.lacks(Unseen::new(what, why));
            }
            Some(kind) if Dump::overlooks(version, kind) => {
                return Ok(self.dump.overlook_document((version, kind), root, source) || self.look_within(source, root));
            }
            // Of no interest: what kops keeps beside it, deployments and the like.
            Some(kind) if !Dump::is_about(version, kind) => {
                match unkinded::of_unknown_list(source, root, kind, items.iter()) {
                    Some(gap) => self.dump.lacks(gap),
                    None => {
                        let is_known = self.dump.look_at((version, kind), root, source);
                        return Ok((!Dump::is_definition(version, kind) && self.look_within(source, root)) || is_known);
                    }
                }
            }
            Some(kind) => {
                self.add_document(source, root, (version, kind), items.iter(), how);
                self.notes.extend(read.warnings.iter().map(|warning| {
                    let line = source.position(warning.span.start).line;
                    format!("{}:{line}: {}", source.name(), warning.message).into()
                }));
            }
            None if ["groups", "clusterID", "nodes"].iter().any(|key| root.get(key).is_some()) => {
                if how.is_of_folder && !is_access(source) {
                    return Ok(self.look_within(source, root));
                }
                self.access_files.push(source.base());
            }
            // No kind, and what has this version is about access.
            None if version.starts_with("rbac.authorization.k8s.io/") => {
                self.add(source, root, ObjectPlace::Document, how);
            }
            None => {
                let gap = unkinded::gap(source, root, !items.is_empty(), how.is_of_folder);
                let Some(gap) = gap.or_else(|| within::gap(source, root)) else { return Ok(false) };
                self.dump.lacks(gap);
            }
        }
        Ok(true)
    }

    /// Whether something of access is in a document that is of no interest itself, which is then a gap. What a cluster has of it
    /// is among the cluster's own objects.
    fn look_within(&mut self, source: &Source, root: &Node) -> bool {
        let metadata = root.get("metadata");
        let is_of_cluster = metadata.is_some_and(|metadata| metadata.get("resourceVersion").is_some());
        let text = |key| metadata.and_then(|metadata| metadata.get(key)).and_then(Node::as_scalar);
        let name = [text("namespace"), text("name")].map(|scalar| scalar.map(|scalar| &*scalar.text));
        let is_read =
            is_of_cluster || matches!(name, [Some(namespace), Some(name)] if self.dump.wants(namespace, name));
        let Some(gap) = within::gap(source, root).filter(|_| !is_read) else { return false };
        self.dump.lacks(gap);
        true
    }

    /// One document of a kind that is of interest: an object, or a list with its elements.
    fn add_document<'n>(
        &mut self,
        source: &Source,
        root: &Node,
        (version, kind): (&str, &str),
        items: impl Iterator<Item = &'n Node>,
        how: How<'_>,
    ) {
        let is_json = source.text().trim_start().starts_with('{');
        let printed = root.get("metadata").and_then(|metadata| metadata.get("resourceVersion"));
        // Lists that people write are parts as well: what kubectl prints has a version, if an empty one.
        let items: Vec<&Node> = items.collect();
        let kinds = (!is_json && printed.is_none()).then(|| self.dump.kinds());
        self.dump.begin_list();
        self.add(source, root, ObjectPlace::Document, how);
        for node in &items {
            self.add_element(source, node, (version, kind.strip_suffix("List").unwrap_or(kind)), how);
        }
        self.dump.end_list(kinds.is_some() || manifests::is_of_part(root));
        if manifests::is_of_part(root) {
            let written = Written { source, span: root.span, has_origin: true, texts: Standings::new() };
            let of_items = items.iter().filter_map(|node| Some(&*node.get("kind")?.as_scalar()?.text));
            self.dump.are_cut(of_items.chain(kind.strip_suffix("List")), &written);
        } else if let Some(kinds) = kinds {
            self.dump.are_parts(kinds);
        }
    }

    /// One element of a list whose elements are of this version and kind, where they do not say theirs.
    fn add_element(&mut self, source: &Source, node: &Node, (version, kind): (&str, &str), how: How<'_>) {
        if let Some(foreign) = foreign::read(source, node) {
            return self.declare(foreign, source);
        }
        let says_nothing = node.get("kind").is_none() && node.get("apiVersion").is_none();
        let of = Some((version, kind)).filter(|_| says_nothing && !kind.is_empty());
        self.add(source, node, ObjectPlace::List(of), how);
        if node.get("items").and_then(Node::as_sequence).is_some() {
            let what = format!("a list in a list ({}:{})", source.name(), source.position(node.span.start).line);
            let why = "kubectl refuses the whole list around it; here its objects count";
            self.dump.lacks(Unseen::new(what, why));
        }
    }

    /// Takes the authenticator's own configuration, of which there is one.
    fn configured_by(&mut self, source: &Source) -> Result<(), InputError> {
        if let Some(first) = &self.configuration {
            return Err(InputError::SecondConfiguration(first.name().to_owned()));
        }
        self.configure(source.clone());
        Ok(())
    }

    /// Uses this configuration of the authenticator in place of the cluster's own. Who reads its mappings
    /// shows when everything was read: what the one refuses the other may take.
    pub fn configure(&mut self, source: Source) {
        let read = authenticator::read_config_in(&source, None).ok();
        let nobody = || ServerConfig {
            mounted_file: Some(mapping::Source::empty(BackendMode::MountedFile, Reader::ClusterAuth)),
            ..ServerConfig::default()
        };
        let mut server = read.map_or_else(nobody, |(config, _)| config.server);
        // One that says nothing of mappings has none.
        server.mounted_file = server.mounted_file.or_else(|| nobody().mounted_file);
        self.config = Some(server);
        self.configuration = Some(source);
        self.is_configuration_found = false;
        self.says_something = true;
    }

    /// Takes what a file of another program says. What that program itself would refuse says nothing.
    fn declare(&mut self, foreign: Foreign, source: &Source) {
        let is_gap = |problem: &&Problem| problem.severity == Severity::Error || problem.code == foreign::NOT_KNOWN;
        for problem in foreign.problems.iter().filter(is_gap) {
            let line = source.position(problem.span.start).line;
            self.dump.lacks_beside(foreign::gap(problem, source.name(), line));
        }
        for entry in &foreign.entries {
            self.entries.add(entry, &foreign.file, source.position(entry.span.start).line);
        }
        foreign.mode.into_iter().for_each(|mode| self.entries.set_mode(mode));
        self.dump.declare(foreign);
    }

    /// One object as it stands in a text, through JSON: it is read by the same types. An object that
    /// cannot be taken is a gap, and takes no other with it.
    fn add(&mut self, source: &Source, node: &Node, place: ObjectPlace<'_>, how: How<'_>) {
        let mut value = node.to_json();
        if let (ObjectPlace::List(Some((api_version, kind))), Some(object)) = (place, value.as_object_mut()) {
            object.insert("apiVersion".to_owned(), api_version.into());
            object.insert("kind".to_owned(), kind.into());
        }
        let at = |node: &Node| format!("{}:{}", source.name(), source.position(node.span.start).line);
        let what = format!("{} ({})", named(&value), at(node));
        let is_of_cluster = value["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty());
        if !is_of_cluster && (manifests::is_encrypted(node) || how.is_of_ytt) && manifests::may_be_of_access(&value) {
            let why = if how.is_of_ytt { manifests::OF_YTT } else { manifests::ENCRYPTED };
            // Whoever may be in it is not known to be let in nowhere.
            self.dump.lacks(match manifests::map_of_logins(&value) {
                Some(name) => Unseen::of_config_map(name, why),
                None => Unseen::new(what, why),
            });
            return;
        }
        if !is_of_cluster && let Some((written, text)) = manifests::placeholder(node) {
            let what = format!("{} ({})", named(&value), at(written));
            let why = placeholder::why(text);
            self.dump.lacks(Unseen::new(what, why));
            return;
        }
        if !is_of_cluster {
            let text = |key: &str| value[key].as_str().unwrap_or_default();
            let name = value["metadata"]["name"].as_str().unwrap_or_default();
            for fields::Unknown { at, path, meant } in fields::unknown(node, text("apiVersion"), text("kind"), name) {
                let line = source.position(at.start).line;
                let what = format!("`{path}` of {} ({}:{line})", named(&value), source.name());
                let meant = meant.map(|meant| format!(" (`{meant}`?)")).unwrap_or_default();
                let why =
                    format!("unknown field{meant}: kubectl refuses the object; here it counts without that field");
                self.dump.lacks(Unseen::new(what, why));
            }
        }
        self.took_default_namespace |=
            how.default_namespace.is_some() && !how.is_kustomized() && manifests::lacks_namespace(&value);
        if let Some(kustomized) = how.kustomized {
            let open = kustomize::onto(&mut value, kustomized);
            for why in open.reasons {
                self.dump.lacks(Unseen::new(&*what, why));
            }
            self.dump.labels_are_open(&what, open.labels);
            if open.is_several {
                return self.dump.are_parts(self.dump.kinds());
            }
        }
        let is_element = matches!(place, ObjectPlace::List(_));
        let is_list = is_element || value.get("items").is_some();
        if is_element {
            value = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [value]});
        }
        // Of what a cluster printed as JSON nobody wants to know the line.
        let has_origin = !is_element || !source.text().trim_start().starts_with('{');
        let is_map = value["kind"] == "ConfigMap" || value["items"][0]["kind"] == "ConfigMap";
        let texts = if is_map { standing::of_object(source, node) } else { Standings::new() };
        let written = Written { source, span: node.span, has_origin, texts };
        let gaps = self.dump.gaps();
        match self.dump.read_written(value.to_string().as_bytes(), is_list, how.namespace(), &written) {
            // Whoever knows the elements says of what it is a part.
            Err(DumpError::Objects(rbac::dump::DumpError::Partial)) if matches!(place, ObjectPlace::Document) => {}
            Err(error) => {
                let error = match error {
                    DumpError::Objects(rbac::dump::DumpError::Syntax(error)) => error.to_string(),
                    error => error.to_string(),
                };
                // The line is one of a text that nobody sees.
                let why = format!("an API server refuses it: {}", error.split(" at line ").next().unwrap_or_default());
                self.dump.lacks(Unseen::new(what, why));
            }
            Ok(()) => {}
        }
        if self.dump.gaps() == gaps && !manifests::is_of_rights(&value) {
            self.look_within(source, node);
        }
    }

    /// A document of a folder that cannot be read is a gap where it looks like a manifest of access.
    fn unreadable(&mut self, source: &Source, document: &Document, problems: &[Problem]) -> bool {
        let Some((kind, line)) = manifests::looks_like(source, document) else {
            if let Some((action, line)) = manifests::brings(source, document) {
                let what = format!("what `{action}` makes ({}:{line})", source.name());
                self.dump.lacks(Unseen::new(what, format!("it is a template; {RENDERED}")));
                return true;
            }
            let place = problems.first().map(|problem| source.position(problem.span.start).line);
            let why = problems.first().map_or("", |problem| &problem.message);
            self.unparsable.push(format!("{}:{} ({why})", source.name(), place.unwrap_or(1)).into());
            return false;
        };
        let text = &source.text()[document.span.start - source.base()..document.span.end - source.base()];
        let reason = problems.first().map_or_else(String::new, |problem| {
            format!("line {}: {}", source.position(problem.span.start).line, problem.message)
        });
        let why = if is_cut_off(text) {
            CUT_OFF.to_owned()
        } else if is_template(text) {
            format!("it is a template ({reason}); {RENDERED}")
        } else {
            format!("it cannot be read: {reason}")
        };
        let what = format!("{} ({}:{line})", with_article(&kind), source.name());
        self.dump.lacks(Unseen::new(what, why));
        true
    }
}

/// Problems with their lines, in one.
fn in_lines(source: &Source, problems: &[Problem]) -> String {
    let said = problems
        .iter()
        .map(|problem| format!("line {}: {}", source.position(problem.span.start).line, problem.message));
    said.collect::<Vec<_>>().join("; ")
}

/// What to do with a template.
const RENDERED: &str =
    "give what it becomes: `helm template … | cluster-auth … --from -`, or what its own program prints";
const CUT_OFF: &str = "it ends before it is complete, as if it had been cut off; print it again";

/// Whether a text is JSON that ends too early.
fn is_cut_off(text: &str) -> bool {
    let is_early = |error: serde_json::Error| error.is_eof();
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_err_and(is_early)
}

/// Whether a text is for another program to fill in. What the authenticator itself fills in makes no template of it.
fn is_template(text: &str) -> bool {
    let is_ours = |action: &str| VARIABLES.contains(&&*format!("{{{{{}}}}}", action.trim()));
    text.split("{{").skip(1).any(|rest| !rest.split_once("}}").is_some_and(|(action, _)| is_ours(action)))
}

/// Whether it is worth looking whether these are the values of the first chart, and no access file.
fn may_be_of_first_chart(text: &str) -> bool {
    ["authentication:", "role:"].iter().all(|key| text.contains(key))
}

/// What JSON is about, by the first of its outermost keys that says so: the rest is not looked at here.
fn about(json: &[u8]) -> Result<About, serde_json::Error> {
    struct First<'a>(&'a Cell<About>);
    impl<'de> Visitor<'de> for First<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
            let mut of: (Option<String>, Option<String>) = (None, None);
            while let Some(key) = map.next_key::<String>()? {
                let about = match &*key {
                    "apiVersion" | "kind" => {
                        let value = map.next_value::<serde_json::Value>()?.as_str().unwrap_or_default().to_owned();
                        *if key == "kind" { &mut of.1 } else { &mut of.0 } = Some(value);
                        match &of {
                            (Some(version), kind) if foreign::is_of(version, kind.as_deref().unwrap_or_default()) => {
                                About::Foreign
                            }
                            (Some(version), Some(kind)) if Dump::is_about(version, kind) => About::Cluster,
                            (Some(version), Some(kind)) if Dump::is_definition(version, kind) => About::Definition,
                            (Some(version), Some(kind)) if may_run(version, kind) => About::Server,
                            // It may be a list all the same.
                            _ => continue,
                        }
                    }
                    "items" => About::Cluster,
                    "Resources" => About::NoKind,
                    key if let Some(about) = outputs::about(key) => about,
                    "groups" | "clusterID" | "nodes" => About::Access,
                    key if unkinded::is_misspelt(key) || unkinded::FRAGMENTS.contains(&key) => About::NoKind,
                    key if LISTS.iter().any(|list| key.eq_ignore_ascii_case(list)) => About::DynamicFile,
                    "resource" | "users" => About::Foreign,
                    key if foreign::identity_providers::KEYS.contains(&key) => About::Foreign,
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                };
                self.0.set(about);
                return Err(M::Error::custom("known"));
            }
            if let (Some(_), None) = &of {
                self.0.set(About::NoKind);
            }
            // Without an `apiVersion` it is still somebody's object.
            if let (None, Some(kind)) = &of
                && Dump::is_about("", kind)
            {
                self.0.set(About::Cluster);
            }
            Ok(())
        }
    }
    let found = Cell::new(About::Nothing);
    let read = serde_json::Deserializer::from_slice(json).deserialize_map(First(&found));
    match (found.get(), read) {
        (About::Nothing, Err(error)) => Err(error),
        (about, _) => Ok(about),
    }
}

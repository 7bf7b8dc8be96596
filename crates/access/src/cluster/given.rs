//! What files say that somebody gives in place of asking: dumps, manifests, access files, what the AWS CLI printed.

use std::{cell::Cell, fmt};

use document::{Limits, Node, Problem, RenderStyle, Source, Sources};
use mapping::authenticator::{self, ServerConfig};
use serde::{
    Deserializer as _,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{AccessEntries, AccessEntriesError, Dump, DumpError, dump::Written};
use crate::{
    Facts, IamDumpError,
    foreign::{self, Foreign},
};

/// Everything that was given, sorted by what it is about.
#[derive(Debug, Default)]
pub struct Given {
    /// Objects of a cluster.
    pub dump: Dump,
    /// What IAM said.
    pub facts: Facts,
    /// EKS access entries.
    pub entries: AccessEntries,
    /// The authenticator's configuration, where its file was named: it counts in place of what the cluster has of it.
    pub config: Option<ServerConfig>,
    /// The text of that, where it was among what was given.
    pub configuration: Option<Source>,
    /// What people wrote: access files, and manifests in YAML. The objects of the dump that come from there point into it.
    pub sources: Sources,
    access_files: Vec<usize>,
}

/// What a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Cluster,
    Iam,
    Eks,
    Access,
    Foreign,
    Nothing,
}

/// Why a text cannot be used.
#[derive(Debug)]
pub enum GivenError {
    /// No text.
    Encoding,
    /// Objects of a cluster.
    Cluster(DumpError),
    /// What IAM said.
    Iam(IamDumpError),
    /// What EKS said.
    Eks(AccessEntriesError),
    /// YAML with problems, as they are printed.
    Yaml(String),
    /// A second configuration of the authenticator; the first one's name.
    SecondConfiguration(String),
}

impl fmt::Display for GivenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("it is not UTF-8"),
            Self::Cluster(error) => error.fmt(f),
            Self::Iam(error) => error.fmt(f),
            Self::Eks(error) => error.fmt(f),
            Self::Yaml(problems) => f.write_str(problems),
            Self::SecondConfiguration(first) => {
                write!(f, "this is a second configuration of aws-iam-authenticator, beside {first}; give one")
            }
        }
    }
}

impl std::error::Error for GivenError {}

impl Given {
    /// Takes what a text says; `false` where it is about nothing that is known here. JSON goes straight into slim types.
    pub fn read(&mut self, name: &str, text: &[u8]) -> Result<bool, GivenError> {
        if !text.trim_ascii_start().starts_with(b"{") {
            return self.read_yaml(name, text);
        }
        // In braces there may also be YAML.
        match about(text).unwrap_or(About::Access) {
            About::Cluster => self.dump.read(text).map_err(GivenError::Cluster)?,
            About::Iam => drop(self.facts.add_iam_dump(text).map_err(GivenError::Iam)?),
            About::Eks => self.entries.read(text).map_err(GivenError::Eks)?,
            About::Access | About::Foreign => return self.read_yaml(name, text),
            About::Nothing => return Ok(false),
        }
        Ok(true)
    }

    /// The access files, as they are read and located; none where none was given.
    pub fn access_files(&self) -> Option<Sources> {
        let is_one = |source: &Source| self.access_files.contains(&source.base());
        (!self.access_files.is_empty()).then(|| self.sources.only(is_one))
    }

    fn read_yaml(&mut self, name: &str, text: &[u8]) -> Result<bool, GivenError> {
        let text = str::from_utf8(text).map_err(|_| GivenError::Encoding)?;
        let source = self.sources.add(name, text).clone();
        if looks_like_configuration(text) {
            return self.configured_by(&source).map(|()| true);
        }
        if looks_like_access(text) && !may_be_of_first_chart(text) {
            self.access_files.push(source.base());
            return Ok(true);
        }
        let said = |problems: Vec<Problem>| GivenError::Yaml(printed(&source, &problems));
        let (mut nameless, mut failed, mut number_of_items) = (Vec::new(), None, 0_usize);
        let mut foreigners: Vec<Foreign> = Vec::new();
        let dump = &mut self.dump;
        let item = |number: usize, node: Node| {
            number_of_items += 1;
            if let Some(foreign) = foreign::read(&source, &node) {
                foreigners.push(foreign);
            } else if node.get("kind").is_none() && node.get("apiVersion").is_none() {
                nameless.push((number, node)); // Of a typed list, whose kind may come behind its items.
            } else if let Err(error) = add(dump, &source, &node, None, true) {
                failed.get_or_insert(error);
            }
        };
        let documents = document::parse_manifests(&source, &Limits::default(), "items", item);
        let mut known = false;
        for document in documents {
            let (number, root) = (document.number, document.read.map_err(said)?.root);
            let Some(root) = root.filter(|root| !root.is_null()) else { continue };
            let text_of = |key: &str| root.get(key).and_then(Node::as_scalar).map(|scalar| &*scalar.text);
            let (version, kind) = (text_of("apiVersion").unwrap_or_default(), text_of("kind"));
            if let Some(foreign) = foreign::read(&source, &root) {
                foreigners.push(foreign);
                known = true;
                continue;
            }
            match kind {
                // Of no interest: what kops keeps beside it, deployments and the like.
                Some(kind) if !Dump::is_about(version, kind) => continue,
                Some(kind) => {
                    add(&mut self.dump, &source, &root, None, false).map_err(GivenError::Cluster)?;
                    let of = Some((version, kind.strip_suffix("List").unwrap_or(kind)));
                    for (_, node) in nameless.iter().filter(|(of, _)| *of == number) {
                        add(&mut self.dump, &source, node, of, true).map_err(GivenError::Cluster)?;
                    }
                }
                None if ["groups", "clusterID", "nodes"].iter().any(|key| root.get(key).is_some()) => {
                    self.access_files.push(source.base());
                }
                None => continue,
            }
            known = true;
        }
        for foreign in foreigners {
            self.declare(foreign, &source);
        }
        failed.map_or(Ok(known || number_of_items > 0), |error| Err(GivenError::Cluster(error)))
    }

    /// Takes the authenticator's own configuration, of which there is one.
    fn configured_by(&mut self, source: &Source) -> Result<(), GivenError> {
        if let Some(first) = self.configuration.replace(source.clone()) {
            return Err(GivenError::SecondConfiguration(first.name().to_owned()));
        }
        let read = authenticator::read_config_in(source, None);
        let (config, _) = read.map_err(|problems| GivenError::Yaml(printed(source, &problems)))?;
        self.config = Some(config.server).filter(|server| server.mounted_file.is_some());
        Ok(())
    }

    /// Takes what a file of another program says.
    fn declare(&mut self, foreign: Foreign, source: &Source) {
        for entry in &foreign.entries {
            self.entries.add(entry, &foreign.file, source.position(entry.span.start).line);
        }
        foreign.mode.into_iter().for_each(|mode| self.entries.set_mode(mode));
        self.dump.declare(foreign);
    }
}

/// One object as it stands in a text, through JSON: it is read by the same types. `of` is what a typed list says of it.
fn add(
    dump: &mut Dump,
    source: &Source,
    node: &Node,
    of: Option<(&str, &str)>,
    is_element: bool,
) -> Result<(), DumpError> {
    let mut value = node.to_json();
    if let (Some((api_version, kind)), Some(object)) = (of, value.as_object_mut()) {
        object.insert("apiVersion".to_owned(), api_version.into());
        object.insert("kind".to_owned(), kind.into());
    }
    let is_list = is_element || value.get("items").is_some();
    if is_element {
        value = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [value]});
    }
    dump.read_written(value.to_string().as_bytes(), is_list, None, Written { source, span: node.span })
}

fn printed(source: &Source, problems: &[Problem]) -> String {
    document::render(source, problems, RenderStyle::Plain).trim_end().to_owned()
}

/// Whether a text's outermost keys are those of aws-iam-authenticator's configuration, in any case.
fn looks_like_configuration(text: &str) -> bool {
    let mut keys = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
    let others = ["apiversion:", "kind:", "groups:", "nodes:"];
    let is_other = |line: &str| others.iter().any(|key| line.to_ascii_lowercase().starts_with(key));
    let is_server = |line: &str| line.to_ascii_lowercase().starts_with("server:");
    keys.find_map(|line| (is_other(line) || is_server(line)).then(|| is_server(line))).unwrap_or_default()
}

/// Whether a text's outermost keys are an access file's. Those of others are found by reading them.
fn looks_like_access(text: &str) -> bool {
    let mut keys = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
    let of_access = |line: &str| ["groups:", "clusterID:", "nodes:"].iter().any(|key| line.starts_with(key));
    let of_object = |line: &str| ["apiVersion:", "kind:"].iter().any(|key| line.starts_with(key));
    keys.find_map(|line| (of_access(line) || of_object(line)).then(|| of_access(line))).unwrap_or_default()
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
                            (Some(version), _) if foreign::is_of(version) => About::Foreign,
                            (Some(version), Some(kind)) if Dump::is_about(version, kind) => About::Cluster,
                            (Some(_), Some(_)) => About::Nothing,
                            (None, _) | (_, None) => continue,
                        }
                    }
                    "items" => About::Cluster,
                    "Group" | "Users" | "Roles" | "IsTruncated" | "Marker" => About::Iam,
                    "accessEntries" | "accessEntry" | "associatedAccessPolicies" | "cluster" => About::Eks,
                    "groups" | "clusterID" | "nodes" => About::Access,
                    "resource" | "users" => About::Foreign,
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                };
                self.0.set(about);
                return Err(M::Error::custom("known"));
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

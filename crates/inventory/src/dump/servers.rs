//! Which server reads the authenticator's own configuration, and what it is started with: said by whoever asks, or by what
//! runs it in the cluster.

use std::collections::BTreeSet;

use mapping::{
    BackendMode, Reader,
    authenticator::FeatureGates,
    aws_iam_authenticator::{Options, Settings, checked_modes},
};
use serde_json::Value;

use crate::{MappingTarget, RECORD_NAMESPACE as NAMESPACE, Unseen};

/// What runs servers, by `apiVersion` and kind.
const RUNNING: [(&str, &str); 4] =
    [("apps/v1", "DaemonSet"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("v1", "Pod")];

/// Why it is not known what runs, where nobody was kept from looking.
const NOTHING_RUNS: &str = "nothing that was read runs one in kube-system";

/// What is known of servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Servers {
    /// Who reads it, by a flag.
    pub(crate) asked: Option<Reader>,
    /// The gate `SSORoleMatch`, by a flag.
    pub(crate) sso_role_match: Option<bool>,
    /// What else says that it is `cluster-auth server`, where nothing that runs was seen.
    pub(crate) is_ours: bool,
    /// What runs one.
    seen: Vec<Running>,
    /// Why it is not known what runs.
    pub(crate) unseen: Option<Box<str>>,
    /// What mounts one of the `ConfigMap`s and runs nothing that is known, with its image.
    unknown: BTreeSet<Box<str>>,
}

/// Something that runs a server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Running {
    /// Kind, namespace and name, and where it stands.
    what: Box<str>,
    reader: Reader,
    sso_role_match: bool,
    /// `--backend-mode`.
    modes: Flag,
    /// It mounts the `ConfigMap` with the configuration.
    mounts: bool,
    /// It mounts the `ConfigMap` with our access file.
    mounts_access_file: bool,
    /// A flag or a variable may say which cluster it is for.
    names_cluster: bool,
}

/// What a server's `--backend-mode` says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Flag {
    /// It is not given.
    Absent,
    /// These modes.
    Modes(Vec<BackendMode>),
    /// It is given, and what it says is not known: why.
    NotKnown(Box<str>),
}

/// How the mapping sources are read, and why so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) reader: Reader,
    pub(crate) options: Options,
    /// The modes in the order in which they are asked, where that is known.
    pub(crate) modes: Option<Vec<BackendMode>>,
    /// A flag gives them, and cannot be read: why.
    pub(crate) unread_modes: Option<Box<str>>,
    /// Nobody said it: why not.
    pub(crate) assumed: Option<Box<str>>,
    /// Several say it, and not the same.
    pub(crate) disputed: Option<Unseen>,
}

/// Whether objects of a kind may run a server.
pub(crate) fn may_run(api_version: &str, kind: &str) -> bool {
    RUNNING.contains(&(api_version, kind.strip_suffix("List").unwrap_or(kind)))
}

impl Servers {
    /// Looks at an object by its kind, its namespace, what to call it, and its `spec`; whether it runs a server.
    pub(crate) fn look_at(&mut self, kind: &str, namespace: Option<&str>, what: &str, spec: &Value) -> bool {
        let pod = if kind == "Pod" { spec } else { &spec["template"]["spec"] };
        let Some(mut running) = Running::of(what, pod) else {
            let is_here = namespace.is_none_or(|namespace| namespace == NAMESPACE);
            self.unknown.extend(unknown_image(pod).filter(|_| is_here).map(|why| format!("{what} {why}").into()));
            return false;
        };
        // A pod mounts what is in its own namespace.
        if namespace.is_some_and(|namespace| namespace != NAMESPACE) {
            (running.mounts, running.mounts_access_file) = (false, false);
        }
        if !self.seen.contains(&running) {
            self.seen.push(running);
        }
        true
    }

    /// Whether anything says who reads the configuration.
    pub(crate) fn is_told(&self) -> bool {
        self.asked.is_some() || !self.seen.is_empty()
    }

    /// Takes in what another one has seen.
    pub(crate) fn extend(&mut self, other: Self) {
        self.asked = self.asked.or(other.asked);
        self.sso_role_match = self.sso_role_match.or(other.sso_role_match);
        self.is_ours |= other.is_ours;
        self.unseen = self.unseen.take().or(other.unseen);
        self.unknown.extend(other.unknown);
        for running in other.seen {
            if !self.seen.contains(&running) {
                self.seen.push(running);
            }
        }
    }

    /// How everything is read, with what the configuration itself says, where that can be seen. `is_given` says that it is the
    /// file that the server has, by the word of whoever gave it.
    pub(crate) fn told(&self, config: Option<&Settings>, is_given: bool) -> Told {
        let running = self.of_configuration();
        let is_ours = self.is_ours || config.is_some_and(|config| config.has_access_file);
        let first = running.first().map(|running| running.reader);
        let other = running.iter().find(|running| Some(running.reader) != first);
        let (mut assumed, mut disputed) = (None, None);
        let reader = match (self.asked, first, other) {
            (Some(asked), ..) => asked,
            (None, Some(_), Some(other)) => {
                disputed = Some(differing(running[0], other));
                Reader::AwsIamAuthenticator
            }
            (None, Some(reader), None) => reader,
            (None, None, _) if is_ours => Reader::ClusterAuth,
            (None, None, _) => {
                assumed = Some(self.nothing_known());
                Reader::AwsIamAuthenticator
            }
        };
        // The flags of another server than the one that counts say nothing.
        let of_reader: Vec<&Running> = running.into_iter().filter(|running| running.reader == reader).collect();
        let flag = of_reader.first().map(|running| &running.modes);
        let same = of_reader.iter().all(|running| Some(&running.modes) == flag);
        let unread_modes = of_reader.iter().find_map(|running| running.unread_modes());
        let by_default = || {
            let is_seen = config.is_some() && of_reader.first().is_some_and(|running| running.mounts || is_given);
            is_seen.then(|| vec![BackendMode::MountedFile])
        };
        let modes = match flag {
            _ if !same || unread_modes.is_some() => None,
            Some(Flag::Modes(modes)) => Some(modes.clone()),
            Some(Flag::Absent | Flag::NotKnown(_)) | None => {
                config.and_then(|config| config.modes.clone()).or_else(by_default)
            }
        };
        let modes = modes.filter(|modes| !modes.is_empty());
        let options = Options {
            sso_role_match: self.sso_role_match.unwrap_or_else(|| of_reader.iter().any(|one| one.sso_role_match)),
            user_id_strict: config.is_some_and(|config| config.user_id_strict),
        };
        Told { reader, options, modes, unread_modes, assumed, disputed }
    }

    /// Why nothing says that a server reads a mapping source; `None` if something does.
    pub(crate) fn not_read(&self, target: MappingTarget, told: &Told) -> Option<Box<str>> {
        let mode = target.mode()?;
        // The flag is somebody's word for a file that shows nowhere.
        let is_said = match target {
            MappingTarget::AccessFile => self.asked == Some(Reader::ClusterAuth),
            MappingTarget::ConfigMap => self.asked.is_some(),
            // Of what runs nothing was seen, and the configuration names them.
            MappingTarget::AwsAuth | MappingTarget::Crd => {
                self.seen.is_empty() && told.modes.as_ref().is_some_and(|modes| modes.contains(&mode))
            }
            MappingTarget::None => false,
        };
        let has = |running: &&Running| match target {
            MappingTarget::AccessFile => running.mounts_access_file && running.reader == Reader::ClusterAuth,
            MappingTarget::ConfigMap => running.mounts,
            MappingTarget::AwsAuth | MappingTarget::Crd | MappingTarget::None => true,
        };
        let modes = |running: &Running| match &running.modes {
            Flag::Modes(modes) => Some(modes.clone()),
            Flag::Absent | Flag::NotKnown(_) => told.modes.clone(),
        };
        let asks = |running: &&Running| match modes(running) {
            _ if matches!(running.modes, Flag::NotKnown(_)) => mode == BackendMode::AccessFile,
            Some(modes) => mode == BackendMode::AccessFile || modes.contains(&mode),
            // Without a flag a server asks its files.
            None => matches!(mode, BackendMode::AccessFile | BackendMode::MountedFile),
        };
        let having: Vec<&Running> = self.seen.iter().filter(has).collect();
        if is_said || having.iter().any(asks) {
            return None;
        }
        if let Some(why) = having.first().and_then(|running| running.unread_modes()) {
            return Some(why);
        }
        let why = match (having.first().map(|running| (&running.what, modes(running))), self.seen.first()) {
            (Some((what, Some(modes))), _) => {
                format!("the backend mode of {what} is {}", BackendMode::join(&modes, ", ")).into()
            }
            (Some((what, None)), _) => format!("the backend modes of {what} are not known").into(),
            (None, Some(running)) if self.unknown.is_empty() => format!("{} does not mount it", running.what).into(),
            (None, _) => self.nothing_known(),
        };
        Some(why)
    }

    /// What reads the `ConfigMap`, which names no cluster, and is told of none otherwise: such a server does not start.
    pub(crate) fn without_cluster(&self, told: &Told) -> Option<Unseen> {
        let ends = |running: &&Running| {
            let has_access_file = running.mounts_access_file && running.reader == Reader::ClusterAuth;
            running.reader == told.reader && running.mounts && !running.names_cluster && !has_access_file
        };
        let Running { what, .. } = self.seen.iter().find(ends)?;
        let why = format!(
            "config.yaml has no clusterID, and {what} gives none by --cluster-id or a variable, so it does not start; write \
             `clusterID` into config.yaml"
        );
        Some(Unseen::new("whether the server that reads kube-system/aws-iam-authenticator runs", why))
    }

    /// Why it is not known what runs.
    fn nothing_known(&self) -> Box<str> {
        let why = self.unknown.first().or(self.unseen.as_ref());
        why.cloned().unwrap_or_else(|| NOTHING_RUNS.into())
    }

    /// Those that read the `ConfigMap`, where it shows which do; otherwise all, in the order of their names.
    fn of_configuration(&self) -> Vec<&Running> {
        let mut all: Vec<&Running> = self.seen.iter().collect();
        if all.iter().any(|running| running.mounts) {
            all.retain(|running| running.mounts);
        }
        all.sort_by_key(|running| (running.reader, &running.what));
        all
    }
}

impl Told {
    /// That nobody said who reads it, for whoever reads an answer that hangs on it.
    pub(crate) fn note(&self) -> Option<Box<str>> {
        let why = self.assumed.as_ref()?;
        let reader = self.reader;
        let note = format!(
            "the authenticator's configuration is read as {reader} reads it, because it is not known which server \
             does: {why}; choose by `--reader`"
        );
        Some(note.into())
    }

    /// Whether the server asks for mappings of a mode, as far as that is known.
    pub(crate) fn asks(&self, mode: BackendMode) -> bool {
        let of_modes = BackendMode::BACKENDS.contains(&mode);
        !of_modes || self.modes.as_ref().is_none_or(|modes| modes.contains(&mode))
    }

    /// Where a mode stands in the order in which the server asks.
    pub(crate) fn turn(&self, mode: BackendMode) -> usize {
        let place =
            |modes: &Vec<BackendMode>| modes.iter().position(|one| *one == mode).map_or(usize::MAX, |at| at + 1);
        if mode == BackendMode::AccessFile { 0 } else { self.modes.as_ref().map_or(1, place) }
    }
}

fn differing(one: &Running, other: &Running) -> Unseen {
    let (first, second) = (one.reader, other.reader);
    Unseen::new(
        "which server reads the authenticator's configuration",
        format!(
            "{} runs {first} and {} runs {second}; here it is read as {first} does; choose by `--reader`",
            one.what, other.what
        ),
    )
}

impl Running {
    /// Why it is not known which modes its flag gives, where that is so.
    fn unread_modes(&self) -> Option<Box<str>> {
        match &self.modes {
            Flag::NotKnown(why) => Some(format!("the backend mode of {} is not known: {why}", self.what).into()),
            Flag::Absent | Flag::Modes(_) => None,
        }
    }

    /// What a pod runs, by the image and the arguments of its containers.
    fn of(what: &str, pod: &Value) -> Option<Self> {
        let mut containers = pod["containers"].as_array().into_iter().flatten();
        containers.find_map(|container| Self::of_container(what, pod, container))
    }

    fn of_container(what: &str, pod: &Value, container: &Value) -> Option<Self> {
        let words = words(container);
        let reader = reader_of(container, &words)?;
        let has_subcommand = words.iter().any(|word| !word.starts_with('-') && self::reader(word).is_none());
        if has_subcommand && !words.contains(&"server") {
            return None;
        }
        let gates = values(&words, "--feature-gates").join(",");
        let gates: FeatureGates = gates.parse().unwrap_or_default();
        Some(Self {
            what: what.into(),
            reader,
            sso_role_match: gates.sso_role_match,
            modes: Flag::of(&values(&words, "--backend-mode"), container),
            mounts: mounts(pod, MappingTarget::ConfigMap),
            mounts_access_file: mounts(pod, MappingTarget::AccessFile),
            names_cluster: names_cluster(&words, container),
        })
    }
}

/// The arguments of a container. In `sh -c '…'` one of them holds all.
fn words(container: &Value) -> Vec<&str> {
    let texts = |key: &str| container[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    texts("command").chain(texts("args")).flat_map(str::split_whitespace).collect()
}

/// Which server's program a container runs, by its image or its arguments.
fn reader_of(container: &Value, words: &[&str]) -> Option<Reader> {
    let image = container["image"].as_str().unwrap_or_default();
    let image = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let image = image.split(':').next().unwrap_or_default();
    let programs = programs(words).map(|word| word.rsplit('/').next().unwrap_or_default());
    // A mirror may call the image otherwise; the program is called as it is.
    std::iter::once(image).chain(programs).find_map(reader)
}

/// Whether a pod mounts the `ConfigMap` of a mapping source.
fn mounts(pod: &Value, target: MappingTarget) -> bool {
    let mut volumes = pod["volumes"].as_array().into_iter().flatten();
    let of = |volume: &Value| volume["configMap"]["name"].as_str() == target.config_map();
    volumes.any(|volume| {
        let mut sources = volume["projected"]["sources"].as_array().into_iter().flatten();
        of(volume) || sources.any(of)
    })
}

/// That a pod mounts a configuration, and runs no program that is known.
fn unknown_image(pod: &Value) -> Option<String> {
    let containers = || pod["containers"].as_array().into_iter().flatten();
    let is_mounted = [MappingTarget::ConfigMap, MappingTarget::AccessFile].into_iter().any(|of| mounts(pod, of));
    let is_known = containers().any(|container| reader_of(container, &words(container)).is_some());
    let image = containers().find_map(|container| container["image"].as_str()).unwrap_or_default();
    let image = if image.is_empty() { String::new() } else { format!(" ({image})") };
    (is_mounted && !is_known).then(|| format!("mounts a configuration and runs an image that is not known{image}"))
}

impl Flag {
    /// What the values of `--backend-mode` say, with the container's variables in them.
    fn of(values: &[&str], container: &Value) -> Self {
        if values.is_empty() {
            return Self::Absent;
        }
        let given: Vec<String> = values.iter().map(|value| expanded(value, container)).collect();
        if let Some(open) = given.iter().find(|value| value.contains('$')) {
            return Self::NotKnown(format!("`--backend-mode={open}` takes it from elsewhere").into());
        }
        let names: Vec<&str> = given.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        checked_modes(&names)
            .map_or_else(|why| Self::NotKnown(format!("{why}, so it does not start").into()), Self::Modes)
    }
}

/// A word of a container's command with the variables that the container names itself (Kubernetes, "Define Dependent Environment
/// Variables": `$(NAME)`).
fn expanded(word: &str, container: &Value) -> String {
    let mut text = word.to_owned();
    for variable in container["env"].as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (variable["name"].as_str(), variable["value"].as_str()) {
            text = text.replace(&format!("$({name})"), value);
        }
    }
    text
}

/// Whether a flag or a variable may say which cluster a container's server is for. What a whole `ConfigMap` or `Secret` of
/// variables has is not seen.
fn names_cluster(words: &[&str], container: &Value) -> bool {
    let is_flag = |word: &&str| word.starts_with("--cluster-id") || (word.starts_with("-i") && !word.starts_with("--"));
    let mut variables = container["env"].as_array().into_iter().flatten();
    let is_set =
        |variable: &Value| variable["name"] == "KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID" && variable["value"] != "";
    let has_more = container["envFrom"].as_array().is_some_and(|more| !more.is_empty());
    words.iter().any(is_flag) || variables.any(is_set) || has_more
}

fn reader(name: &str) -> Option<Reader> {
    match name.rsplit('/').next() {
        Some("aws-iam-authenticator" | "heptio-authenticator-aws") => Some(Reader::AwsIamAuthenticator),
        Some("cluster-auth") => Some(Reader::ClusterAuth),
        _ => None,
    }
}

/// The words that may name a program: not flags, and not what may be the value of one (`--state-dir /var/aws-iam-authenticator`).
fn programs<'a>(words: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let may_take_value = |word: &&str| word.len() > 2 && word.starts_with("--") && !word.contains('=');
    let before = std::iter::once(None).chain(words.iter().map(Some));
    let words = before.zip(words).filter(move |(before, word)| {
        let is_value = before.is_some_and(may_take_value);
        !word.starts_with('-') && !is_value
    });
    words.map(|(_, word)| *word)
}

/// The values of a flag, behind `=` or as the next word.
fn values<'a>(words: &[&'a str], flag: &str) -> Vec<&'a str> {
    let value = |(at, word): (usize, &&'a str)| match word.strip_prefix(flag)? {
        "" => words.get(at + 1).copied(),
        rest => rest.strip_prefix('='),
    };
    words.iter().enumerate().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use mapping::{BackendMode, Reader, aws_iam_authenticator::settings};
    use serde_json::{Value, json};

    use super::{MappingTarget, Servers};

    const AWS: Reader = Reader::AwsIamAuthenticator;
    const OURS: Reader = Reader::ClusterAuth;

    fn set(container: &Value) -> Value {
        json!({"template": {"spec": {"containers": [container]}}})
    }

    fn mounting(container: &Value) -> Value {
        let volumes = json!([{"name": "config", "configMap": {"name": "aws-iam-authenticator"}}]);
        json!({"template": {"spec": {"containers": [container], "volumes": volumes}}})
    }

    #[test]
    fn image_and_arguments_say_who_runs_and_with_what() {
        let hub = "602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/aws-iam-authenticator:v0.7.18";
        let (gate, both) = ("--feature-gates=SSORoleMatch=true", "--feature-gates=AllAlpha=true,SSORoleMatch=false");
        let rows = [
            (json!({"image": hub, "args": ["server", gate]}), Some((AWS, true, None))),
            (json!({"image": hub, "args": ["server", "--feature-gates", "AllAlpha=true"]}), Some((AWS, true, None))),
            (json!({"image": hub, "args": ["server", both]}), Some((AWS, false, None))),
            (json!({"image": hub, "args": ["server", "--feature-gates=ssorolematch=true"]}), Some((AWS, false, None))),
            (
                json!({"image": hub, "args": ["server", "--backend-mode=CRD,MountedFile"]}),
                Some((AWS, false, Some(vec![BackendMode::Crd, BackendMode::MountedFile]))),
            ),
            // By a variable of its own, and of which nobody knows what it says.
            (
                json!({"image": hub, "args": ["server", "--backend-mode=$(MODE)"], "env": [{"name": "MODE", "value": "CRD"}]}),
                Some((AWS, false, Some(vec![BackendMode::Crd]))),
            ),
            (
                json!({"image": hub, "args": ["server", "--backend-mode", "CRD", "--backend-mode=File"]}),
                Some((AWS, false, Some(vec![BackendMode::Crd, BackendMode::MountedFile]))),
            ),
            (
                json!({"image": "localhost:5000/aws-iam-authenticator@sha256:00", "args": ["server"]}),
                Some((AWS, false, None)),
            ),
            (json!({"image": "registry.example.com/cluster-auth/cluster-auth:1"}), Some((OURS, false, None))),
            // A mirror under another name, and a shell around it.
            (
                json!({"image": "mirror/auth:1", "command": ["/usr/bin/aws-iam-authenticator", "server"]}),
                Some((AWS, false, None)),
            ),
            (
                json!({"image": "alpine", "command": ["sh", "-c", "exec /aws-iam-authenticator server --backend-mode=CRD"]}),
                Some((AWS, false, Some(vec![BackendMode::Crd]))),
            ),
            // A folder that is called like the program says nothing of what runs.
            (json!({"image": "mirror/authn:2", "args": ["server", "--state-dir=/var/aws-iam-authenticator"]}), None),
            (json!({"image": "mirror/authn:2", "args": ["server", "--state-dir", "/var/aws-iam-authenticator"]}), None),
            (
                json!({"image": "mirror/authn:2", "command": ["tini", "--", "/cluster-auth", "server"]}),
                Some((OURS, false, None)),
            ),
            // Ours under their name.
            (
                json!({"image": "cluster-auth:1", "command": ["/aws-iam-authenticator", "server"]}),
                Some((OURS, false, None)),
            ),
            // Another command of the program is not a server.
            (json!({"image": "cluster-auth:1", "args": ["lint", "--fail-on=danger"]}), None),
            (json!({"image": "nginx:1", "args": ["server", gate]}), None),
        ];
        for (container, expected) in rows {
            let mut servers = Servers::default();
            assert_eq!(servers.look_at("DaemonSet", None, "a", &set(&container)), expected.is_some(), "{container}");
            let told = servers.told(None, false);
            let is = expected.is_some().then_some((told.reader, told.options.sso_role_match, told.modes));
            assert_eq!(is, expected, "{container}");
        }
        let mut servers = Servers::default();
        assert!(
            servers.look_at("Pod", None, "a", &json!({"containers": [{"image": "cluster-auth:1"}]})),
            "a pod is one itself"
        );
    }

    #[test]
    fn of_several_those_count_that_mount_the_configuration_and_otherwise_it_is_disputed() {
        let (theirs, ours) = (json!({"image": "aws-iam-authenticator:1"}), json!({"image": "cluster-auth:1"}));
        let of = |specs: [Value; 2]| {
            let mut servers = Servers::default();
            for (what, spec) in ["DaemonSet kube-system/a", "DaemonSet kube-system/b"].into_iter().zip(&specs) {
                assert!(servers.look_at("DaemonSet", Some("kube-system"), what, spec), "{spec}");
            }
            servers
        };
        let told = of([set(&theirs), mounting(&ours)]).told(None, false);
        assert_eq!((told.reader, told.disputed), (OURS, None));
        let mut elsewhere = Servers::default();
        elsewhere.look_at("DaemonSet", Some("auth"), "DaemonSet auth/a", &mounting(&theirs));
        let why = elsewhere.not_read(MappingTarget::ConfigMap, &elsewhere.told(None, false));
        assert_eq!(why.as_deref(), Some("DaemonSet auth/a does not mount it"), "it mounts one of its own namespace");
        let disputed = of([set(&ours), set(&theirs)]);
        let told = disputed.told(None, false);
        assert_eq!((told.reader, told.note()), (AWS, None));
        assert_eq!(
            &*told.disputed.expect("a gap").why,
            "DaemonSet kube-system/b runs aws-iam-authenticator 0.7.18 and DaemonSet kube-system/a runs cluster-auth \
             server; here it is read as aws-iam-authenticator 0.7.18 does; choose by `--reader`"
        );
        let told = Servers { asked: Some(OURS), ..disputed }.told(None, false);
        assert_eq!((told.reader, told.disputed), (OURS, None));
    }

    #[test]
    fn where_nothing_says_it_the_existing_program_reads_it_and_a_key_of_ours_says_it() {
        let told = Servers::default().told(None, false);
        assert!(told.reader == AWS && told.note().is_some_and(|note| note.contains("`--reader`")), "{told:?}");
        let told = Servers::default().told(Some(&settings("config.yaml", "server: {accessFile: /access.yaml}")), false);
        assert_eq!((told.reader, told.note()), (OURS, None));
    }

    #[test]
    fn modes_are_those_of_the_flag_then_of_the_file_then_the_default_where_all_of_it_is_seen() {
        let (plain, flag) = (
            json!({"image": "aws-iam-authenticator:1"}),
            json!({"image": "aws-iam-authenticator:1", "args": ["server", "--backend-mode=CRD"]}),
        );
        let file = settings("config.yaml", "server: {backendMode: [EKSConfigMap]}");
        let says_nothing = settings("config.yaml", "server: {port: 1}");
        let rows = [
            (mounting(&flag), Some(&file), Some(vec![BackendMode::Crd])),
            (mounting(&plain), Some(&file), Some(vec![BackendMode::EksConfigMap])),
            (mounting(&plain), Some(&says_nothing), Some(vec![BackendMode::MountedFile])),
            // It may have another file, on the control plane.
            (set(&plain), Some(&says_nothing), None),
            (mounting(&plain), None, None),
        ];
        for (spec, config, expected) in rows {
            let mut servers = Servers::default();
            servers.look_at("DaemonSet", None, "a", &spec);
            assert_eq!(servers.told(config, false).modes, expected, "{spec}");
        }
        let told = Servers::default().told(Some(&file), false);
        assert!(
            told.asks(BackendMode::EksConfigMap) && !told.asks(BackendMode::Crd) && told.asks(BackendMode::AccessFile)
        );
    }

    #[test]
    fn a_flag_that_cannot_be_read_is_no_flag_for_every_source() {
        let no_mode = |name: &str| {
            format!(
                "\"{name}\" is not a backend mode; they are MountedFile, EKSConfigMap, CRD, DynamicFile, separated by blanks or in a list, so it does not start"
            )
        };
        let rows = [
            ("--backend-mode=$(MODE)", "`--backend-mode=$(MODE)` takes it from elsewhere".to_owned()),
            ("--backend-mode=${MODE}", "`--backend-mode=${MODE}` takes it from elsewhere".to_owned()),
            ("--backend-mode=Nonsense", no_mode("Nonsense")),
            ("--backend-mode=EKSConfigMap,Nonsense", no_mode("Nonsense")),
            ("--backend-mode=eksconfigmap", no_mode("eksconfigmap")),
            ("--backend-mode=", no_mode("")),
            ("--backend-mode=CRD,CRD", "the backend mode CRD is given twice, so it does not start".to_owned()),
        ];
        for (flag, why) in rows {
            let mut servers = Servers::default();
            let container = json!({"image": "aws-iam-authenticator:1", "args": ["server", flag]});
            servers.look_at("DaemonSet", None, "DaemonSet a", &mounting(&container));
            let told = servers.told(Some(&settings("config.yaml", "server: {port: 1}")), false);
            assert_eq!(told.modes, None, "{flag}");
            let said = format!("the backend mode of DaemonSet a is not known: {why}");
            assert_eq!(told.unread_modes.as_deref(), Some(&*said), "{flag}");
            for target in [MappingTarget::ConfigMap, MappingTarget::AwsAuth, MappingTarget::Crd] {
                assert_eq!(servers.not_read(target, &told).as_deref(), Some(&*said), "{flag}, {}", target.as_str());
            }
        }
    }

    #[test]
    fn a_server_that_is_told_of_no_cluster_does_not_start() {
        let variable = |value: &str| json!([{"name": "KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID", "value": value}]);
        let theirs = "aws-iam-authenticator:1";
        let rows = [
            (json!({"image": theirs, "args": ["server"]}), true),
            (json!({"image": theirs, "args": ["server"], "env": variable("")}), true),
            (json!({"image": theirs, "args": ["server", "-i", "c"]}), false),
            (json!({"image": theirs, "args": ["server", "-ic"]}), false),
            (json!({"image": theirs, "args": ["server", "--cluster-id=c"]}), false),
            (json!({"image": theirs, "args": ["server"], "env": variable("c")}), false),
            (json!({"image": theirs, "args": ["server"], "envFrom": [{"configMapRef": {"name": "x"}}]}), false),
        ];
        for (container, ends) in rows {
            let mut servers = Servers::default();
            servers.look_at("DaemonSet", None, "DaemonSet a", &mounting(&container));
            let said = servers.without_cluster(&servers.told(None, false)).map(|gap| gap.why);
            let is_named = said.as_ref().is_some_and(|why| why.contains("DaemonSet a gives none"));
            assert_eq!((said.is_some(), is_named), (ends, ends), "{container}");
        }
        let mut elsewhere = Servers::default();
        elsewhere.look_at("DaemonSet", None, "a", &set(&json!({"image": theirs, "args": ["server"]})));
        assert_eq!(elsewhere.without_cluster(&elsewhere.told(None, false)), None, "it may have another file");
    }
}

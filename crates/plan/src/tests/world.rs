//! A cluster in a few lines, a plan for it, and what the cluster is after the plan.
//!
//! ```text
//! role dev/developers = get,list pods; create deployments.apps
//! role view = get pods/log secrets:one; get /healthz
//! binding dev/x = Role developers > group:a user:b      [ours]
//! ```
//!
//! Without a namespace it is a ClusterRole or a ClusterRoleBinding. `[ours]`, `[other]` and `[helm]` say whose it is.

use access::{Access, ConfigMap, Desired, Facts, Mark, Namespace, OWNED, Owner, compile};
use document::Sources;
use inventory::{
    ClusterObject, Dump, File, Knowledge, LiveMapping, Login, LoginStore, MappingObject, MappingTarget, Observed,
    RECORD_NAME, Reading, Record, files,
};
use mapping::Reader;
use rbac::{AnyRole, Binding, ClusterRole, ObjectId, Role, RoleKind, RoleReference, Rule, Subject};

use crate::{
    Action, Object, Plan, Wanted, plan,
    tests::{good, now, sources},
};

/// A file and a target.
pub(super) struct Scenario {
    access: Access,
    sources: Sources,
    pub(super) facts: Facts,
    desired: Desired,
    files: Vec<File>,
    target: MappingTarget,
}

impl Scenario {
    pub(super) fn new(text: &str, target: MappingTarget, observed: &Observed) -> Self {
        let access = good(text);
        let sources = sources(&[text]);
        let namespaces = observed.knowledge.namespaces.then(|| observed.namespaces.clone());
        let facts = Facts { namespaces, ..Facts::default() };
        let (desired, _) = compile(&access, &facts, now());
        let (desired, files) = (desired.at(now()), files(&sources));
        Self { access, sources, facts, desired, files, target }
    }

    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            cluster_id: "c",
            desired: &self.desired,
            access: &self.access,
            facts: &self.facts,
            sources: &self.sources,
            files: &self.files,
            target: self.target,
            now: now(),
        }
    }

    pub(super) fn plan(&self, observed: &Observed) -> Plan {
        plan(&self.wanted(), observed)
    }
}

/// A cluster with the namespaces `dev`, `ops`, `kube-system`, and those of the lines.
pub(super) fn cluster(lines: &str) -> Observed {
    let mut observed = Observed { knowledge: Knowledge::whole(), knows_mapping_objects: true, ..Observed::default() };
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (kind, rest) = line.split_once(' ').expect("a kind");
        let (rest, owner) = match rest.split_once('[') {
            Some((rest, owner)) => (rest, owner_of(owner.trim_end_matches(']'))),
            None => (rest, Owner::Nobody),
        };
        let (name, rest) = rest.split_once('=').expect("a =");
        let (namespace, name) = match name.trim().split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, name.trim()),
        };
        let version = format!("{}", observed.roles.len() + observed.bindings.len() + 1).into();
        match kind {
            "role" => observed.roles.push(ClusterObject { object: role(namespace, name, rest), owner, version }),
            "binding" => {
                observed.bindings.push(ClusterObject { object: binding(namespace, name, rest), owner, version });
            }
            other => panic!("{other}"),
        }
    }
    observed.namespaces = ["dev", "ops", "kube-system"].map(namespace).into();
    observed
}

pub(super) fn namespace(name: &str) -> Namespace {
    Namespace { name: name.into(), labels: rbac::Labels::new() }
}

/// The `ConfigMap` of a target, in which the entries of these principals are ours.
pub(super) fn map(target: MappingTarget, data: &[(&str, &str)], owned: &[&str]) -> LiveMapping {
    let data = data.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    let owned = owned.iter().map(|principal| format!("arn:aws:iam::111122223333:{principal}"));
    let owned: Vec<String> = owned.collect();
    let annotations = [(OWNED.to_owned(), owned.join(","))].into();
    let map = ConfigMap { resource_version: Some("7".to_owned()), annotations, data, ..ConfigMap::default() };
    LiveMapping::of_config_map(target, map, &Reading { reader: Reader::ClusterAuth, ..Reading::default() }, now())
        .expect("readable")
}

pub(super) fn ours() -> Owner {
    owner_of("ours")
}

fn owner_of(text: &str) -> Owner {
    let mark = |cluster_id: &str| Owner::Ours(Mark { cluster_id: cluster_id.into(), file: "0.yaml".into() });
    match text {
        "ours" => mark("c"),
        "other" => mark("d"),
        "helm" => Owner::Helm(Some("release".into())),
        other => panic!("{other}"),
    }
}

fn role(namespace: Option<&str>, name: &str, rules: &str) -> AnyRole {
    let rules = rules.split(';').map(str::trim).filter(|rule| !rule.is_empty()).flat_map(rule).collect();
    match namespace {
        Some(namespace) => Role { namespace: namespace.into(), name: name.into(), rules, origin: None }.into(),
        None => ClusterRole { name: name.into(), rules, ..ClusterRole::default() }.into(),
    }
}

/// `get,list pods deployments.apps secrets:one`, `get /healthz`: a rule for each thing.
pub(super) fn rule(text: &str) -> Vec<Rule> {
    let (verbs, things) = text.split_once(' ').expect("verbs");
    let verbs: Vec<Box<str>> = verbs.split(',').map(Into::into).collect();
    let of_thing = |thing: &str| {
        let mut rule = Rule { verbs: verbs.clone(), ..Rule::default() };
        if thing.starts_with('/') {
            rule.non_resource_urls = vec![thing.into()];
            return rule;
        }
        let (thing, name) = thing.split_once(':').map_or((thing, None), |(thing, name)| (thing, Some(name)));
        let (resource, group) = thing.split_once('.').unwrap_or((thing, ""));
        rule.resources = vec![resource.into()];
        rule.api_groups = vec![group.into()];
        rule.resource_names = name.map(Into::into).into_iter().collect();
        rule
    };
    things.split_whitespace().map(of_thing).collect()
}

fn binding(namespace: Option<&str>, name: &str, text: &str) -> Binding {
    let (role, subjects) = text.split_once('>').expect("subjects");
    let (kind, role) = role.trim().split_once(' ').expect("a role");
    let kind = if kind == "Role" { RoleKind::Role } else { RoleKind::ClusterRole };
    let subject = |text: &str| match text.split_once(':').expect("a subject") {
        ("group", name) => Subject::Group(name.into()),
        ("user", name) => Subject::User(name.into()),
        other => panic!("{other:?}"),
    };
    let role = RoleReference { kind, name: role.trim().into() };
    let subjects = subjects.split_whitespace().map(subject).collect();
    let binding = Binding::new(namespace.map(Into::into), name.into(), role, subjects, None);
    binding.unwrap_or_else(|| panic!("a ClusterRoleBinding to a Role: {text}"))
}

/// Who the people of the laws are, by the mappings in force.
pub(super) fn logins(observed: &Observed) -> Vec<Option<Login>> {
    let sources = observed.mappings.iter().map(|live| live.source.clone()).collect();
    let snapshot = mapping::Snapshot::new(identity::Partition::Aws, sources, []);
    let people = ["user/u", "user/v", "user/w", "assumed-role/R/s", "assumed-role/S/s", "assumed-role/Q/s"];
    let login = |person: &str| {
        let service = if person.starts_with("user") { "iam" } else { "sts" };
        let id = if service == "iam" { "AIDA" } else { "AROA:s" };
        let arn = format!("arn:aws:{service}::111122223333:{person}");
        let identity = identity::Identity::from_answer(&arn, "111122223333", id).expect("an identity");
        match mapping::decide(&snapshot, &identity, "AKIA", &mapping::Facts::default(), now()) {
            mapping::Decision::Permit(user) => Some(Login { username: user.username, groups: user.groups }),
            mapping::Decision::Undetermined(_) => panic!("nothing here is left to chance"),
            mapping::Decision::Refuse(_) | mapping::Decision::Needs(_) => None,
        }
    };
    people.into_iter().map(login).collect()
}

/// The cluster after these steps, in their order, each only after what it waits for.
pub(super) fn after(observed: &Observed, plan: &Plan, steps: &[usize]) -> Observed {
    let mut after = observed.clone();
    let mut done = std::collections::BTreeSet::new();
    for at in steps {
        let step = &plan.steps[*at];
        assert!(step.after.iter().all(|before| before < at), "steps wait for earlier ones only");
        if !step.after.iter().all(|before| done.contains(before)) {
            continue;
        }
        done.insert(*at);
        perform(&mut after, &step.action);
    }
    after
}

/// The cluster after the whole plan.
pub(super) fn applied(observed: &Observed, plan: &Plan) -> Observed {
    after(observed, plan, &(0..plan.steps.len()).collect::<Vec<_>>())
}

fn perform(observed: &mut Observed, action: &Action) {
    match action {
        Action::Apply { object: Object::Role(role), mark, version } => {
            let id = Object::Role(role.clone()).id();
            let at = observed.roles.iter().position(|seen| Object::Role(seen.object.clone()).id() == id);
            let old = at.map(|at| observed.roles.remove(at));
            insist(version.as_deref(), old.as_ref().map(|old| &*old.version));
            let mut object = role.clone();
            object.set_origin(None);
            if let (AnyRole::ClusterRole(role), Some(AnyRole::ClusterRole(old))) =
                (&mut object, old.map(|old| old.object))
            {
                role.labels = old.labels;
            }
            observed.roles.push(ClusterObject { object, owner: Owner::Ours(mark.clone()), version: "new".into() });
        }
        Action::Apply { object: Object::Binding(binding), mark, version } => {
            let id = ObjectId::of_binding(binding);
            let at = observed.bindings.iter().position(|seen| ObjectId::of_binding(&seen.object) == id);
            let old = at.map(|at| observed.bindings.remove(at));
            insist(version.as_deref(), old.as_ref().map(|old| &*old.version));
            if let Some(old) = old {
                assert_eq!(old.object.role(), binding.role(), "Kubernetes lets no binding's role change");
            }
            let mut object = binding.clone();
            object.set_origin(None);
            observed.bindings.push(ClusterObject { object, owner: Owner::Ours(mark.clone()), version: "new".into() });
        }
        Action::Delete { id, version } => {
            let of_id = |seen: &ClusterObject<Binding>| ObjectId::of_binding(&seen.object) == *id;
            if let Some(at) = observed.bindings.iter().position(of_id) {
                insist(version.as_deref(), Some(&observed.bindings.remove(at).version));
            }
            observed.roles.retain(|seen| Object::Role(seen.object.clone()).id() != *id);
        }
        Action::ApplyMapping { object, mark } => {
            let mut objects = objects(observed);
            objects.retain(|seen| seen.object.name != object.name);
            let owner = Owner::Ours(mark.clone());
            objects.push(ClusterObject { object: object.clone(), owner, version: "new".into() });
            observed.mappings.push(LiveMapping::of_objects(objects));
        }
        Action::DeleteMapping { name, .. } => {
            let mut objects = objects(observed);
            objects.retain(|seen| seen.object.name != *name);
            observed.mappings.push(LiveMapping::of_objects(objects));
        }
        Action::WriteMap(write) => {
            let mut facts = Facts::default();
            let mut dump = Dump::default();
            dump.read(write.manifest.to_string().as_bytes()).expect("a ConfigMap");
            dump.add_to(&mut facts);
            let mut map = facts.config_maps.unwrap_or_default().remove(&*write.name).expect("it is in kube-system");
            let expected = map.resource_version.replace("new".to_owned());
            if &*write.name == RECORD_NAME {
                let found = observed.record.as_ref().map(|seen| &*seen.version);
                assert_eq!(expected.as_deref(), found, "another version");
                let object = Record::from_data(&map.data).expect("our own record");
                observed.record = Some(ClusterObject { object, owner: ours(), version: "new".into() });
                return;
            }
            let target = MappingTarget::ALL.into_iter().find(|target| target.config_map() == Some(&*write.name));
            let target = target.expect("a mapping's");
            let at = observed.mappings.iter().position(|live| live.target == target);
            let old = at.map(|at| match observed.mappings.remove(at).holder {
                LoginStore::ConfigMap(map) => map.resource_version,
                LoginStore::Objects(_) => None,
            });
            assert_eq!(expected, old.flatten(), "another version");
            let live = LiveMapping::of_config_map(
                target,
                map,
                &Reading { reader: Reader::ClusterAuth, ..Reading::default() },
                now(),
            )
            .expect("readable");
            // The access file is asked first; the authenticator asks others in an order that writing does not change.
            let last = observed.mappings.len();
            let at = at.unwrap_or(if target == MappingTarget::AccessFile { 0 } else { last });
            observed.mappings.insert(at, live);
        }
        Action::Settle => {}
    }
}

fn insist(expected: Option<&str>, found: Option<&str>) {
    if let Some(expected) = expected {
        assert_eq!(Some(expected), found, "another version");
    }
}

fn objects(observed: &mut Observed) -> Vec<ClusterObject<MappingObject>> {
    let at = observed.mappings.iter().position(|live| live.target == MappingTarget::Crd);
    match at.map(|at| observed.mappings.remove(at).holder) {
        Some(LoginStore::Objects(objects)) => objects,
        _ => Vec::new(),
    }
}

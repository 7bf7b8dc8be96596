//! Files of other programs: each case is a file in `foreign/`, and what is read beside it.

use access::{Facts, Namespace};
use document::{Limits, RenderStyle, Sources};

use super::now;
use crate::foreign::{self, AccessEntry, Account, Foreign, Login};

fn said(name: &str, text: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add(format!("{name}.yaml"), text).clone();
    let root = document::parse(&source, &Limits::default()).expect("YAML").expect("something");
    let read = foreign::read(&source, &root).expect("known");
    let Foreign { format, clusters, logins, accounts, entries, mode, definition, access, problems, .. } = read;
    let mut said = format!("{}\n", format.title());
    let line = |offset: usize| source.position(offset).line;
    said.extend(clusters.iter().filter_map(|said| Some(format!("cluster id {}\n", said.id.as_deref()?))));
    said.extend(mode.map(|mode| format!("mode {}\n", mode.as_str())));
    for Login { arn, username, groups, at: (list, index), line, .. } in logins {
        let groups = groups.join(" ");
        said.push_str(&format!("{line}: {list}[{index}]: {arn} as {username} in {groups}\n"));
    }
    let account =
        |Account { account, at: (list, index), line, .. }| format!("{line}: {list}[{index}]: all of {account}\n");
    said.extend(accounts.into_iter().map(account));
    for AccessEntry { principal, kind, username, groups, policies, at: (list, index), span } in entries {
        let kind = kind.map_or("of some type", foreign::EntryType::as_str);
        let (line, groups) = (line(span.start), groups.join(" "));
        said.push_str(&format!("{line}: {list}[{index}]: {kind} {principal} as {username:?} in {groups}\n"));
        said.extend(policies.iter().map(|policy| format!("   {} in {:?}\n", policy.policy, policy.namespaces)));
    }
    let namespace = |(name, team): (&str, &str)| {
        let labels = [("team".into(), team.into())].into();
        Namespace { name: name.into(), labels }
    };
    let namespaces = [("crane", "crane"), ("dock", "dock"), ("kube-system", "none")].map(namespace);
    for binding in definition.iter().flat_map(|definition| definition.bindings(&namespaces)) {
        let place = binding.namespace().unwrap_or("everywhere");
        let (role, line) = (binding.role(), line(binding.origin().expect("a place").start));
        let (kind, role) = (role.kind.as_str(), role.name);
        said.push_str(&format!("{line}: {} in {place}: {kind} {role} to {:?}\n", binding.name(), binding.subjects()));
    }
    if let Some(access) = access {
        let (desired, _) = access::compile(&access, &Facts::default(), now());
        let access::Desired { people, objects, .. } = desired;
        assert!(people.is_empty(), "what groups are granted");
        for role in &objects.roles {
            let (namespace, name) = role.id();
            said.push_str(&format!("Role {name} in {namespace:?}: {:?}\n", report::rules(&role.rules()[..])));
        }
        for binding in &objects.bindings {
            let ((namespace, name), role) = (binding.id(), binding.role());
            let (kind, subjects) = (role.kind.as_str(), binding.subjects());
            said.push_str(&format!("{name} in {namespace:?}: {kind} {} to {subjects:?}\n", role.name));
        }
    }
    let problems = document::render(&sources, &problems, RenderStyle::Plain);
    format!("{said}\n{problems}").trim_end().to_owned()
}

macro_rules! cases {
    ($($name:literal)*) => {
        #[test]
        fn each_file_is_read_as_its_program_reads_it_and_what_is_left_is_named() {
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path("foreign");
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| {
                $(insta::assert_snapshot!($name, said($name, include_str!(concat!("foreign/", $name, ".yaml"))));)*
            });
        }
    };
}

cases! {
    "kops-v1alpha2" "kops-v1alpha3" "kops-not-taken" "kops-unreadable"
    "eksctl-machines" "kops-oidc" "kops-oidc-twice" "identity-providers" "identity-provider" "eksctl-oidc" "kops-fields" "eksctl-fields" "eksctl-kind"
    "eksctl-cluster" "eksctl-unreadable" "eksctl-mappings" "eksctl-mappings-json" "eksctl-entries"
    "rbac-definition-fields" "rbac-definition-kind"
    "rbac-definition" "rbac-definition-refused" "rbac-definition-spec"
    "terraform-entries" "terraform-users" "terraform-rights"
    "chart-june-2018"
}

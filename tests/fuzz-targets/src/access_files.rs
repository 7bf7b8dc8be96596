//! Access files: read, checked, rendered, planned, and written for what a cluster has.

use access::{Access, Expiry, Facts, RenderTarget, check, compile, read, render};
use document::{Limits, Severity, Sources};
use identity::Partition;
use inventory::{Inputs, MappingTarget, Observed, files};
use jiff::Timestamp;
use plan::{Subject, Wanted, import, plan};
use serde_json::Value;

use crate::{
    clusters, grammar,
    words::{ACCESS_FILE, OBJECTS},
};

const NOW: &str = "2026-11-29T12:00:00Z";

/// The file of a text, where it has no errors.
fn good(text: &str) -> Option<(Access, Sources)> {
    let mut sources = Sources::default();
    sources.add("access.yaml", text);
    let read = read(&sources, &Limits::default());
    let is_wrong = read.problems.iter().any(|problem| problem.severity == Severity::Error);
    (!is_wrong).then_some((read.access, sources))
}

/// A file without errors is rendered in texts that kubectl reads; resolved, it is a file that means the same.
pub(crate) fn reads(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &ACCESS_FILE) else { return false };
    let now: Timestamp = NOW.parse().expect("a moment");
    let Some((access, _)) = good(&text) else { return false };
    let facts = Facts::default();
    let is_wrong =
        |access: &Access| check(access, &facts, now).iter().any(|problem| problem.severity == Severity::Error);
    let rendered = |access: &Access, target| {
        render(access, &facts, now, target, Expiry::Refuse).ok().map(|rendered| rendered.text)
    };
    if is_wrong(&access) {
        return false;
    }
    let Some(resolved) = rendered(&access, RenderTarget::Access) else { return false };
    let (again, _) = good(&resolved).expect("what is resolved has no errors");
    assert!(!is_wrong(&again), "what is resolved is wrong");
    for target in RenderTarget::ALL {
        let text = rendered(&access, target);
        assert_eq!(text, rendered(&again, target), "resolved, it means something else");
        let is_yaml =
            matches!(target, RenderTarget::ConfigMap | RenderTarget::AwsAuth | RenderTarget::Crd | RenderTarget::Rbac);
        if let Some(text) = text.filter(|_| is_yaml) {
            let read =
                document::parse_manifests(&document::Source::new("out", text), &Limits::default(), "items", |_, _| {});
            assert!(read.iter().all(|document| document.read.is_ok()), "kubectl does not read it");
        }
    }
    true
}

/// A plan for any file over any cluster, and a file for any cluster, which has no errors.
pub(crate) fn plans(bytes: &[u8]) -> bool {
    let [how, rest @ ..] = bytes else { return false };
    let now: Timestamp = NOW.parse().expect("a moment");
    let (of_file, of_cluster) = rest.split_at(rest.len() / 2);
    let text = grammar::text(&[&[1], of_file].concat(), &ACCESS_FILE);
    let Some(objects) = grammar::text(&[&[how | 1], of_cluster].concat(), &OBJECTS) else { return false };
    let target = MappingTarget::ALL[usize::from(*how) % MappingTarget::ALL.len()];
    let mut given = Inputs::default();
    if given.read("cluster.yaml", clusters::documents(&objects).as_bytes()).is_err() {
        return false;
    }
    let Inputs { dump, facts, entries, .. } = given;
    let observed = Observed { entries, ..dump.observed(target, Partition::Aws, now) };
    let good_file = text.and_then(|text| good(&text));
    let has_plan = good_file.is_some();
    if let Some((access, sources)) = good_file {
        let (desired, _) = compile(&access, &facts, now);
        let (desired, files) = (desired.at(now), files(&sources));
        let wanted = Wanted {
            cluster_id: "fuzz.example.com",
            desired: &desired,
            access: &access,
            facts: &facts,
            sources: &sources,
            files: &files,
            target,
            now,
        };
        let plan = plan(&wanted, &observed);
        let json: Value = serde_json::from_str(&plan::print::json(&plan)).expect("a plan is JSON");
        assert!(json.is_object());
        let _ = plan::print::markdown(&plan);
    }
    let imported =
        import(&Subject { observed: &observed, cluster_id: "fuzz.example.com", untold: &[], facts: &facts, now });
    assert!(good(&imported.text).is_some(), "the file that was written has errors:\n{}", imported.text);
    has_plan
}

//! Who can, for people and for programs.

use rbac::{Request, ResourceRequest, Subject};
use serde::Serialize;

use super::{Answer, MASTERS};
use crate::{
    World,
    print::{self, Cell, GapOut, PathOut, PrincipalOut, Segment, Style, SubjectOut, Table},
};

/// All of an answer, for [`print::json`] and [`print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerOut<'a> {
    question: QuestionOut<'a>,
    /// Whether something could not be read, so that others may be able to as well.
    incomplete: bool,
    gaps: Vec<GapOut<'a>>,
    subjects: Vec<HolderOut<'a>>,
    principals: Vec<ReachedOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionOut<'a> {
    verb: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    resource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    /// Absent: across all namespaces.
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    any_namespace: bool,
}

#[derive(Debug, Serialize)]
struct HolderOut<'a> {
    #[serde(flatten)]
    subject: SubjectOut<'a>,
    paths: Vec<PathOut<'a>>,
    /// ARNs of those behind it.
    principals: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ReachedOut<'a> {
    #[serde(flatten)]
    principal: PrincipalOut<'a>,
    subjects: Vec<SubjectOut<'a>>,
    paths: Vec<PathOut<'a>>,
}

impl<'a> Answer<'a> {
    /// Returns the answer for programs.
    pub fn out(&'a self, world: &'a World, request: &Request<'a>, anywhere: bool) -> AnswerOut<'a> {
        let holder = |at: usize| {
            let holder = &self.subjects[at];
            HolderOut {
                subject: (&holder.subject).into(),
                paths: holder.paths.iter().map(|path| PathOut::new(world, path)).collect(),
                principals: holder.principals.iter().map(|principal| principal.arn()).collect(),
            }
        };
        let reached = self.principals.iter().map(|reached| ReachedOut {
            principal: reached.principal.into(),
            subjects: reached.subjects.iter().map(|at| (&self.subjects[*at].subject).into()).collect(),
            paths: reached.policies.iter().map(|path| PathOut::new(world, path)).collect(),
        });
        let gaps = world.gaps_about_question(request, anywhere);
        AnswerOut {
            question: QuestionOut::new(request, anywhere),
            incomplete: !gaps.is_empty(),
            gaps: gaps.into_iter().map(Into::into).collect(),
            subjects: (0..self.subjects.len()).map(holder).collect(),
            principals: reached.collect(),
        }
    }

    /// Renders the answer for a terminal: the subjects, and the principals behind them.
    pub fn text(&self, world: &World) -> Vec<Segment> {
        let mut subjects = Table { head: vec!["SUBJECT", "WHERE", "THROUGH"], rows: Vec::new() };
        for holder in &self.subjects {
            for (at, path) in holder.paths.iter().enumerate() {
                let who = if at == 0 { print::subject(&holder.subject) } else { String::new() };
                let who = match &holder.subject {
                    subject if is_everybody(subject) => Cell::danger(who),
                    subject if is_kubernetes_own(subject) => Cell::note(who),
                    _ => Cell::plain(who),
                };
                let row = [who, Cell::plain(print::place(path.place())), Cell::plain(print::path(world, path))];
                subjects.rows.push(row.into());
            }
        }
        let mut segments = subjects.segments();
        if self.principals.is_empty() {
            return segments;
        }
        let mut principals = Table { head: vec!["AWS PRINCIPAL", "USERNAME", "THROUGH"], rows: Vec::new() };
        for reached in &self.principals {
            let mut through: Vec<String> =
                reached.subjects.iter().map(|at| print::subject(&self.subjects[*at].subject)).collect();
            through.extend(
                reached
                    .policies
                    .iter()
                    .map(|path| format!("{} ({})", print::path(world, path), print::place(path.place()))),
            );
            let username = reached.principal.login.as_ref().map(|login| print::username(&login.username).to_owned());
            let username = username.unwrap_or_default();
            let row = [print::principal(reached.principal), username, through.join(", ")].map(Cell::plain);
            principals.rows.push(row.into());
        }
        segments.push(Segment::line("", Style::Plain));
        segments.extend(principals.segments());
        segments
    }
}

/// Whether everybody is in it who has shown anything, or nothing at all.
fn is_everybody(subject: &Subject) -> bool {
    let name = match subject {
        Subject::User(name) | Subject::Group(name) => &**name,
        Subject::ServiceAccount { .. } => return false,
    };
    ["system:authenticated", "system:unauthenticated", "system:anonymous"].contains(&name)
}

/// Whether it is part of Kubernetes itself, which is hardly what somebody looks for.
fn is_kubernetes_own(subject: &Subject) -> bool {
    match subject {
        Subject::User(name) | Subject::Group(name) => name.starts_with("system:") && **name != *MASTERS,
        Subject::ServiceAccount { namespace, .. } => namespace.as_deref() == Some("kube-system"),
    }
}

impl<'a> QuestionOut<'a> {
    fn new(request: &Request<'a>, any_namespace: bool) -> Self {
        match *request {
            Request::Url { verb, path } => {
                let (group, resource, subresource, name, namespace) = Default::default();
                Self { verb, url: Some(path), group, resource, subresource, name, namespace, any_namespace }
            }
            Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace }) => {
                let namespace = if any_namespace { "" } else { namespace };
                let group = Some(api_group);
                Self { verb, url: None, group, resource, subresource, name, namespace, any_namespace }
            }
        }
    }
}

//! For programs: all of it, nothing shortened. Keys are only ever added.

use serde::Serialize;

use super::{Column, Heading, Matrix, Member, Row};
use crate::{
    matrix::{Cell, Known, Levels, Verbs},
    print::{GapOut, PrincipalOut, SubjectOut},
};

/// All of a matrix, for [`crate::print::json`] and [`crate::print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatrixOut<'a> {
    cluster: &'a str,
    source: &'a str,
    time: String,
    by: &'static str,
    /// Where not all was asked for: of which namespaces and about whom it is.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    only_namespaces: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    only_who: &'a [String],
    incomplete: bool,
    gaps: Vec<GapOut<'a>>,
    totals: TotalsOut,
    rows: Vec<RowOut<'a>>,
    /// The namespaces that are in no row's list: there everybody may do what `everyOtherNamespace` says.
    other_namespaces: Vec<&'a str>,
    legend: Vec<EntryOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TotalsOut {
    members: usize,
    others: usize,
    everything: usize,
    dangerous: usize,
    without_login: usize,
    namespaces: usize,
    bindings: usize,
    service_accounts_left_out: usize,
    built_in_left_out: usize,
    users_left_out: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RowOut<'a> {
    members: Vec<MemberOut<'a>>,
    whole_cluster: CellOut<'a>,
    /// Where it is not as in every other namespace.
    namespaces: Vec<PlaceOut<'a>>,
    every_other_namespace: CellOut<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum MemberOut<'a> {
    Principal(PrincipalOut<'a>),
    Subject(SubjectOut<'a>),
    BuiltIn { everybody: &'static str },
}

#[derive(Debug, Serialize)]
pub(super) struct PlaceOut<'a> {
    pub(super) names: Vec<&'a str>,
    #[serde(flatten)]
    pub(super) cell: CellOut<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum CellOut<'a> {
    Levels(LevelsOut<'a>),
    Verbs {
        verbs: Vec<VerbsOut<'a>>,
        #[serde(rename = "maybeMore", skip_serializing_if = "std::ops::Not::not")]
        maybe_more: bool,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LevelsOut<'a> {
    /// The cell as it is shown to people.
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    dangerous: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rights: Vec<RightOut>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    writes: &'a [Box<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reads: &'a [Box<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing_roles: &'a [Box<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unknown_roles: &'a [Box<str>],
    /// Whether what could not be read may give more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    maybe_more: bool,
}

#[derive(Debug, Serialize)]
struct RightOut {
    code: &'static str,
    dangerous: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct VerbsOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    resource: &'a str,
    verbs: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    named: Vec<NamedOut<'a>>,
}

#[derive(Debug, Serialize)]
struct NamedOut<'a> {
    verb: &'a str,
    names: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct EntryOut<'a> {
    word: &'a str,
    meaning: &'a str,
}

impl<'a> MatrixOut<'a> {
    /// Returns the matrix for programs.
    pub fn new(matrix: &'a Matrix<'a>, heading: &Heading<'a>) -> Self {
        let others = matrix.columns.iter().find_map(|column| match column {
            Column::Others(names) => Some(names.iter().map(|name| &**name).collect()),
            Column::Cluster | Column::Namespaces(_) => None,
        });
        let (totals, left_out) = (&matrix.totals, &matrix.left_out);
        Self {
            cluster: heading.cluster,
            source: heading.source,
            time: heading.now.to_string(),
            by: matrix.options.by.as_str(),
            only_namespaces: &matrix.options.namespaces,
            only_who: &matrix.options.who,
            incomplete: !matrix.gaps.is_empty(),
            gaps: matrix.gaps.iter().map(Into::into).collect(),
            totals: TotalsOut {
                members: totals.members,
                others: totals.others,
                everything: totals.everything,
                dangerous: totals.dangerous,
                without_login: totals.without_login,
                namespaces: totals.namespaces,
                bindings: totals.bindings,
                service_accounts_left_out: left_out.service_accounts,
                built_in_left_out: left_out.built_in,
                users_left_out: left_out.users,
            },
            rows: matrix.rows.iter().map(|row| RowOut::new(matrix, row)).collect(),
            other_namespaces: others.unwrap_or_default(),
            legend: matrix.legend.iter().map(|(word, meaning)| EntryOut { word, meaning }).collect(),
        }
    }
}

impl<'a> RowOut<'a> {
    fn new(matrix: &'a Matrix<'a>, row: &'a Row<'a>) -> Self {
        let places = matrix.places(row).into_iter().map(|(names, cell)| PlaceOut { names, cell: cell.into() });
        Self {
            members: row.members.iter().map(Into::into).collect(),
            whole_cluster: matrix.cell(row, &Column::Cluster).into(),
            namespaces: places.collect(),
            every_other_namespace: matrix.cell(row, &Column::Others(Vec::new())).into(),
        }
    }
}

impl<'a> From<&'a Member<'a>> for MemberOut<'a> {
    fn from(member: &'a Member<'a>) -> Self {
        match member {
            Member::Everybody => Self::BuiltIn { everybody: "system:authenticated" },
            Member::Anonymous => Self::BuiltIn { everybody: "system:unauthenticated" },
            Member::Principal(Known(principal)) => Self::Principal((*principal).into()),
            Member::Subject(subject) => Self::Subject(subject.into()),
        }
    }
}

impl<'a> From<&'a Cell> for CellOut<'a> {
    fn from(cell: &'a Cell) -> Self {
        match cell {
            Cell::Levels(Levels { level, rights, writes, reads, missing, unknown, .. }) => Self::Levels(LevelsOut {
                text: cell.text(),
                level: level.map(super::super::cell::Level::as_str),
                dangerous: cell.is_dangerous(),
                rights: rights
                    .iter()
                    .map(|right| RightOut { code: right.escalation.code, dangerous: right.is_dangerous })
                    .collect(),
                writes,
                reads,
                missing_roles: missing,
                unknown_roles: unknown,
                maybe_more: false,
            }),
            Cell::Verbs(resources) => {
                Self::Verbs { verbs: resources.iter().map(Into::into).collect(), maybe_more: false }
            }
            Cell::AtLeast(known) => match (&**known).into() {
                Self::Levels(levels) => Self::Levels(LevelsOut { text: cell.text(), maybe_more: true, ..levels }),
                Self::Verbs { verbs, .. } => Self::Verbs { verbs, maybe_more: true },
            },
        }
    }
}

impl<'a> From<&'a Verbs> for VerbsOut<'a> {
    fn from(Verbs { resource, verbs, named }: &'a Verbs) -> Self {
        let texts = |of: &'a std::collections::BTreeSet<Box<str>>| of.iter().map(|text| &**text).collect();
        let named = named.iter().map(|(verb, names)| NamedOut { verb, names: texts(names) }).collect();
        Self { resource, verbs: texts(verbs), named }
    }
}

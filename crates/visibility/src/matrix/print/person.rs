//! One of them, in the same dresses.

use comfy_table::{ContentArrangement, Table, presets};
use document::visible;
use jiff::Timestamp;
use rbac::{Rule, Subject};
use report::markdown_literal as escaped;
use serde::Serialize;

use super::{
    Heading, Remarks, RowNames,
    html::{self, Marked, SCRIPT, STYLE, date},
    json::PlaceOut,
    markdown::looked_at,
    some,
    text::{self, Lines},
};
use crate::{
    World,
    matrix::{Cell, Granted, GrantedAt, Person, levels::name},
    print::{self, GapOut, PathOut, PrincipalOut, RuleOut, Segment, Style, SubjectOut, Text},
};

/// How many namespaces are named of one place.
const NAMESPACES: usize = 8;

impl Person<'_> {
    fn called(&self) -> String {
        match (&self.principal, self.matrix.rows.first().and_then(|row| row.members.first())) {
            (Some(principal), _) => print::principal(principal),
            (None, Some(member)) => RowNames { usual: None }.member(member),
            (None, None) => self.user.name.clone(),
        }
    }

    /// Who they are in the cluster, in a sentence.
    fn login(&self) -> Option<String> {
        let principal = self.principal.as_ref()?;
        let login = principal.login.as_ref().ok()?;
        let groups = if login.groups.is_empty() { "no group".to_owned() } else { login.groups.join(", ") };
        let by = principal.source.as_ref().map(|source| format!(", by {source}")).unwrap_or_default();
        Some(format!("{} is {} in {groups}{by}", principal.arn(), login.username))
    }

    /// What is said where nothing grants them anything.
    fn nothing(&self) -> &'static str {
        if self.matrix.gaps.is_empty() {
            "Nothing grants them anything."
        } else {
            "Nothing that could be read grants them anything."
        }
    }

    /// Where, and what there.
    fn cells(&self) -> Vec<(Vec<&str>, &Cell)> {
        self.matrix.rows.first().map(|row| self.matrix.row_by_places(row)).unwrap_or_default()
    }
}

fn place(at: &GrantedAt<'_>) -> String {
    if at.namespaces.is_empty() {
        "In the whole cluster".to_owned()
    } else {
        format!("In {}", some(&at.namespaces, NAMESPACES))
    }
}

/// `RoleBinding a → Role b (access.yaml:3), as Group developers`.
fn through(world: &World, granted: &Granted<'_>) -> String {
    let path = print::path(world, &granted.path);
    match &granted.subject {
        Some(subject) => format!("{path}, as {}", print::subject(subject)),
        None => path,
    }
}

/// The verbs of a rule, and what they are for.
fn words(rule: &Rule) -> [String; 2] {
    let verbs =
        if rule.verbs.iter().any(|verb| **verb == *"*") { "every verb".to_owned() } else { rule.verbs.join(", ") };
    let mut things: Vec<String> = rule.non_resource_urls.iter().map(ToString::to_string).collect();
    for group in &rule.api_groups {
        things.extend(rule.resources.iter().map(|resource| name(group, resource)));
    }
    let names: Vec<String> = rule.resource_names.iter().map(|name| format!("\"{name}\"")).collect();
    let only = if names.is_empty() { String::new() } else { format!(", only {}", names.join(", ")) };
    [verbs, format!("{}{only}", things.join(", "))]
}

/// Renders one person's permissions for a terminal.
pub fn person_text(person: &Person<'_>, world: &World, heading: &Heading<'_>, width: usize) -> Vec<Segment> {
    let mut out = Lines::default();
    let title = format!("What {} may do in {}", person.called(), heading.cluster);
    out.line(&title, Style::Title);
    for gap in Remarks::of(&person.matrix).gaps {
        out.line(&format!("! incomplete: {gap}"), Style::Danger);
    }
    if let Some(login) = &person.login() {
        out.line(login, Style::Plain);
    }
    out.line("", Style::Plain);
    let cells: Vec<(String, &Cell)> =
        person.cells().into_iter().map(|(names, cell)| (some(&names, NAMESPACES), cell)).collect();
    text::places(&cells, &person.matrix, &mut out);
    for at in &person.places {
        out.line("", Style::Plain);
        out.line(&place(at), Style::Title);
        for granted in &at.grants {
            out.line(&format!("  {}", through(world, granted)), Style::Plain);
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
            table.add_rows(granted.rules.iter().map(|rule| words(rule).map(|text| visible(&text))));
            for (at, column) in table.column_iter_mut().enumerate() {
                column.set_padding((if at == 0 { 4 } else { 0 }, 2));
            }
            for line in table.lines().filter(|line| !line.trim().is_empty()) {
                out.line(line.trim_end(), Style::Note);
            }
        }
    }
    if person.places.is_empty() {
        out.line("", Style::Plain);
        out.line(person.nothing(), Style::Plain);
    }
    out.line("", Style::Plain);
    for line in &text::legend(&person.matrix, width) {
        out.line(line, Style::Note);
    }
    out.segments
}

/// Renders one person's permissions as GitHub-flavoured Markdown.
pub fn person_markdown(person: &Person<'_>, world: &World, heading: &Heading<'_>) -> String {
    let (who, cluster) = (escaped(&person.called()), escaped(heading.cluster));
    let mut text = format!("## What {who} may do in {cluster}\n\n{}\n\n", looked_at(heading));
    super::markdown::gaps(&Remarks::of(&person.matrix).gaps, &mut text);
    if let Some(login) = &person.login() {
        text.push_str(&format!("{}\n\n", escaped(login)));
    }
    text.push_str("| Where | What |\n| --- | --- |\n");
    for (names, cell) in person.cells() {
        text.push_str(&format!("| {} | {} |\n", escaped(&some(&names, NAMESPACES)), escaped(&cell.text())));
    }
    for at in &person.places {
        text.push_str(&format!("\n### {}\n\n", escaped(&place(at))));
        for granted in &at.grants {
            text.push_str(&format!("- {}\n", escaped(&through(world, granted))));
            for [verbs, things] in granted.rules.iter().map(|rule| words(rule)) {
                text.push_str(&format!("  - {}: {}\n", escaped(&verbs), escaped(&things)));
            }
        }
    }
    if person.places.is_empty() {
        text.push_str(&format!("\n{}\n", person.nothing()));
    }
    super::markdown::legend(&person.matrix, &mut text);
    text
}

#[derive(askama::Template)]
#[template(path = "person.html")]
struct Page {
    title: Text,
    cluster: Text,
    source: Text,
    time: Timestamp,
    only: Option<Text>,
    date: String,
    policy: String,
    gaps: Vec<Text>,
    login: Option<Text>,
    cells: Vec<(Text, Vec<Marked>)>,
    places: Vec<(Text, Vec<PageGrant>)>,
    nothing: &'static str,
    legend: Vec<html::Entry>,
}

struct PageGrant {
    through: Text,
    rules: Vec<[Text; 2]>,
}

/// Renders one person's permissions as one HTML page.
pub fn person_html(person: &Person<'_>, world: &World, heading: &Heading<'_>) -> String {
    let grant = |granted: &Granted<'_>| PageGrant {
        through: through(world, granted).into(),
        rules: granted.rules.iter().map(|rule| words(rule).map(Text::from)).collect(),
    };
    let page = Page {
        title: format!("What {} may do", person.called()).into(),
        cluster: heading.cluster.into(),
        source: heading.source.into(),
        time: heading.now,
        only: super::only(person.matrix.options).map(Text::from),
        date: date(heading.now),
        policy: html::policy(),
        gaps: Remarks::of(&person.matrix).gaps.into_iter().map(Text::from).collect(),
        login: person.login().map(Text::from),
        cells: person.cells().into_iter().map(|(names, cell)| (names.join(", ").into(), html::marked(cell))).collect(),
        places: person
            .places
            .iter()
            .map(|at| {
                let place =
                    if at.namespaces.is_empty() { place(at) } else { format!("In {}", at.namespaces.join(", ")) };
                (place.into(), at.grants.iter().map(grant).collect())
            })
            .collect(),
        nothing: person.nothing(),
        legend: html::legend(&person.matrix),
    };
    html::render(&page)
}

/// All of it, for [`print::json`] and [`print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonOut<'a> {
    cluster: &'a str,
    source: &'a str,
    time: String,
    incomplete: bool,
    gaps: Vec<GapOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<PrincipalOut<'a>>,
    user: UserOut<'a>,
    places: Vec<PlaceOut<'a>>,
    grants: Vec<GrantOut<'a>>,
}

#[derive(Debug, Serialize)]
struct UserOut<'a> {
    name: &'a str,
    groups: &'a [String],
}

#[derive(Debug, Serialize)]
struct GrantOut<'a> {
    /// All the places where the same is granted by bindings of this name; none is the whole cluster.
    namespaces: &'a [&'a str],
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectOut<'a>>,
    path: PathOut<'a>,
    rules: Vec<RuleOut<'a>>,
}

impl<'a> PersonOut<'a> {
    /// Returns one person's permissions for programs.
    pub fn new(person: &'a Person<'a>, world: &'a World, heading: &Heading<'a>) -> Self {
        let grants = person.places.iter().flat_map(|at| {
            at.grants.iter().map(|granted| GrantOut {
                namespaces: &at.namespaces,
                subject: granted.subject.as_ref().map(<&Subject>::into),
                path: PathOut::without_rule(world, &granted.path),
                rules: granted.rules.iter().map(|rule| RuleOut(rule)).collect(),
            })
        });
        Self {
            cluster: heading.cluster,
            source: heading.source,
            time: heading.now.to_string(),
            incomplete: !person.matrix.gaps.is_empty(),
            gaps: person.matrix.gaps.iter().map(Into::into).collect(),
            principal: person.principal.as_ref().map(Into::into),
            user: UserOut { name: &person.user.name, groups: &person.user.groups },
            places: person.cells().into_iter().map(|(names, cell)| PlaceOut { names, cell: cell.into() }).collect(),
            grants: grants.collect(),
        }
    }
}

//! Everybody × every place: what each may do, on one page.
//!
//! ```text
//!   World ─ rows: who is somebody of their own ─► holders
//!         └ held: what each holds in each place, people and namespaces that are alike once
//!             └ levels | resources: sets of roles' rules ─► cells, by questions to the evaluator
//!   Matrix ─ text | markdown | json | yaml | html
//! ```
//!
//! A cell says all that somebody may do in a place, what they may do everywhere with it. Its words are questions that the
//! evaluator answers ([`Level::questions`], `rbac`'s table of escalations); what roles are called says nothing.

mod cell;
mod grid;
mod levels;
mod person;
pub mod print;
mod resources;
mod rows;

use std::{collections::BTreeMap, sync::Arc};

use inventory::Unseen;

pub use self::{
    cell::{Cell, Level, Levels, Right, Verbs, Word},
    person::{Granted, GrantedAt, NotAPerson, Person, Whose, is_named, person},
    resources::MatrixResource,
    rows::{By, Known, LeftOut, Member},
};
use self::{
    grid::{Grid, NumberedWorld},
    rows::RowSubject,
};
use crate::{NamedPrincipal, Reach, Resources, World};

/// Options of the matrix.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who the rows are.
    pub by: By,
    /// Only these namespaces, as names or globs; none is every one.
    pub namespaces: Vec<String>,
    /// Only these: names, usernames or ARNs, as globs; `user:` and `group:` in front ask for a Kubernetes name.
    pub who: Vec<String>,
    /// The verbs on these in place of levels; none is levels.
    pub resources: Vec<MatrixResource>,
}

/// The matrix: rows of people by columns of places.
#[derive(Debug)]
pub struct Matrix<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// Those who are alike are one row; the most privileged first.
    pub rows: Vec<Row<'a>>,
    /// Namespaces that are alike are one column; the whole cluster first, the rest last.
    pub columns: Vec<Column>,
    /// What the words mean that are used.
    pub legend: Vec<(String, String)>,
    /// The totals of the matrix.
    pub totals: Totals,
    /// Who holds something and has no row here.
    pub left_out: LeftOut,
    /// What is not known, so that rows and rights may be missing.
    pub gaps: Vec<Unseen>,
    cells: Vec<Cell>,
    namespaces: Vec<Arc<str>>,
    /// How many of them were asked for.
    shown: usize,
}

/// A row: people with the same permissions everywhere.
#[derive(Debug)]
pub struct Row<'a> {
    /// Who, in the order of their names.
    pub members: Vec<Member<'a>>,
    cluster: u32,
    elsewhere: u32,
    /// The namespaces where it is not as elsewhere, by number, in the order of their names.
    places: Vec<(u32, u32)>,
}

/// A column: the whole cluster, or namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Everywhere, and what belongs to no namespace.
    Cluster,
    /// In namespaces that are alike.
    Namespaces(Vec<Arc<str>>),
    /// In every other namespace.
    Others(Vec<Arc<str>>),
}

/// The totals of the matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many the rows are about: people, groups or subjects.
    pub members: usize,
    /// Among people: users and groups without an AWS identity.
    pub others: usize,
    /// How many of all may do everything everywhere.
    pub everything: usize,
    /// How many of them can escalate privileges somewhere.
    pub dangerous: usize,
    /// Principals that are named and cannot log in.
    pub without_login: usize,
    /// Namespaces that there are.
    pub namespaces: usize,
    /// Bindings.
    pub bindings: usize,
}

/// Makes the matrix; `resources` are what the cluster calls its objects.
pub fn matrix<'a>(world: &'a World, resources: &'a Resources, options: &'a Options) -> Matrix<'a> {
    let (holders, left_out) = rows::holders(world, options);
    Matrix { left_out, ..of_holders(world, resources, options, holders) }
}

fn of_holders<'a>(
    world: &'a World,
    resources: &'a Resources,
    options: &'a Options,
    holders: Vec<RowSubject<'a>>,
) -> Matrix<'a> {
    let held = NumberedWorld::new(world, resources, &options.resources);
    let Grid { rows, cells, namespaces, shown, columns } = held.grid(holders, &options.namespaces);
    let number = |row: &Row<'a>| row.members.iter().filter(|member| !member.is_built_in()).count();
    let of = |is: &dyn Fn(&Row<'_>) -> bool| rows.iter().filter(|row| is(row)).map(number).sum();
    let all: usize = of(&|_| true);
    let is_other = |member: &&Member<'_>| options.by == By::People && matches!(member, Member::Subject(_));
    let others = rows.iter().flat_map(|row| &row.members).filter(is_other).count();
    let cell = |at: u32| &cells[at as usize];
    let is_out = |principal: &NamedPrincipal| {
        principal.login.is_err() && world.may_say_otherwise(&principal.identity).is_empty()
    };
    let totals = Totals {
        members: all - others,
        others,
        everything: of(&|row| cell(row.cluster).is_everything()),
        dangerous: of(&|row| {
            cell(row.cluster).is_dangerous() || row.places.iter().any(|(_, at)| cell(*at).is_dangerous())
        }),
        without_login: world.principals().iter().filter(|principal| is_out(principal)).count(),
        namespaces: world.namespaces().count(),
        bindings: world.index().bindings().len(),
    };
    let legend = cell::legend(&cells);
    let is_exact = !options.namespaces.is_empty() && !options.namespaces.iter().any(|glob| glob.contains('*'));
    let names: Vec<&str> = options.namespaces.iter().map(|name| &**name).collect();
    let reach = if is_exact { Reach::Namespaces(&names) } else { Reach::Anywhere };
    let gaps = world.gaps_about(reach).into_iter().cloned().collect();
    let left_out = LeftOut::default();
    Matrix { options, rows, columns, legend, totals, left_out, gaps, cells, namespaces, shown }
}

impl Matrix<'_> {
    /// Returns what a row may do in a column.
    pub fn cell(&self, row: &Row<'_>, column: &Column) -> &Cell {
        let at = match column {
            Column::Cluster => row.cluster,
            Column::Others(_) => row.elsewhere,
            Column::Namespaces(names) => {
                let number = self.namespaces.binary_search(&names[0]).expect("columns have known names");
                let number = u32::try_from(number).expect("as many as were numbered");
                let own = row.places.binary_search_by_key(&number, |(namespace, _)| *namespace);
                own.map_or(row.elsewhere, |at| row.places[at].1)
            }
        };
        &self.cells[at as usize]
    }

    /// Returns where a row is not as elsewhere: for each cell its namespaces, in the order of the first of them.
    pub fn places(&self, row: &Row<'_>) -> Vec<(Vec<&str>, &Cell)> {
        let mut of_cell: BTreeMap<u32, (usize, Vec<&str>)> = BTreeMap::new();
        for (order, (namespace, cell)) in row.places.iter().enumerate() {
            let (_, names) = of_cell.entry(*cell).or_insert((order, Vec::new()));
            names.push(&self.namespaces[*namespace as usize]);
        }
        let mut places: Vec<_> = of_cell.into_iter().collect();
        places.sort_by_key(|(_, (order, _))| *order);
        places.into_iter().map(|(cell, (_, names))| (names, &self.cells[cell as usize])).collect()
    }

    /// Returns what a row may do in every namespace that none of its places names; `None` if there is no such namespace.
    pub fn elsewhere(&self, row: &Row<'_>) -> Option<&Cell> {
        (row.places.len() < self.shown).then(|| &self.cells[row.elsewhere as usize])
    }

    /// Returns whether cells are levels, and not the verbs on resources that were asked for.
    pub fn is_by_levels(&self) -> bool {
        self.options.resources.is_empty()
    }
}

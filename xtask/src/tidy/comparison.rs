//! Two pages claim things: docs/comparison.md what can be seen, docs/threat-model.md what stops whom. Every claim is the name of
//! a test, and a test that is gone shows nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::run;

const PAGES: [&str; 2] = ["docs/comparison.md", "docs/threat-model.md"];

/// Columns that have to be backed by tests.
const OURS: [&str; 3] = ["live", "from files", "shown by"];

/// Looks the pages' names up among the repository's tests and the codes of `lint`.
pub(super) fn comparison(tests: &BTreeSet<String>, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let codes: BTreeSet<&str> = visibility::lint::checks().map(|check| check.code.code).collect();
    for name in PAGES {
        let page = fs::read_to_string(run::root().join(name)).context(name)?;
        problems.extend(wrong(name, &page, tests, &codes));
    }
    Ok(())
}

/// The repository's tests by their names.
pub(super) fn tests(files: &[PathBuf]) -> anyhow::Result<BTreeSet<String>> {
    let mut tests = BTreeSet::new();
    for file in files {
        let path = file.strip_prefix(run::root())?;
        if let Some(place) = Place::of(path) {
            tests.extend(place.tests(&fs::read_to_string(file)?));
        }
    }
    Ok(tests)
}

/// What a page says and is not so, each with its line.
fn wrong(name: &str, page: &str, tests: &BTreeSet<String>, codes: &BTreeSet<&str>) -> Vec<String> {
    let mut problems = Vec::new();
    // Which columns of the table that is being read are ours.
    let mut ours: Option<Vec<usize>> = None;
    for (at, line) in page.lines().enumerate() {
        let mut problem = |what: String| problems.push(format!("{name}:{}: {what}", at + 1));
        for name in named(line).filter(|name| !tests.contains(*name)) {
            problem(format!("there is no test {name}"));
        }
        let anchors = line.split("(lint.md#").skip(1).filter_map(|rest| rest.split(')').next());
        for code in anchors.filter(|code| !codes.contains(code)) {
            problem(format!("lint has no check {code}"));
        }
        let Some(row) = line.strip_prefix('|') else {
            ours = None;
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Some(ours) = &ours else {
            let are_ours = cells.iter().enumerate().filter(|(_, cell)| OURS.contains(cell));
            ours = Some(are_ours.map(|(column, _)| column).collect());
            continue;
        };
        for cell in ours.iter().map(|column| cells.get(*column).copied().unwrap_or_default()) {
            let is_line = cell.starts_with("---");
            let is_no = cell == "no" || cell.starts_with("no: ");
            if !is_line && !is_no && named(cell).next().is_none() {
                problem(format!("{cell:?} is neither a no nor a test"));
            }
        }
    }
    problems
}

/// What stands in backticks and looks like a test.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|code| code.contains("::"))
}

/// Where a file stands among the tests, which decides what its tests are called.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A file of the end-to-end tests: each test is a row that begins with its name, which begins with this.
    EndToEnd(String),
    /// The tests of a crate: each is a function with an attribute, behind this path.
    Unit(String),
}

impl Place {
    fn of(path: &Path) -> Option<Self> {
        let stem = path.to_str()?.strip_suffix(".rs")?;
        let parts: Vec<&str> = stem.split('/').collect();
        match &*parts {
            ["tests", "e2e", "tests", "it", module, ..] => Some(Self::EndToEnd(format!("{module}::"))),
            ["crates", name, "src", modules @ ..] if modules.contains(&"tests") => {
                Some(Self::Unit([&[*name], modules].concat().join("::") + "::"))
            }
            ["crates", name, "tests", modules @ ..] => Some(Self::Unit([&[*name], modules].concat().join("::") + "::")),
            _ => None,
        }
    }

    fn tests(&self, text: &str) -> Vec<String> {
        let lines = text.lines().map(str::trim_start);
        match self {
            Self::EndToEnd(prefix) => {
                let mut names = Vec::new();
                for line in lines.filter(|line| !line.starts_with("//")) {
                    let parts: Vec<&str> = line.split('"').collect();
                    for part in parts.windows(3).step_by(2) {
                        let is_first = part[0].is_empty() || part[0].ends_with('(');
                        if is_first && part[1].starts_with(prefix) && part[2].starts_with(',') {
                            names.push(part[1].to_owned());
                        }
                    }
                }
                names
            }
            Self::Unit(prefix) => {
                let (mut names, mut is_test) = (Vec::new(), false);
                for line in lines {
                    is_test |= is_test_attribute(line);
                    let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
                    let Some(function) = function.and_then(|rest| rest.split(['(', '<']).next()) else { continue };
                    if std::mem::take(&mut is_test) {
                        names.push(format!("{prefix}{function}"));
                    }
                }
                names
            }
        }
    }
}

/// `#[test]`, and those of libraries, as `#[tokio::test(…)]`.
fn is_test_attribute(line: &str) -> bool {
    let path = line.strip_prefix("#[").and_then(|rest| rest.split([']', '(']).next());
    path.is_some_and(|path| path.rsplit("::").next() == Some("test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_called_by_where_they_stand() {
        let rows = [
            (
                "tests/e2e/tests/it/who_can.rs",
                "    (\"who_can::on_a_row\", one),\n    (\n        \"who_can::below\",\n        two,\n    ),\n\
                 // (\"who_can::in_a_comment\", x)\n    (\"explain::of_another_file\", x),\n    say(\"who_can::said\");\n",
                &["who_can::on_a_row", "who_can::below"][..],
            ),
            (
                "tests/e2e/tests/it/apply/spine.rs",
                "pub(crate) const TESTS: &[Test] = &[(\"apply::one\", one), (\"apply::two\", two)];",
                &["apply::one", "apply::two"],
            ),
            (
                "crates/visibility/src/tests/lint/laws.rs",
                "#[test]\nfn one() {}\nfn helper() {}\nproptest! {\n    /// Why.\n    #[test]\n    fn law(\n        x in 0..3) {}\n}\n",
                &["visibility::tests::lint::laws::one", "visibility::tests::lint::laws::law"],
            ),
            (
                "crates/tls/src/tests.rs",
                "#[tokio::test(flavor = \"current_thread\")]\n#[expect(\n    clippy::unwrap_used\n)]\nasync fn serves() {}\n\
                 #[cfg(test)]\nfn none() {}\n// #[test]\nfn neither() {}",
                &["tls::tests::serves"],
            ),
            ("crates/tls/src/pem/tests.rs", "#[test]\nfn one() {}", &["tls::pem::tests::one"]),
            ("crates/tls/tests/spec/pairs.rs", "#[test]\nfn one() {}", &["tls::spec::pairs::one"]),
            ("crates/tls/src/lib.rs", "#[test]\nfn elsewhere() {}", &[]),
            ("crates/tls/src/tests/case.yaml", "#[test]\nfn no_code() {}", &[]),
        ];
        for (path, text, expected) in rows {
            let place = Place::of(Path::new(path));
            assert_eq!(place.map(|place| place.tests(text)).unwrap_or_default(), expected, "{path}");
        }
    }

    #[test]
    fn a_cell_is_a_no_or_a_test_that_there_is() {
        let tests = BTreeSet::from(["who_can::right".to_owned(), "visibility::tests::rights::agree".to_owned()]);
        let codes = BTreeSet::from(["exec"]);
        let found = |row: &str| {
            let page = format!("| What | Others | live | from files |\n|---|---|---|---|\n{row}\n\nText.\n");
            wrong("docs/comparison.md", &page, &tests, &codes)
        };
        let rows = [
            ("| X | – | `who_can::right` | yes: `visibility::tests::rights::agree` |", &[][..]),
            ("| X | `kubectl` | no | no: it asks AWS |", &[]),
            ("| X | – | no: `who_can::right` says so | no |", &[]),
            ("| X | – | `who_can::wrong` | no |", &["docs/comparison.md:3: there is no test who_can::wrong"]),
            ("| X | – | no: `who_can::wrong` | no |", &["docs/comparison.md:3: there is no test who_can::wrong"]),
            ("| X | – | yes | no |", &["docs/comparison.md:3: \"yes\" is neither a no nor a test"]),
            ("| X | – | not yet | no |", &["docs/comparison.md:3: \"not yet\" is neither a no nor a test"]),
            (
                "| X | – | `--live` | |",
                &[
                    "docs/comparison.md:3: \"`--live`\" is neither a no nor a test",
                    "docs/comparison.md:3: \"\" is neither a no nor a test",
                ],
            ),
            ("| X | – | no |", &["docs/comparison.md:3: \"\" is neither a no nor a test"]),
            ("| X | – | [x](lint.md#exec) `who_can::right` | no |", &[]),
            ("| X | [x](lint.md#exac) | no | no |", &["docs/comparison.md:3: lint has no check exac"]),
        ];
        for (row, expected) in rows {
            assert_eq!(found(row), expected, "{row}");
        }
        // Other tables say what they like, and whatever looks like a test is one, on the whole page.
        let page = "| Way | Code |\n|---|---|\n| x | y |\n\n`who_can::wrong`\n";
        assert_eq!(
            wrong("docs/comparison.md", page, &tests, &codes),
            ["docs/comparison.md:5: there is no test who_can::wrong"]
        );
    }
}

//! What the list of changes says of a version: whoever installs one is led there.

use anyhow::Context as _;

use crate::run;

/// Refuses a version that has no entry with its date.
pub(crate) fn check(version: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(run::root().join("CHANGELOG.md")).context("CHANGELOG.md")?;
    anyhow::ensure!(
        has_entry(&text, version),
        "CHANGELOG.md has no entry for {version}: give what is `Unreleased` the heading `## {version} - YYYY-MM-DD`"
    );
    Ok(())
}

/// Whether there is something below a heading with the version and a day.
fn has_entry(text: &str, version: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| !is_heading(line, version));
    let below = lines.next().map(|_| lines.take_while(|line| !line.starts_with("## ")));
    below.is_some_and(|mut below| below.any(|line| !line.trim().is_empty() && !line.starts_with('#')))
}

fn is_heading(line: &str, version: &str) -> bool {
    let day = line.strip_prefix("## ").and_then(|rest| rest.strip_prefix(version)?.strip_prefix(" - "));
    let is_as = |(letter, of): (u8, u8)| if of == b'0' { letter.is_ascii_digit() } else { letter == of };
    day.is_some_and(|day| day.len() == 10 && day.bytes().zip(*b"0000-00-00").all(is_as))
}

#[cfg(test)]
mod tests {
    use super::{check, has_entry};

    #[test]
    fn a_version_has_an_entry_with_a_day_and_something_in_it() {
        let entry = |heading: &str| {
            format!("# Changelog\n\n## Unreleased\n\n{heading}\n\n### Added\n\n- this\n\n## 0.0.9 - 2025-01-01\n")
        };
        assert!(has_entry(&entry("## 1.2.3 - 2026-11-30"), "1.2.3"));
        for heading in ["## 1.2.30 - 2026-11-30", "## 1.2.3", "## 1.2.3 - soon", "### 1.2.3 - 2026-11-30", ""] {
            assert!(!has_entry(&entry(heading), "1.2.3"), "{heading}");
        }
        assert!(!has_entry("## 1.2.3 - 2026-11-30\n\n### Added\n\n## 1.2.2 - 2026-11-29\n\n- that\n", "1.2.3"));
    }

    #[test]
    fn this_version_has_one() {
        check(env!("CARGO_PKG_VERSION")).expect("an entry");
    }
}

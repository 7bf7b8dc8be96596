//! What the program read of this process's environment.

use std::{collections::BTreeMap, path::PathBuf};

/// The environment variables and the home folder, as the program read them. No Debug: some of them are secrets.
#[derive(Clone, Default)]
pub struct Environment {
    /// Variables by name; empty ones count as unset.
    pub vars: BTreeMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Returns one variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Sets a variable, if there is a value and the variable is unset or empty.
    pub fn fill(&mut self, name: &str, value: Option<&str>) {
        if let (None, Some(value)) = (self.get(name), value) {
            self.vars.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Returns whether a variable says `true`, in any case.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

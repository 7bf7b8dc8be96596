//! What a test has typed of the documentation. [`pages::Table`] says what it has to.

use std::{cell::RefCell, collections::BTreeSet};

use anyhow::ensure;
use pages::{Table, bare};

thread_local! {
    /// The test that runs on this thread, and what it has typed.
    static TYPED: RefCell<(String, BTreeSet<String>)> = RefCell::default();
}

/// Runs a test, and holds it to what the table says that it types.
pub fn held(table: &Table, test: &str, run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    TYPED.set((test.to_owned(), BTreeSet::new()));
    run()?;
    let missing = TYPED.with_borrow(|(_, done)| table.unfulfilled(test, done));
    ensure!(missing.is_empty(), "{} says that this test types it, and it does not: {missing:#?}", pages::TABLE);
    Ok(())
}

/// This test has just typed a command, or followed a page.
pub fn note(command: &str) {
    let lines: Vec<_> = command.lines().collect();
    let text = if lines.len() > 1 { command.trim_end() } else { bare(command) };
    TYPED.with_borrow_mut(|(_, done)| done.insert(text.to_owned()));
}

/// What the table says that this test types, and it has not yet.
pub fn left() -> anyhow::Result<Vec<String>> {
    let table = Table::read()?;
    Ok(TYPED.with_borrow(|(test, done)| table.unfulfilled(test, done)))
}

/// The test that runs on this thread.
pub fn test() -> String {
    TYPED.with_borrow(|(test, _)| test.clone())
}

//! Every target on the kept inputs, and on random ones.

use std::{collections::BTreeSet, fs, path::Path};

use fuzz_targets::TARGETS;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// Where cargo-fuzz keeps inputs and finds programs.
fn fuzz(folder: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder)
}

/// The names of a folder's entries.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn each_target_has_a_program_and_kept_inputs() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let programs: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&fuzz("fuzz_targets")), programs);
    assert_eq!(names(&fuzz("corpus")), targets);
}

#[test]
fn laws_hold_for_the_kept_inputs() {
    for target in TARGETS {
        let folder = fuzz("corpus").join(target.name);
        let inputs = names(&folder);
        assert!(inputs.len() >= 10, "{} has too few inputs to mean anything", target.name);
        for input in inputs {
            let path = folder.join(input);
            eprintln!("{}", path.display());
            (target.run)(&fs::read(path).expect("an input"));
        }
    }
}

/// Put together from the words of each format, since random text gets nowhere.
#[test]
fn laws_hold_for_random_inputs() {
    for target in TARGETS {
        let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
        let inputs = prop::collection::vec(any::<u8>(), 1..1_500);
        let held = runner.run(&inputs, |mut input| {
            input[0] |= 1;
            (target.run)(&input);
            Ok(())
        });
        held.unwrap_or_else(|broken| panic!("{}: {broken}", target.name));
    }
}

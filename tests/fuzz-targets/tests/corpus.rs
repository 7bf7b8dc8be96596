//! Every target on the kept inputs, and on random ones.

use std::{cell::Cell, collections::BTreeSet, fs, path::Path};

use fuzz_targets::TARGETS;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// How many random inputs each target has.
const CASES: u32 = 500;

/// How many of them its reader takes at least.
const FEWEST_TAKEN: usize = 10;

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
            let _ = (target.run)(&fs::read(path).expect("an input"));
        }
    }
}

/// Put together from the words of each format, since random text gets nowhere: a share of them gets past each reader.
#[test]
fn laws_hold_for_random_inputs() {
    for target in TARGETS {
        let taken = Cell::new(0);
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        let inputs = prop::collection::vec(any::<u8>(), 1..1_500);
        let held = runner.run(&inputs, |mut input| {
            // Odd, and no text begins with it: choices, wherever the format has words.
            input[0] = input[0] & 0x3f | 0x81;
            taken.set(taken.get() + usize::from((target.run)(&input)));
            Ok(())
        });
        held.unwrap_or_else(|broken| panic!("{}: {broken}", target.name));
        eprintln!("{}: {} of {CASES} were taken", target.name, taken.get());
        assert!(taken.get() >= FEWEST_TAKEN, "{} takes hardly any of its inputs: {}", target.name, taken.get());
    }
}

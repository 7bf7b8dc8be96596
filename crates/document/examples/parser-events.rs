//! The floor under reading: `parser-events FILE` runs the YAML parser over a file and keeps nothing.

use std::{env, fs};

use granit_parser::{Options, Parser};

fn main() {
    let path = env::args().nth(1).expect("usage: parser-events FILE");
    let text = fs::read_to_string(path).expect("the file can be read");
    let mut options = Options::default();
    options.set_emit_comments(false);
    for event in Parser::new_from_str_with_options(&text, options) {
        event.expect("YAML");
    }
}

//! The floor under reading: `parser-events FILE` runs the YAML parser over a file, keeps nothing, and prints how many
//! milliseconds that took, best of five.

#![expect(clippy::print_stdout, reason = "a program for the benchmark")]

use std::{env, fs, time::Instant};

use granit_parser::{Options, Parser};

fn main() {
    let path = env::args().nth(1).expect("usage: parser-events FILE");
    let text = fs::read_to_string(path).expect("the file can be read");
    let run = |_| {
        let begin = Instant::now();
        let mut options = Options::default();
        options.set_emit_comments(false);
        for event in Parser::new_from_str_with_options(&text, options) {
            event.expect("YAML");
        }
        begin.elapsed().as_millis()
    };
    println!("{}", (0..5).map(run).min().unwrap_or_default());
}

//! What a scalar is taken for.

use super::tree;
use crate::Scalar;

fn scalar(yaml: &str) -> Scalar {
    let root = tree(&format!("- {yaml}\n"));
    root.as_sequence().and_then(|nodes| nodes[0].as_scalar()).expect("a scalar").clone()
}

#[test]
fn scalars_keep_their_text() {
    let rows = [
        ("012345678901", "012345678901", false),
        ("\"no\"", "no", true),
        ("'it''s'", "it's", true),
        ("no", "no", false),
        ("|\n  x\n", "x\n", true),
        ("|-\n  x\n", "x", true),
        ("|\n  no line break at the end, as Go reads it", "no line break at the end, as Go reads it\n", true),
        (">\n  a\n  b\n", "a b\n", true),
        ("!!str 5", "5", true),
        ("\"\\u00e4\\ud83d\\ude00\"", "ä😀", true),
        ("", "", false),
        ("~", "~", false),
    ];
    for (yaml, text, quoted) in rows {
        let scalar = scalar(yaml);
        assert_eq!((&*scalar.text, scalar.quoted), (text, quoted), "{yaml}");
    }
}

#[test]
fn what_scalars_mean() {
    let rows: &[(&str, &[&str])] = &[
        ("null", &["", "~", "null", "Null", "NULL"]),
        ("true", &["true", "True", "TRUE"]),
        ("false", &["false", "False", "FALSE"]),
        ("number", &["0", "12", "-1", "+1", "1.5", ".5", "1.", "1e3", "1E-3", "0755", "0x1F", "0o17", "0b11", "1_000"]),
        ("number", &["-.inf", ".NaN", "012345678901", "09"]),
        ("text", &["no", "yes", "1.2.3", "1:30", "0xyz", "0build", "0x", ".", "e3", "infinity", "NaN", "1d", "_1"]),
        ("text", &["'1'", "\"true\"", "'~'", "\"\""]),
    ];
    for (meaning, yamls) in rows {
        for yaml in *yamls {
            let scalar = scalar(yaml);
            let found = match scalar.as_bool() {
                Some(true) => "true",
                Some(false) => "false",
                None if scalar.is_null() => "null",
                None if scalar.is_number() => "number",
                None => "text",
            };
            assert_eq!(found, *meaning, "{yaml}");
        }
    }
}

#[test]
fn what_yaml_1_1_takes_for_something_else() {
    let rows: &[(Option<&str>, &[&str])] = &[
        (Some("a truth value"), &["no", "No", "NO", "on", "Off", "yes", "y", "N"]),
        (Some("an octal number"), &["0755", "00", "012345678901", "-07"]),
        (Some("a number with an exponent"), &["1e3", "12E5", "1.5e-3"]),
        (Some("a number to base 60"), &["22:30", "190:20:30", "1:00.5"]),
        (Some("a number"), &["1_000", "0x1F", "0b1", ".inf"]),
        (None, &["0", "22", "-5", "1.25", "123456789012", "true", "null", "nO", "yep", "1:60", "a:30"]),
        (None, &["'no'", "\"1e3\"", "'22:30'", "dev", "1.2.3"]),
    ];
    for (taken_for, yamls) in rows {
        for yaml in *yamls {
            assert_eq!(scalar(yaml).surprises_yaml_1_1(), *taken_for, "{yaml}");
        }
    }
}

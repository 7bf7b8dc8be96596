//! What kubectl makes of a manifest is what we make of it.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use document::{Limits, Source, decode_lossy, parse_manifests};
use e2e::{
    process,
    random::{Random, SEED, say, seed},
    world::World,
};
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("dialects::kubectl_reads_written_manifests_as_we_do", written),
    ("dialects::kubectl_reads_generated_manifests_as_we_do", generated),
];

/// How many texts are made up.
const GENERATED: usize = 1500;

/// Of how many of those that kubectl takes we may say that we cannot read them, with the place: one in so many.
const REFUSED_OF: usize = 20;

/// Files that somebody might have, each with a name.
const WRITTEN: &[(&str, &[u8])] = &[
    ("merge-first", b"x:\n- &base {a: 1, b: 1}\n- <<: *base\n  b: 2\n"),
    ("merge-last", b"x:\n- &base {a: 1, b: 1}\n- b: 2\n  <<: *base\n"),
    ("merge-list", b"x: [&one {a: 1, b: 1}, &two {b: 2, c: 2}]\ny: {<<: [*one, *two], d: 3}\n"),
    ("merge-twice", b"x: [&one {a: 1}, &two {a: 2}]\ny:\n  <<: *one\n  <<: *two\n"),
    ("merge-nothing", b"x: {<<: }\n"),
    ("merge-alias-of-list", b"x: &x [{a: 1}]\ny: {<<: *x}\n"),
    ("merge-quoted", b"x: &x {a: 1}\ny: {\"<<\": *x}\n"),
    ("twice", b"x: 1\ny: {a: 1, b: 2, a: 3}\nx: 2\n"),
    ("alias-of-key", b"x: {&k a: 1}\ny: {*k : 2}\n"),
    ("booleans", b"x: [yes, No, on, OFF, y, N, True, nO]\non: 1\noff: {yes: 1}\n"),
    ("numbers", b"x: [0o14, 0755, 08, 1e3, 1_000, 0x1F, -0b11, +1, .5, 5., 1.5e-3, 012345678901, 1__0, 0_7]\n"),
    (
        "large-numbers",
        b"x: [9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616, 1e400]\n",
    ),
    ("almost-numbers", b"x: [1.2.3, 22:30, 2024-01-01, 2024-01-01T10:00:00Z, _1, 0x, 0b2, 1e, ., ~, Null, '1']\n"),
    ("keys", b"1: a\n0x10: b\n010: c\n1.50: d\n1e6: e\n1234567.0: f\n.inf: g\n2024-1-1: h\nnull-key: {null: 1}\n"),
    ("keys-that-are-texts", b"\"1\": a\n'on': b\n!!str 010: c\n"),
    ("null-key", b"x: {~: 1}\n"),
    ("list-as-key", b"x: {[a]: 1}\n"),
    ("mapping-as-key", b"? {a: 1}\n: 2\n"),
    ("infinity", b"x: .inf\n"),
    ("tags", b"x: [!!str 5, !!int \"5\", !!bool yes, !!null '', !!float 1, !mine 5, !!timestamp 2024-01-01]\n"),
    ("wrong-tag", b"x: !!int five\n"),
    ("carriage-returns", b"x: 1\ry: |\r  a\r  b\rz: 2\r"),
    ("windows", b"x: 1\r\ny: |\r\n  a\r\n  b\r\nz: >-\r\n  c\r\n  d\r\n"),
    ("tab-behind-colon", b"x:\t1\ny: 'a'\t# c\n"),
    ("tab-line", b"x: 1\n\t\ny: 2\n"),
    ("tab-indents", b"x:\n\ty: 2\n"),
    ("tab-in-block", b"x: |\n  a\n  \tb\n"),
    ("tab-begins-block", b"x: |\n  \ta\n"),
    ("tabs-in-flow", b"x: {\"a\":\t1,\t\"b\": 2}\n"),
    ("no-line-end", b"x: |\n  text"),
    ("block-scalars", b"a: |+\n  x\n\nb: >\n  y\n  z\n\n   w\nc: |2\n    v\nd: >-\n\n  u\n\n"),
    ("glued-comment", b"x: a#b\ny: http://c#d\n"),
    ("document-end", b"x: 1\n...\ny: 2\n"),
    ("undefined-alias", b"x: *nowhere\n"),
    ("not-utf-8", b"x: a # Zugriff f\xfcr alle\ny: \"\xe4\"\n"),
    ("control", b"x: \"a\x01\"\n"),
    ("template", b"x: {{ .Values.x }}\n"),
    ("template-line", b"{{- if .Values.x }}\nx: 1\n{{- end }}\n"),
];

fn written(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("dialects-written")?.join("files");
    fs::create_dir(&folder)?;
    for (name, body) in WRITTEN {
        fs::write(folder.join(format!("{name}.yaml")), [head(name).as_bytes(), body].concat())?;
    }
    // Several documents, and encodings: whole files.
    let (a, b, c) = (head("a"), head("b"), head("c"));
    let json = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}).to_string();
    let utf_16 = |text: &str, order: fn(u16) -> [u8; 2]| {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(order).collect::<Vec<u8>>()
    };
    let text = format!("{a}x: ä😀\n");
    let files: [(&str, Vec<u8>); 21] = [
        ("json-documents.json", format!("{}{}\n  {}\n", json("a"), json("b"), json("c")).into()),
        ("json-then-yaml.json", format!("{}\n---\n{b}---\n{c}", json("a")).into()),
        ("json-between-markers.json", format!("{}\n---\n{}\n---\n{}\n", json("a"), json("b"), json("c")).into()),
        ("two-json-then-yaml.json", format!("{}{}\n---\n{c}", json("a"), json("b")).into()),
        ("json-broken.json", format!("{}\n{{\"kind\": \n", json("a")).into()),
        ("json-twice.json", json("a").replacen('{', "{\"x\": 1, \"x\": {\"y\": 1, \"y\": 2},", 1).into()),
        ("flow.yaml", format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}}}\n---\n{b}").into()),
        ("documents.yaml", format!("---\n# nothing\n---\n{a}--- # c\n{b}---\n---\n{c}...\n").into()),
        ("windows-documents.yaml", format!("{a}---\n{b}").replace('\n', "\r\n").into()),
        ("carriage-return-documents.yaml", format!("{a}---\n{b}").replace('\n', "\r").into()),
        ("behind-the-marker.yaml", format!("{a}---\n{b}--- {{x: 1}}\n{c}").into()),
        ("glued-marker.yaml", format!("{a}----\n{b}").into()),
        ("directive.yaml", format!("# 100 %\n%YAML 1.1\n---\n{a}").into()),
        ("directive-between.yaml", format!("{a}---\n%YAML 1.1\n---\n{b}").into()),
        ("directive-without-marker.yaml", format!("{a}---\n%YAML 1.1\n{b}").into()),
        ("directive-behind-marker.yaml", format!("---\n%YAML 1.1\n---\n{b}").into()),
        ("directive-behind-end.yaml", format!("{a}...\n%YAML 1.1\n---\n{b}").into()),
        ("byte-order-mark.yaml", format!("\u{feff}{text}").into()),
        ("utf-16-little.yaml", utf_16(&text, u16::to_le_bytes)),
        ("utf-16-big.yaml", utf_16(&text, u16::to_be_bytes)),
        ("empty.yaml", b"# nothing\n".to_vec()),
    ];
    for (name, bytes) in &files {
        fs::write(folder.join(name), bytes)?;
    }
    let found = compare(world, &folder)?;
    ensure!(found.refused_by_us.is_empty(), "kubectl takes what we refuse: {:#?}", found.refused_by_us);
    ensure!(found.same > 30 && found.refused_by_both > 15, "{found:?}");
    Ok(())
}

fn generated(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("dialects-generated")?.join("files");
    fs::create_dir(&folder)?;
    let seed = seed()?;
    let mut random = Random(seed);
    for number in 0..GENERATED {
        let text = head(&format!("t{number}")) + &body(&mut random);
        fs::write(folder.join(format!("{number}.yaml")), text)?;
    }
    let found = compare(world, &folder).with_context(|| format!("{SEED}={seed}"))?;
    let counts = (found.same, found.refused_by_both, found.refused_by_us.len());
    say(&format!(
        "{SEED}={seed}: {counts:?} read as kubectl does, refused by both, refused by us alone; 0 differences"
    ));
    ensure!(found.same > GENERATED / 5, "{counts:?}");
    ensure!(found.refused_by_us.len() * REFUSED_OF < GENERATED, "{counts:?} {:#?}", found.refused_by_us);
    Ok(())
}

#[derive(Debug, Default)]
struct Found {
    same: usize,
    refused_by_both: usize,
    refused_by_us: Vec<String>,
}

/// Puts every file of a folder to kubectl and to our reader. What both read must be the same, and nothing may be read that
/// kubectl refuses.
fn compare(world: &World, folder: &Path) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let (theirs, refusals) = kubectl(world, folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.display().to_string();
        let bytes = fs::read(&path)?;
        let (text, _) = decode_lossy(&bytes);
        let documents = parse_manifests(&Source::new(&name, &*text), &Limits::default(), "items", |_, _| {});
        // kubectl goes no further than to what it cannot read.
        let read: Vec<_> = documents.iter().map_while(|document| document.read.as_ref().ok()).collect();
        let refusal = documents.iter().find_map(|document| document.read.as_ref().err());
        let ours = read.iter().filter_map(|read| read.root.as_ref()).filter(|root| !root.is_null());
        let ours: Vec<Value> = ours.map(document::Node::to_json).collect();
        let theirs = theirs.get(&name).cloned().unwrap_or_default();
        let said =
            || format!("{name}\n{text:?}\nkubectl: {theirs:?} {:?}\nwe: {ours:?} {refusal:?}", refusals.get(&name));
        match (refusals.contains_key(&name), refusal) {
            (false, None) | (true, Some(_)) => ensure!(is_same(&ours.clone().into(), &theirs.clone().into()), said()),
            (true, None) => anyhow::bail!("we read what kubectl refuses: {}", said()),
            (false, Some(_)) => {}
        }
        match (refusals.contains_key(&name), refusal) {
            (false, None) => found.same += 1,
            (_, None) | (true, _) => found.refused_by_both += 1,
            (false, Some(_)) => found.refused_by_us.push(said()),
        }
    }
    Ok(found)
}

/// kubectl prints numbers that no `i64` holds as floats.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours == theirs || ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, ours)| theirs.get(key).is_some_and(|theirs| is_same(ours, theirs)))
        }
        (ours, theirs) => ours == theirs,
    }
}

type Objects = BTreeMap<String, Vec<Value>>;

/// What kubectl reads of each file, and which files it refuses. It runs once for all of them, and knows them by annotations
/// that say which object came from which file.
fn kubectl(world: &World, folder: &Path) -> anyhow::Result<(Objects, BTreeMap<String, String>)> {
    let (mut objects, mut refusals) = (Objects::new(), BTreeMap::new());
    // Where names alone do not tell: one run for each file.
    let (numbered, named): (Vec<_>, Vec<_>) = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?
        .into_iter()
        .partition(|path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().parse::<usize>().is_ok()));
    let mut run = |args: &[&str]| -> anyhow::Result<Vec<Value>> {
        let mut command = process::command(world.parts.kubernetes("kubectl"), folder);
        let output = process::run(command.args(["annotate", "--local", "--output", "json", "read=yes"]).args(args))?;
        for line in output.stderr.lines() {
            let line = line.strip_prefix("error: ").unwrap_or(line).trim_start_matches(['*', ' ', '\t']);
            let named = line.strip_prefix("error parsing ").or_else(|| line.strip_prefix("unable to decode "));
            if let Some((file, why)) = named.and_then(|named| named.split_once(": ")) {
                refusals.insert(file.trim_matches('"').to_owned(), why.to_owned());
            }
        }
        let objects = serde_json::Deserializer::from_str(&output.stdout).into_iter::<Value>();
        let mut objects = objects.collect::<Result<Vec<_>, _>>()?;
        for object in &mut objects {
            object["metadata"].as_object_mut().context("metadata")?.remove("annotations");
        }
        Ok(objects)
    };
    for path in named {
        let name = path.display().to_string();
        objects.insert(name.clone(), run(&["-f", &name])?);
    }
    if !numbered.is_empty() {
        for object in run(&["-f", &folder.display().to_string()])? {
            let number =
                object["metadata"]["name"].as_str().and_then(|name| name.strip_prefix('t')).context("a name")?;
            objects.entry(folder.join(format!("{number}.yaml")).display().to_string()).or_default().push(object);
        }
    }
    Ok((objects, refusals))
}

fn head(name: &str) -> String {
    // Nothing that follows goes on with one of these values.
    format!("apiVersion: \"v1\"\nkind: \"ConfigMap\"\nmetadata: {{name: {name}}}\n")
}

/// What stands below `metadata`: as people write it, and now and then broken by one or two characters.
fn body(random: &mut Random) -> String {
    let mut text = random.one(&["", "x: &a {a: 0, z: 1}\ny: &b text\n", "x: &a {a: 0, z: 1}\ny: &b text\n"]).to_owned();
    for _ in 0..=random.below(4) {
        entry(random, &mut text, 0, "");
    }
    if random.below(3) == 0 {
        for _ in 0..=random.below(2) {
            const BROKEN: [&str; 22] = [
                " ", "\t", "\n", "\n\t\n", "-", "- ", ":", ": ", "#", " #", "\"", "'", "[", "]", "{", "}", ",", "*a",
                "&a ", "!", "?", "<<: *a\n",
            ];
            let at = text.floor_char_boundary(random.below(text.len() + 1));
            match random.below(3) {
                0 => drop(text.drain(at..text.ceil_char_boundary((at + 1).min(text.len())))),
                _ => text.insert_str(at, random.one(&BROKEN)),
            }
        }
    }
    let text = text.replace('\n', random.one(&["\n", "\n", "\n", "\n", "\n", "\r\n", "\r"]));
    if random.below(4) == 0 { text.trim_end_matches(['\r', '\n']).to_owned() } else { text }
}

/// One key with what it holds, or one element with it.
fn entry(random: &mut Random, text: &mut String, depth: usize, dash: &str) {
    const KEYS: [&str; 20] = [
        "a", "b", "c", "d", "verbs", "\"k\"", "'k'", "<<", "1", "true", "on", "a b", "http://x", "a-b", "a:b", "&k l",
        "!t j", "*a ", "010", "? e\n",
    ];
    const BETWEEN: [&str; 8] = [": ", ": ", ": ", ": ", ":  ", ":\t", " : ", ":"];
    const VALUES: [&str; 61] = [
        "",
        "x",
        "1",
        "true",
        "yes",
        "~",
        "\"q\"",
        "'s'",
        "\"\"",
        "a b",
        "x#y",
        "0755",
        "1e3",
        "*a",
        "*b",
        "<<",
        "2024-01-01",
        "\"a\\tb\"",
        "[a, b]",
        "[a,b]",
        "{a: 1}",
        "{a: b, c: d}",
        "{\"a\":1}",
        "[]",
        "{}",
        "[a, [b]]",
        "{a}",
        "{<<: *a}",
        "[*a, x]",
        "!!str 5",
        "!t x",
        "http://x:80/y",
        "a:b",
        "::",
        "[a, ]",
        "{a: 1,}",
        "!!int 5",
        "it's",
        "a&b",
        "a, b",
        "{{x}}",
        "\"{{x}}\"",
        "\"\\x41\"",
        "é",
        ".5",
        "0x1F",
        "1_000",
        "&a {a: 1}",
        "&a {b: 1, c: 2}",
        "&b x",
        "&b [x, y]",
        "'it''s'",
        "\"two\n      lines\"",
        "two\n      lines",
        "x  ",
        "x\t",
        "&b",
        "- a",
        "*a : x",
        "[{a: 1, a: 2}]",
        "{a: 1, a: 2}",
    ];
    const BLOCKS: [&str; 6] = ["|", "|-", "|+", ">", ">-", "| # c"];
    const TAILS: [&str; 10] = ["", "", "", "", "", "", " # c", "  ", "\t# c", " #"];
    const LINES: [&str; 9] = ["", "", "", "", "", "", "# c\n", "\n", "    # c\n"];
    let indent = "  ".repeat(depth);
    text.push_str(random.one(&LINES));
    text.push_str(&format!("{indent}{dash}"));
    let often_plain = random.below(2) == 0;
    let is_element = !dash.is_empty() && random.below(3) == 0;
    if !is_element {
        text.push_str(if often_plain { random.one(&["a", "b", "c", "d", "e", "f"]) } else { random.one(&KEYS) });
        text.push_str(if often_plain { ": " } else { random.one(&BETWEEN) });
    }
    match random.below(8) {
        0 | 1 if depth < 3 && !is_element => {
            text.push_str(random.one(&["", "&a", "&b", " # c", "&a # c"]));
            text.push('\n');
            for _ in 0..=random.below(2) {
                entry(random, text, depth + 1, "");
            }
        }
        2 if depth < 3 && !is_element => {
            text.push('\n');
            let of_list = depth + random.below(2);
            for _ in 0..=random.below(2) {
                entry(random, text, of_list, "- ");
            }
        }
        3 => {
            text.push_str(random.one(&BLOCKS));
            text.push('\n');
            for _ in 0..=random.below(2) {
                let line = random.one(&["x", "- y", "a: b", "  z", "", "# no comment", "\tx", "'"]);
                text.push_str(&format!("{indent}    {line}\n"));
            }
        }
        _ if often_plain => {
            text.push_str(random.one(&["x\n", "1\n", "[a, b]\n", "*a\n", "{<<: *a, b: 1}\n", "\"q\" # c\n"]));
        }
        _ => text.push_str(&format!("{}{}\n", random.one(&VALUES), random.one(&TAILS))),
    }
}

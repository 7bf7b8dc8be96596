//! Writing lines.
//!
//! Text is `time="…" level=info msg="…" key=value`, JSON one object with `time`, `level`, `msg` and the fields. Lines go
//! through bounded channels to threads of their own: a slow stderr loses lines, which are counted, and never delays an
//! answer. Denials have a channel of their own, because anybody can cause them: no other line is lost for one.

use std::{fmt, sync::OnceLock};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::{
    Level, Subscriber,
    field::{Field, Visit},
};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::Context,
    prelude::*,
};

use super::{Format, Verbosity};

/// Lines that wait for stderr, in each channel.
const WAITING: usize = 4_096;

/// Logging is the whole process's, and so is what it has lost.
static LOST: OnceLock<[ErrorCounter; 2]> = OnceLock::new();

/// How lines are written, once logging has started.
static FORMAT: OnceLock<Format> = OnceLock::new();

/// Whether each line on stderr is to be an object of JSON.
pub(crate) fn is_json() -> bool {
    FORMAT.get() == Some(&Format::Json)
}

/// Starts logging for the whole process, by this clock; lines are flushed when the guards go.
pub(crate) fn start(format: Format, verbosity: Verbosity, now: fn() -> Timestamp) -> [WorkerGuard; 2] {
    FORMAT.get_or_init(|| format);
    let channel = || NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING).finish(std::io::stderr());
    let ((denials, of_denials), (others, of_others)) = (channel(), channel());
    LOST.get_or_init(|| [denials.error_counter(), others.error_counter()]);
    tracing_subscriber::registry().with(Lines { format, now, denials, others }.with_filter(filter(verbosity))).init();
    [of_denials, of_others]
}

/// Everything of this verbosity, but for what the Kubernetes client says of itself: whoever uses it says the same in its place,
/// in words.
fn filter(verbosity: Verbosity) -> Targets {
    let silent = ["kube_runtime", "kube_client"].map(|target| (target, LevelFilter::OFF));
    Targets::new().with_default(verbosity.0).with_targets(silent)
}

/// How many lines were lost so far, because stderr did not take them fast enough.
pub(crate) fn lost() -> usize {
    LOST.get().map_or(0, |counters| counters.iter().map(ErrorCounter::dropped_lines).sum())
}

struct Lines {
    format: Format,
    now: fn() -> Timestamp,
    denials: NonBlocking,
    others: NonBlocking,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        use std::io::Write as _;

        let mut fields = Fields::default();
        event.record(&mut fields);
        let now = (self.now)();
        let is_denial = webhook::DENIED.contains(&fields.message.as_str());
        let mut line = match self.format {
            Format::Json => json(&now.to_string(), level(*event.metadata().level()), fields),
            Format::Text => {
                text(&now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), level(*event.metadata().level()), fields)
            }
        };
        line.push('\n');
        let mut writer = if is_denial { self.denials.clone() } else { self.others.clone() };
        // The channels are lossy by choice: nothing can be done about a log line that cannot be written.
        let _ = writer.write_all(line.as_bytes());
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn json(time: &str, level: &str, fields: Fields) -> String {
    let mut object = Map::new();
    object.insert("time".to_owned(), time.into());
    object.insert("level".to_owned(), level.into());
    object.insert("msg".to_owned(), fields.message.into());
    object.extend(fields.values);
    Value::Object(object).to_string()
}

/// As logrus writes a line: a value is quoted where it has anything but letters, digits and a few signs.
fn text(time: &str, level: &str, fields: Fields) -> String {
    let mut line = format!("time=\"{time}\" level={level} msg={}", written(&fields.message));
    for (key, value) in fields.values {
        let value = match value {
            Value::String(text) => written(&text),
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                written(&format!("[{}]", items.join(" ")))
            }
            other => other.to_string(),
        };
        line.push_str(&format!(" {key}={value}"));
    }
    line
}

fn written(value: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/@^+".contains(&byte);
    if value.bytes().all(is_bare) { value.to_owned() } else { quoted(value) }
}

/// As Go quotes a text (`%q`).
fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for character in value.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            // Behind a letter, so that a mark which stands on one counts as printable, as in Go.
            shown if shown == '\'' || format!("a{shown}").escape_debug().skip(1).eq([shown]) => quoted.push(shown),
            hidden if hidden.is_ascii() => quoted.push_str(&format!("\\x{:02x}", u32::from(hidden))),
            hidden if u32::from(hidden) > 0xffff => quoted.push_str(&format!("\\U{:08x}", u32::from(hidden))),
            hidden => quoted.push_str(&format!("\\u{:04x}", u32::from(hidden))),
        }
    }
    quoted.push('"');
    quoted
}

/// The field that is a list, which comes as JSON: in text `[a b]`, as logrus writes one.
const LIST: &str = "groups";

/// An event's message and fields. Keys come out sorted in text, as logrus sorts them (`Map` is a B-tree).
#[derive(Default)]
struct Fields {
    message: String,
    values: Map<String, Value>,
}

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        self.values.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            LIST => self.insert(field, serde_json::from_str(&text).unwrap_or_else(|_| text.into())),
            _ => self.insert(field, text.into()),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" { self.message = value.to_owned() } else { self.insert(field, value.into()) }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::{Fields, json, text, written};

    fn fields() -> Fields {
        let values = json!({"username": "deploy:build-17", "groups": ["a", "b"], "none": [], "error": "no \"mapping\"", "request": 7, "role": "a/b@c+d^e_f-g.h", "empty": ""});
        Fields { message: "access denied".to_owned(), values: values.as_object().cloned().unwrap_or_default() }
    }

    #[test]
    fn lines_have_the_existing_programs_shapes() {
        let time = "2026-01-02T03:04:05Z";
        assert_snapshot!(text(time, "warning", fields()), @r#"time="2026-01-02T03:04:05Z" level=warning msg="access denied" empty= error="no \"mapping\"" groups="[a b]" none="[]" request=7 role=a/b@c+d^e_f-g.h username="deploy:build-17""#);
        assert_snapshot!(json(time, "warning", fields()), @r#"{"empty":"","error":"no \"mapping\"","groups":["a","b"],"level":"warning","msg":"access denied","none":[],"request":7,"role":"a/b@c+d^e_f-g.h","time":"2026-01-02T03:04:05Z","username":"deploy:build-17"}"#);
    }

    /// Each is what Go prints for it with `%q`, where logrus quotes it.
    #[test]
    fn values_are_quoted_as_logrus_quotes_them() {
        let rows = [
            ("", ""),
            ("ready", "ready"),
            ("a/b@c+d^e_f-g.h", "a/b@c+d^e_f-g.h"),
            ("a b", r#""a b""#),
            ("a=b", r#""a=b""#),
            ("arn:aws", r#""arn:aws""#),
            ("it's", r#""it's""#),
            (r#"say "x""#, r#""say \"x\"""#),
            (r"a\b", r#""a\\b""#),
            ("a\u{7}\u{8}\t\n\u{b}\u{c}\rb", r#""a\a\b\t\n\v\f\rb""#),
            ("\u{0}\u{1b}\u{7f}", r#""\x00\x1b\x7f""#),
            ("José", "\"José\""),
            ("e\u{301}", "\"e\u{301}\""),
            ("日本", "\"日本\""),
            ("\u{85}\u{a0}\u{ad}", r#""\u0085\u00a0\u00ad""#),
            ("a\u{200b}b\u{202e}\u{feff}", r#""a\u200bb\u202e\ufeff""#),
            ("😀", "\"😀\""),
            ("\u{e0001}\u{f0000}", r#""\U000e0001\U000f0000""#),
            ("\u{fffd}", "\"\u{fffd}\""),
        ];
        for (value, expected) in rows {
            assert_eq!(written(value), expected, "{value:?}");
        }
    }
}

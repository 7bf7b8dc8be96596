//! `cargo xtask provider-schema`: which arguments the resources of Terraform's AWS provider take, into
//! `tests/tools/aws-provider`.
//!
//! The provider itself is too large to build for a test. Its schema is in the typed bindings that its makers publish for the
//! CDK; what we use of it is committed, and a stand-in provider (`tests/tools/aws-provider`) serves it to OpenTofu.

use std::{env, fs, path::Path, process::Command};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::run;

/// The bindings, and the provider that they were made from.
const PACKAGE: &str = "@cdktf/provider-aws";
const VERSION: &str = "21.22.1";
const PROVIDER_VERSION: &str = "6.25.0";

/// What the module and `render --to access-entries-terraform` use, by folder of the bindings.
const RESOURCES: [&str; 8] = [
    "eks-access-entry",
    "eks-access-policy-association",
    "iam-access-key",
    "iam-group",
    "iam-group-policy",
    "iam-role",
    "iam-user",
    "iam-user-group-membership",
];
const DATA_SOURCES: [&str; 3] = ["data-aws-caller-identity", "data-aws-iam-user", "data-aws-partition"];

/// Fetches the bindings by npm and writes the schema.
pub(crate) fn write() -> anyhow::Result<()> {
    let npm = run::find("npm").context("npm is missing: install Node.js, which only this chore needs")?;
    let folder = env::temp_dir().join(format!("cluster-auth-provider-schema-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let written = fetch(&npm, &folder).and_then(|()| schema(&folder.join("package/lib")));
    fs::remove_dir_all(&folder)?;
    let path = run::root().join("tests/tools/aws-provider/schema.json");
    fs::write(&path, format!("{:#}\n", written?))?;
    println!("written: {}", path.display());
    Ok(())
}

fn fetch(npm: &Path, folder: &Path) -> anyhow::Result<()> {
    let packed = run::output(
        Command::new(npm).current_dir(folder).args(["pack", "--silent"]).arg(format!("{PACKAGE}@{VERSION}")),
    )?;
    let archive = packed.lines().last().context("npm names the archive")?;
    let folders = RESOURCES.iter().chain(&DATA_SOURCES).map(|name| format!("package/lib/{name}/index.d.ts"));
    run::check(Command::new("tar").current_dir(folder).args(["xzf", archive]).args(folders))
}

fn schema(lib: &Path) -> anyhow::Result<Value> {
    let read = |names: &[&str]| -> anyhow::Result<Map<String, Value>> {
        names
            .iter()
            .map(|name| {
                let text = fs::read_to_string(lib.join(name).join("index.d.ts"))?;
                resource(&text).with_context(|| format!("{name} is not written as expected"))
            })
            .collect()
    };
    Ok(json!({
        "provider": "hashicorp/aws",
        "version": PROVIDER_VERSION,
        "from": format!("{PACKAGE} {VERSION}"),
        "resources": read(&RESOURCES)?,
        "data_sources": read(&DATA_SOURCES)?,
    }))
}

/// The type of a resource, and its arguments, blocks and attributes.
fn resource(text: &str) -> Option<(String, Value)> {
    let class = text.lines().find_map(|line| line.trim().strip_prefix("static readonly tfResourceType = \""))?;
    let type_name = class.strip_suffix("\";")?.to_owned();
    let config = text.lines().find(|line| line.ends_with("Config extends cdktf.TerraformMetaArguments {"))?;
    let mut fields = fields(text, config.split(' ').nth(2)?);
    fields["attributes"] = attributes(text, &fields);
    Some((type_name, fields))
}

/// What an interface of the bindings has: arguments by name, and blocks, which have fields of their own.
fn fields(text: &str, interface: &str) -> Value {
    let (mut arguments, mut blocks) = (Map::new(), Map::new());
    let mut name = "";
    for line in inside(text, |line| {
        line.strip_prefix("export interface ").is_some_and(|rest| rest.split(' ').next() == Some(interface))
    }) {
        // The documentation's link says the name as Terraform writes it: `…/iam_role#max_session_duration IamRole#…`.
        if let Some((_, rest)) = line.split_once('#') {
            name = rest.split(' ').next().unwrap_or_default();
        }
        let Some((field, kind)) = line.strip_prefix("readonly ").and_then(|rest| rest.split_once(": ")) else {
            continue;
        };
        let required = !field.ends_with('?');
        let kind = kind.trim_end_matches(';').trim_end_matches(" | cdktf.IResolvable");
        match type_of(kind) {
            Some(kind) => drop(arguments.insert(name.to_owned(), json!({"type": kind, "required": required}))),
            None => {
                let mut block = fields(text, kind.trim_end_matches("[]"));
                block["required"] = required.into();
                block["list"] = kind.ends_with("[]").into();
                drop(blocks.insert(name.to_owned(), block));
            }
        }
    }
    json!({"arguments": arguments, "blocks": blocks})
}

/// What only the provider says: the getters of the class without an argument of their name.
fn attributes(text: &str, fields: &Value) -> Value {
    let is_class = |line: &str| {
        line.ends_with(" extends cdktf.TerraformResource {") || line.ends_with(" extends cdktf.TerraformDataSource {")
    };
    let getters = inside(text, is_class).filter_map(|line| line.strip_prefix("get ")?.split_once("(): "));
    let of_provider = getters.filter_map(|(name, kind)| {
        let name = snake_case(name);
        let is_argument =
            ["arguments", "blocks"].iter().any(|of| fields[of].get(&name).is_some()) || name.ends_with("_input");
        let kind = type_of(kind.trim_end_matches(';'))?;
        (!is_argument).then(|| (name, kind.into()))
    });
    of_provider.collect::<Map<_, _>>().into()
}

/// The lines of the declaration that begins with a line, without their indentation.
fn inside(text: &str, begins: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    text.lines().skip_while(move |line| !begins(line)).skip(1).take_while(|line| *line != "}").map(str::trim)
}

/// A type in Terraform's words; nothing where it is the name of another interface. Maps go on in the next line.
fn type_of(kind: &str) -> Option<&'static str> {
    match kind {
        "string" => Some("string"),
        "number" => Some("number"),
        "boolean" => Some("bool"),
        "string[]" => Some("list of string"),
        "{" => Some("map of string"),
        _ => None,
    }
}

/// `maxSessionDuration` as `max_session_duration`.
fn snake_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut snake, c| {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
        snake
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::resource;

    #[test]
    fn bindings_are_read() {
        let text = "\
export interface ThingConfig extends cdktf.TerraformMetaArguments {
    * {@link https://registry/docs/resources/thing#max_size Thing#max_size}
    readonly maxSize: number;
    * {@link https://registry/docs/resources/thing#tags Thing#tags}
    readonly tags?: {
        [key: string]: string;
    };
    * {@link https://registry/docs/resources/thing#scope Thing#scope}
    readonly scope: ThingScope;
}
export interface ThingScope {
    * {@link https://registry/docs/resources/thing#names Thing#names}
    readonly names?: string[];
}
export declare class Thing extends cdktf.TerraformResource {
    static readonly tfResourceType = \"aws_thing\";
    get arn(): string;
    get maxSize(): number;
    get maxSizeInput(): number | undefined;
    get keyFingerprint(): string;
}
";
        let (name, thing) = resource(text).expect("a resource");
        assert_eq!(name, "aws_thing");
        assert_eq!(
            thing,
            json!({
                "arguments": {
                    "max_size": {"type": "number", "required": true},
                    "tags": {"type": "map of string", "required": false},
                },
                "blocks": {"scope": {
                    "arguments": {"names": {"type": "list of string", "required": false}},
                    "blocks": {}, "required": true, "list": false,
                }},
                "attributes": {"arn": "string", "key_fingerprint": "string"},
            })
        );
    }
}

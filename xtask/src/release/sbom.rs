//! The list of what is in a program, as CycloneDX has it (1.5, JSON).

use std::{fs, path::Path};

use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Release,
    dependencies::{Dependencies, Key, Package},
};
use crate::target::Target;

/// The document for one target.
pub(crate) fn sbom(release: &Release, target: &Target, dependencies: &Dependencies) -> String {
    let is_program = |package: &&Package| package.name == "cli";
    let components: Vec<Value> =
        dependencies.packages.values().filter(|package| !is_program(package)).map(component).collect();
    let graph: Vec<Value> = dependencies
        .packages
        .iter()
        .map(|(key, package)| json!({"ref": reference(key), "dependsOn": package.uses.iter().map(reference).collect::<Vec<_>>()}))
        .collect();
    let program = dependencies.packages.iter().find(|(_, package)| is_program(package)).map(|(key, _)| reference(key));
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": release.commit.date,
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": "cluster-auth",
                "version": release.version,
                "purl": format!("pkg:generic/cluster-auth@{}", release.version),
                "licenses": [{"expression": "Apache-2.0"}],
                "properties": [
                    {"name": "cluster-auth:target", "value": target.triple},
                    {"name": COMMIT, "value": release.commit.name},
                ],
            },
        },
        "components": components,
        "dependencies": graph,
    });
    // The number is the content's: the same list has the same one.
    document["serialNumber"] = serial_number(document.to_string().as_bytes()).into();
    format!("{document:#}\n")
}

/// Of which commit a list says that it is.
pub(crate) fn commit(file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let document: Value = serde_json::from_str(&text)?;
    commit_of(&document).with_context(|| format!("{} names no commit", file.display()))
}

fn commit_of(document: &Value) -> Option<String> {
    let properties = document["metadata"]["component"]["properties"].as_array()?;
    let commit = properties.iter().find(|property| property["name"] == COMMIT)?;
    commit["value"].as_str().map(str::to_owned)
}

/// The name of the property that has the commit.
const COMMIT: &str = "cluster-auth:commit";

fn component(package: &Package) -> Value {
    let key = (package.name.clone(), package.version.clone());
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(&key),
        "name": package.name,
        "version": package.version,
        "licenses": [{"expression": package.licence}],
    });
    if let Some(checksum) = &package.checksum {
        component["purl"] = reference(&key).into();
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{"type": "vcs", "url": repository}]);
    }
    component
}

/// A package URL: a `+` of a version is written as `%2B`.
fn reference((name, version): &Key) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// A UUID (version 8, which leaves its bits to whoever makes one) of bytes.
fn serial_number(bytes: &[u8]) -> String {
    let mut hash = Sha256::digest(bytes);
    hash[6] = hash[6] & 0x0f | 0x80;
    hash[8] = hash[8] & 0x3f | 0x80;
    let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::{reference, serial_number};

    #[test]
    fn a_package_has_a_url_and_a_list_a_number() {
        let key = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(reference(&key("ring", "0.17.14")), "pkg:cargo/ring@0.17.14");
        assert_eq!(reference(&key("x", "1.0.0+5.3")), "pkg:cargo/x@1.0.0%2B5.3");
        let number = serial_number(b"");
        assert_eq!(number, "urn:uuid:e3b0c442-98fc-8c14-9afb-f4c8996fb924");
        assert_ne!(number, serial_number(b"x"));
    }
}

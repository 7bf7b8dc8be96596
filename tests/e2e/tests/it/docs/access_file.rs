//! docs/access-file.md: a file, and what AWS knows about who is in it.

use std::{fs, path::PathBuf};

use anyhow::ensure;
use e2e::{
    page::{self, Reader},
    people::environment,
    shell::Shell,
    sts::Sts,
    world::World,
};

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::access_file_md_is_so_of_files_and_of_iam", access_file)];

/// People whom AWS keeps.
const KEPT_BY_AWS: &str = "
clusterID: prod.example.com
account: '111122223333'
groups:
- name: developers
  iamGroups: [Developers]
  permissionSets: [DevAccess]
  authorization: [{namespace: shop, clusterRole: view}]
";

fn access_file(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("docs-access-file")?;
    let known = include_str!("../../../src/identities.yaml");
    let group = "groups:\n- {name: Developers, users: [alice, bob]}\n";
    let aws = Sts::start_with(&folder, &known.replace("groups:\n", group))?;
    fs::copy(pages::repository().join("examples/guide.yaml"), folder.join("access.yaml"))?;
    let mut shell = Shell::new(&world.parts, &folder)?;
    shell.set_all(environment(&aws.credentials("alice")?));
    shell.set_all(aws.proxy_environment());
    let mut author = Author { folder: folder.clone(), shell };
    page::follow("docs/access-file.md", &folder, &mut author)?;
    page::besides(&mut author)?;
    let variables = fs::read_to_string(folder.join("access.auto.tfvars.json"))?;
    ensure!(variables.contains("user/alice") && variables.contains("user/ops/bob"), "{variables}");
    Ok(())
}

struct Author {
    folder: PathBuf,
    shell: Shell,
}

impl Reader for Author {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        if command == "cluster-auth check --aws" {
            fs::write(self.folder.join("access.yaml"), KEPT_BY_AWS)?;
        }
        let said = self.shell.runs(command)?;
        if command.starts_with("cluster-auth render --to access --from") {
            ensure!(said == fs::read_to_string(self.folder.join("resolved.yaml"))?, "both ways to ask IAM: {said}");
            ensure!(said.contains("alice") && said.contains("AWSReservedSSO_DevAccess_"), "{said}");
        }
        Ok(())
    }
}

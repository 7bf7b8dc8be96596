//! `kops upload`: certificate, key and kubeconfig of the webhook, made here and put into kops' state store.
//!
//! The key is made in memory and never written to this machine's disk. A key that is there is kept: API servers trust it.

use anyhow::Context as _;
use aws::s3::{self, S3Client};
use clap::Args;
use kops::{ClusterName, Condition, File, Folder, Live, NewPair, Pair, Stored, Write};

use super::store::{ClusterArgs, RollOut, stored};
use crate::{
    commands::server,
    exit::CommandResult,
    global::Global,
    process::{self, Process},
    runtime, settings, state,
};

/// Flags of `kops upload`.
#[derive(Args, Debug)]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    cluster: ClusterArgs,

    /// Replace certificate and key in the store, and write a kubeconfig that trusts both the old and the new certificate
    #[arg(long)]
    rotate: bool,
}

/// Runs `kops upload`.
pub(super) fn run(args: &UploadArgs, global: &Global, process: &Process) -> CommandResult {
    if let Some(id) = &global.cluster_id {
        let why = "certificate and kubeconfig are the same for every cluster id; leave it out (`kops spec` takes one)";
        return Err(anyhow::anyhow!("--cluster-id {id}: {why}").into());
    }
    let config = settings::config(global)?;
    let reach = server::reach(None, None, None, &config)?;
    let name = args.cluster.name(process)?;
    let folder = args.cluster.folder(&name, process)?;
    let environment = process.aws_environment();
    let found = args.cluster.credentials(&environment).context("cannot reach the state store")?;
    let uploading = async {
        let s3 = args.cluster.open(&folder, found, &environment).await.context("cannot reach the state store")?;
        let live = read(&s3, &folder).await?;
        let writes = decided(&live, &reach, args.rotate).with_context(|| folder.to_string())?;
        write(&s3, &folder, &writes).await?;
        for file in File::ALL.into_iter().filter(|file| !writes.iter().any(|write| write.file == *file)) {
            process::note(&format!("kept  {folder}/{}", file.name()));
        }
        anyhow::Ok(writes)
    };
    let writes = runtime::block_on(uploading)??;
    let changed = writes.iter().any(|write| write.file == File::Kubeconfig);
    process::note_lines(&format!("\n{}", next(&args.cluster, &name, changed, args.rotate)));
    Ok(())
}

/// What is to be written. A new pair is made in any case; it is forgotten where the one that is there is kept.
fn decided(live: &Live, reach: &state::Reach, rotate: bool) -> anyhow::Result<Vec<Write>> {
    let now = process::now();
    let pair = Pair::of(live, |chain, key| {
        tls::ServerIdentity::from_pem(chain, key, now)?;
        tls::last_certificate(chain)
    });
    let new = state::NewPair::make(reach, now)?;
    let chain = new.chain_pem();
    let new = NewPair { key: new.key_pem(), chain: &chain, authority: new.authority_pem() };
    let decide = if rotate { kops::rotated } else { kops::completed };
    Ok(decide(live, pair, &reach.url(), new)?)
}

/// Reads the three files.
async fn read(s3: &S3Client, folder: &Folder) -> anyhow::Result<Live> {
    let read = async |file: File| -> anyhow::Result<Option<Stored>> {
        let object = s3.get(&folder.key(file.name())).await?;
        object.as_ref().map(stored).transpose().with_context(|| format!("{folder}/{}", file.name()))
    };
    Ok(Live {
        key: read(File::Key).await?,
        certificate: read(File::Certificate).await?,
        kubeconfig: read(File::Kubeconfig).await?,
    })
}

/// Writes, in the order given; what was written when one fails is a state that the next run goes on from.
async fn write(s3: &S3Client, folder: &Folder, writes: &[Write]) -> anyhow::Result<()> {
    if writes.is_empty() {
        return Ok(());
    }
    let encryption = s3.encryption().await.context("cannot read the bucket's encryption settings")?;
    for Write { file, text, condition } in writes {
        let body = text.clone().into();
        let condition = match condition {
            Condition::Absent => s3::Condition::Absent,
            Condition::Unchanged(etag) => s3::Condition::Unchanged(etag.clone()),
        };
        s3.put(&folder.key(file.name()), body, &condition, encryption).await?;
        process::note(&format!("wrote {folder}/{}", file.name()));
    }
    Ok(())
}

fn next(cluster: &ClusterArgs, name: &ClusterName, kubeconfig_changed: bool, is_rotated: bool) -> String {
    let spec = format!("`cluster-auth kops spec --variant webhook{}`", cluster.typed());
    if kubeconfig_changed {
        let RollOut { edit, update, roll } = cluster.roll_out(name, is_rotated);
        format!(
            "next: put what {spec} prints into the cluster's specification ({edit}), then\n\
             {update} and\n\
             {roll}"
        )
    } else {
        format!(
            "The API servers' kubeconfig has not changed. {spec} prints what to add to the cluster's specification."
        )
    }
}

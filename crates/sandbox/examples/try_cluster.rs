#![allow(clippy::disallowed_methods, missing_docs)]
use sandbox::cluster::*;
use std::time::Instant;
fn main() {
    let dirs: Vec<std::path::PathBuf> = std::env::args().nth(1).unwrap().split(':').map(Into::into).collect();
    let b = match Binaries::find(&dirs) { Ok(b) => b, Err(e) => { println!("{e}"); return; } };
    let mode = std::env::args().nth(2).unwrap_or_default();
    for cm in [false, true] {
        let t = Instant::now();
        let mut o = Options { controller_manager: cm, ..Default::default() };
        if mode == "bad" { o.api_server_arguments.push("--nonsense".into()); }
        if mode == "badcfg" { o.webhook = Some(Webhook { kubeconfig: "/nonexistent".into(), version: ReviewVersion::V1, cache_ttl: Some(std::time::Duration::from_millis(1500)) }); }
        let c = match Cluster::start(&b, &o, jiff::Timestamp::now()) { Ok(c) => c, Err(e) => { println!("{e}\n{:?}", t.elapsed()); return; } };
        println!("cm={cm} ready after {:?} {} {}", t.elapsed(), c.server_url(), c.folder().display());
        let k = |args: &[&str]| { let o = std::process::Command::new(b.kubectl().unwrap()).env("KUBECONFIG", c.admin_kubeconfig()).args(args).output().unwrap(); println!("$ kubectl {}\n{}{}", args.join(" "), String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr)); };
        k(&["auth", "whoami"]);
        k(&["get", "ns,sa"]);
        k(&["create", "ns", "x"]);
        k(&["delete", "ns", "x", "--timeout=20s"]);
        k(&["create", "token", "default"]);
        println!("{:?}", c.get("/version").map(|a| a.status));
        std::process::Command::new("ls").args(["-la"]).arg(c.folder()).status().unwrap();
        if mode == "hang" { std::thread::sleep(std::time::Duration::from_secs(600)); }
        let f = c.folder().to_owned();
        let t = Instant::now();
        c.stop().unwrap();
        println!("stopped in {:?}, folder gone {}", t.elapsed(), !f.exists());
    }
}

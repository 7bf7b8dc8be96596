//! Servers on this machine that stand in for where a release is published.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::bail;

/// A registry of images and charts.
pub(super) struct Registry {
    /// Where it answers: `127.0.0.1:PORT`.
    pub(super) address: String,
    _process: Running,
}

impl Registry {
    /// Starts Debian's docker-registry on an empty folder.
    pub(super) fn start(work: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let (storage, config) = (work.join("registry"), work.join("registry.yml"));
        fs::write(
            &config,
            format!(
                "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
                 http: {{addr: \"127.0.0.1:{port}\"}}\n",
                storage.display()
            ),
        )?;
        let process = Running::start(Command::new("docker-registry").arg("serve").arg(config), port)?;
        Ok(Self { address: format!("127.0.0.1:{port}"), _process: process })
    }
}

/// A folder as a web server has it.
pub(super) struct Files {
    /// Its URL, without a `/` at its end.
    pub(super) url: String,
    _process: Running,
}

impl Files {
    /// Serves a folder by Python.
    pub(super) fn serve(folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut server = Command::new("python3");
        server.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(folder).arg(port.to_string());
        Ok(Self { url: format!("http://127.0.0.1:{port}"), _process: Running::start(&mut server, port)? })
    }
}

/// A process that ends with its value.
struct Running(Child);

impl Running {
    /// Starts it, and waits until its port is open.
    fn start(command: &mut Command, port: u16) -> anyhow::Result<Self> {
        let mut running = Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        // For a minute at most: a machine may have much else to do.
        for _ in 0..600 {
            if let Some(status) = running.0.try_wait()? {
                bail!("{} has ended: {status}", command.get_program().to_string_lossy());
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(running);
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("{} does not answer", command.get_program().to_string_lossy())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

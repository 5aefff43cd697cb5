//! A balancer before several servers: nginx or HAProxy, with a configuration of the caller's.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::folder::Folder;
use crate::port::Port;
use crate::process::Process;
use crate::program::{HAPROXY, NGINX};
use crate::wait::{DEADLINE, until};

/// A running balancer; it ends with its value.
#[derive(Debug)]
pub struct Balancer {
    port: Port,
    _process: Process,
    _folder: Folder,
}

impl Balancer {
    /// Starts nginx with a whole configuration that listens on `port`. Relative paths in it lie in
    /// a folder that ends with the balancer. It runs as one process, whatever `worker_processes`
    /// says.
    ///
    /// # Panics
    /// Where there is no nginx, or it does not listen in time.
    #[must_use]
    pub fn nginx(port: Port, configuration: &str) -> Balancer {
        let folder = Folder::create();
        let file = folder.write("nginx.conf", configuration);
        let mut command = Command::new(NGINX.path());
        // Killed with a master, workers would live on.
        command.args(["-g", "daemon off; master_process off;"]);
        command.arg("-p").arg(folder.path()).arg("-c").arg(file);
        Balancer::start(command, port, folder)
    }

    /// The same with HAProxy.
    ///
    /// # Panics
    /// Where there is no HAProxy, or it does not listen in time.
    #[must_use]
    pub fn haproxy(port: Port, configuration: &str) -> Balancer {
        let folder = Folder::create();
        let file = folder.write("haproxy.cfg", configuration);
        let mut command = Command::new(HAPROXY.path());
        command.arg("-db").arg("-f").arg(file);
        Balancer::start(command, port, folder)
    }

    fn start(command: Command, port: Port, folder: Folder) -> Balancer {
        let process = Process::start(command, folder.path());
        until(DEADLINE, "the balancer to listen", || {
            assert!(!process.has_ended(), "the balancer ended:\n{}", process.log_tail());
            TcpStream::connect(port.address()).ok()
        });
        Balancer { port, _process: process, _folder: folder }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}

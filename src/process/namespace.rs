//! A network namespace of Linux: what runs inside reaches its own loopback and nothing else. Every address in the
//! world is one of that loopback, so that who tries to leave arrives at a listener here and can be named.
//!
//! A socket belongs to the namespace that it was made in, whoever uses it. So a child that never becomes a
//! program makes the namespace and the sockets in it and passes them here; doccheck itself stays outside.
//! Source: `namespaces(7)`, `user_namespaces(7)`, `unix(7)`.

#![expect(unsafe_code, reason = "what happens between fork and exec, and entering namespaces, has no safe form")]

mod netlink;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use rustix::thread::{LinkNameSpaceType, UnshareFlags};

/// The most sockets that one namespace is made with. Messages of one descriptor each must fit into the send buffer
/// of a Unix socket, since nobody reads them before the child has ended.
const MOST: usize = 200;

/// A socket to be made inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// A TCP listener. The unspecified IPv6 address stands for IPv4 too.
    Listener(SocketAddr),
    /// A UDP socket.
    Datagrams(SocketAddr),
}

/// A network namespace, kept alive by the descriptors.
#[derive(Debug)]
pub struct Namespace {
    /// The user namespace that owns it; absent where doccheck may make one without.
    user: Option<OwnedFd>,
    net: OwnedFd,
}

impl Namespace {
    /// Makes a namespace with these sockets, which come back in the same order.
    ///
    /// # Errors
    ///
    /// The system's answer: machines and containers may refuse namespaces.
    pub fn create(endpoints: &[Endpoint]) -> io::Result<(Self, Vec<OwnedFd>)> {
        if endpoints.len() > MOST {
            return Err(io::Error::other(format!("more than {MOST} sockets")));
        }
        Self::create_with(UnshareFlags::NEWNET, endpoints)
            .or_else(|_| Self::create_with(UnshareFlags::NEWUSER | UnshareFlags::NEWNET, endpoints))
    }

    fn create_with(flags: UnshareFlags, endpoints: &[Endpoint]) -> io::Result<(Self, Vec<OwnedFd>)> {
        let own_user = flags.contains(UnshareFlags::NEWUSER);
        let maps = [
            (c"/proc/self/setgroups", "deny".to_owned()),
            (c"/proc/self/uid_map", format!("{0} {0} 1", rustix::process::geteuid().as_raw())),
            (c"/proc/self/gid_map", format!("{0} {0} 1", rustix::process::getegid().as_raw())),
        ];
        let (count, endpoints) = (endpoints.len(), endpoints.to_vec());
        let mut fds = from_child(move |send| {
            // SAFETY: the child has one thread and shares no descriptor table or memory that this takes apart.
            unsafe { rustix::thread::unshare_unsafe(flags) }?;
            if own_user {
                for (path, text) in &maps {
                    let file = rustix::fs::open(*path, OFlags::WRONLY, Mode::empty())?;
                    rustix::io::write(&file, text.as_bytes())?;
                }
            }
            let user = rustix::fs::open(c"/proc/self/ns/user", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            let net = rustix::fs::open(c"/proc/self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            netlink::make_everything_local()?;
            pass(send, user.as_fd())?;
            pass(send, net.as_fd())?;
            for endpoint in &endpoints {
                pass(send, open(endpoint)?.as_fd())?;
            }
            Ok(())
        })?
        .into_iter();
        let (Some(user), Some(net)) = (fds.next(), fds.next()) else {
            return Err(io::Error::other("the namespace was not handed over"));
        };
        let sockets: Vec<OwnedFd> = fds.collect();
        if sockets.len() != count {
            return Err(io::Error::other("not every socket was handed over"));
        }
        Ok((Self { user: own_user.then_some(user), net }, sockets))
    }

    /// The namespaces to enter, in order, for `Crew::inside`.
    ///
    /// # Errors
    ///
    /// The system's answer: there are no more descriptors.
    pub fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        self.user.iter().chain([&self.net]).map(OwnedFd::try_clone).collect()
    }

    /// Moves the calling process into the namespace. For a child between fork and exec.
    fn enter(&self) -> io::Result<()> {
        if let Some(user) = &self.user {
            rustix::thread::move_into_link_name_space(user.as_fd(), Some(LinkNameSpaceType::User))?;
        }
        rustix::thread::move_into_link_name_space(self.net.as_fd(), Some(LinkNameSpaceType::Network))?;
        Ok(())
    }

    /// An unconnected TCP socket inside, for addresses of the family of `address`: to reach a service that a page
    /// started there.
    ///
    /// # Errors
    ///
    /// The system's answer.
    pub fn socket(&self, address: &SocketAddr) -> io::Result<TcpStream> {
        let inside = Self { user: self.user.as_ref().map(OwnedFd::try_clone).transpose()?, net: self.net.try_clone()? };
        let family = family(address);
        let fds = from_child(move |send| {
            inside.enter()?;
            let socket = rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
            pass(send, socket.as_fd())
        })?;
        let socket = fds.into_iter().next().ok_or_else(|| io::Error::other("the socket was not handed over"))?;
        Ok(TcpStream::from(socket))
    }
}

/// Forks a child that does `work` and ends, and takes the descriptors that it passes.
///
/// `work` runs between fork and exec: it makes system calls and nothing else. The program is never started; the
/// refusal that `Command` reports then is how the child says that it is done.
fn from_child(work: impl Fn(BorrowedFd<'_>) -> io::Result<()> + Send + Sync + 'static) -> io::Result<Vec<OwnedFd>> {
    let (ours, theirs) = rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    let work = std::sync::Arc::new((work, theirs));
    let done = Errno::CANCELED.raw_os_error();
    let outcome = duct::cmd("/", [""; 0])
        .before_spawn(move |command| {
            let work = std::sync::Arc::clone(&work);
            // SAFETY: `work` makes only system calls; what it needs was allocated before the fork.
            unsafe {
                command.pre_exec(move || {
                    (work.0)(work.1.as_fd())?;
                    Err(Errno::CANCELED.into())
                });
            }
            Ok(())
        })
        .stdin_null()
        .stdout_null()
        .stderr_null()
        .start();
    match outcome {
        Err(error) if error.raw_os_error() == Some(done) => take(&ours),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("the child became a program")),
    }
}

fn open(endpoint: &Endpoint) -> io::Result<OwnedFd> {
    let (kind, address) = match endpoint {
        Endpoint::Listener(address) => (SocketType::STREAM, address),
        Endpoint::Datagrams(address) => (SocketType::DGRAM, address),
    };
    let socket = rustix::net::socket_with(family(address), kind, SocketFlags::CLOEXEC, None)?;
    if address.is_ipv6() {
        rustix::net::sockopt::set_ipv6_v6only(&socket, false)?;
    }
    // One listener may be for all addresses and another one for a single address, on the same port.
    rustix::net::sockopt::set_socket_reuseport(&socket, true)?;
    rustix::net::bind(&socket, address)?;
    if matches!(endpoint, Endpoint::Listener(_)) {
        rustix::net::listen(&socket, 128)?;
    }
    Ok(socket)
}

fn family(address: &SocketAddr) -> AddressFamily {
    if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET }
}

/// Sends one descriptor in a message of its own.
fn pass(send: BorrowedFd<'_>, fd: BorrowedFd<'_>) -> io::Result<()> {
    let fds = [fd];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&fds));
    rustix::net::sendmsg(send, &[io::IoSlice::new(b"f")], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Takes the descriptors that lie ready.
fn take(ours: &OwnedFd) -> io::Result<Vec<OwnedFd>> {
    let mut fds = Vec::new();
    while fds.len() < MOST + 2 {
        let mut byte = [0];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let bytes = &mut [io::IoSliceMut::new(&mut byte)];
        match rustix::net::recvmsg(ours, bytes, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(received) if received.bytes == 0 => break,
            Ok(_) => fds.extend(
                control
                    .drain()
                    .filter_map(|message| match message {
                        RecvAncillaryMessage::ScmRights(passed) => Some(passed),
                        _ => None,
                    })
                    .flatten(),
            ),
            Err(Errno::AGAIN | Errno::CONNRESET) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(fds)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().expect("an address")
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "tries to come in from outside")]
    fn a_listener_inside_answers_a_socket_inside_and_nobody_outside() {
        let Ok((namespace, sockets)) = Namespace::create(&[Endpoint::Listener(at("127.0.0.1:0"))]) else {
            return; // This machine refuses namespaces; `Network` then says that nothing contains the steps.
        };
        let listener = TcpListener::from(sockets.into_iter().next().expect("the listener"));
        let address = listener.local_addr().expect("it is bound");
        let socket = namespace.socket(&address).expect("a socket inside");
        rustix::net::connect(&socket, &address).expect("the loopback inside is up");
        listener.accept().expect("the connection from inside");
        // Another program of this machine may listen on the same port of the outer loopback.
        let _ = TcpStream::connect(address);
        listener.set_nonblocking(true).expect("a listener of ours");
        let nobody = listener.accept().expect_err("nobody came from outside");
        assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn whoever_tries_to_leave_arrives_here() {
        let endpoints = [Endpoint::Listener(at("0.0.0.0:443")), Endpoint::Listener(at("192.0.2.9:443"))];
        let Ok((namespace, sockets)) = Namespace::create(&endpoints) else { return };
        let listeners: Vec<_> = sockets.into_iter().map(TcpListener::from).collect();
        for (far, listener) in [("192.0.2.1:443", &listeners[0]), ("192.0.2.9:443", &listeners[1])] {
            let socket = namespace.socket(&at(far)).expect("a socket inside");
            rustix::net::connect(&socket, &at(far)).expect("every address is local");
            let (caught, _) = listener.accept().expect("it arrives");
            assert_eq!(caught.local_addr().expect("an address"), at(far));
        }
        let socket = namespace.socket(&at("192.0.2.1:25")).expect("a socket inside");
        assert_eq!(rustix::net::connect(&socket, &at("192.0.2.1:25")), Err(Errno::CONNREFUSED));
    }

    #[test]
    fn a_namespace_is_made_with_all_its_sockets_or_not_at_all() {
        let listener = Endpoint::Listener(at("127.0.0.1:0"));
        let Ok((_, sockets)) = Namespace::create(&[listener; MOST]) else { return };
        assert_eq!(sockets.len(), MOST);
        let nowhere = Endpoint::Datagrams(at("[ff02::1]:53"));
        assert!(Namespace::create(&[listener, nowhere]).is_err());
        assert!(Namespace::create(&[listener; MOST + 1]).is_err());
    }
}

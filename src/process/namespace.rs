//! A network namespace of Linux: what runs inside reaches its own loopback and nothing else.
//!
//! A socket belongs to the namespace that it was made in, whoever uses it. So a child that never becomes a
//! program makes the namespace and the sockets in it and passes them here; doccheck itself stays outside.
//! Source: `namespaces(7)`, `user_namespaces(7)`, `unix(7)`, `netdevice(7)`.

#![expect(unsafe_code, reason = "what happens between fork and exec, and entering namespaces, has no safe form")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use rustix::thread::{LinkNameSpaceType, UnshareFlags};

/// The most descriptors that a child passes.
const MOST: usize = 64;

/// A network namespace, kept alive by the descriptors.
#[derive(Debug)]
pub struct Namespace {
    /// The user namespace that owns it; absent where doccheck may make one without.
    user: Option<OwnedFd>,
    net: OwnedFd,
}

impl Namespace {
    /// Makes a namespace whose loopback is up, with a listener on each of `ports` of its 127.0.0.1 (0: any port).
    ///
    /// # Errors
    ///
    /// The system's answer: machines and containers may refuse namespaces.
    pub fn create(ports: &[u16]) -> io::Result<(Self, Vec<TcpListener>)> {
        Self::create_with(UnshareFlags::NEWNET, ports)
            .or_else(|_| Self::create_with(UnshareFlags::NEWUSER | UnshareFlags::NEWNET, ports))
    }

    fn create_with(flags: UnshareFlags, ports: &[u16]) -> io::Result<(Self, Vec<TcpListener>)> {
        let own_user = flags.contains(UnshareFlags::NEWUSER);
        let maps = [
            (c"/proc/self/setgroups", "deny".to_owned()),
            (c"/proc/self/uid_map", format!("{0} {0} 1", rustix::process::geteuid().as_raw())),
            (c"/proc/self/gid_map", format!("{0} {0} 1", rustix::process::getegid().as_raw())),
        ];
        let ports = ports.to_vec();
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
            bring_loopback_up()?;
            pass(send, user.as_fd())?;
            pass(send, net.as_fd())?;
            for port in &ports {
                let listener = tcp_socket()?;
                rustix::net::sockopt::set_socket_reuseaddr(&listener, true)?;
                rustix::net::bind(&listener, &SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, *port)))?;
                rustix::net::listen(&listener, 128)?;
                pass(send, listener.as_fd())?;
            }
            Ok(())
        })?
        .into_iter();
        let (Some(user), Some(net)) = (fds.next(), fds.next()) else {
            return Err(io::Error::other("the namespace was not handed over"));
        };
        Ok((Self { user: own_user.then_some(user), net }, fds.map(TcpListener::from).collect()))
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

    /// An unconnected TCP socket inside, to reach a service that a page started there.
    ///
    /// # Errors
    ///
    /// The system's answer.
    pub fn socket(&self) -> io::Result<OwnedFd> {
        let inside = Self { user: self.user.as_ref().map(OwnedFd::try_clone).transpose()?, net: self.net.try_clone()? };
        let fds = from_child(move |send| {
            inside.enter()?;
            pass(send, tcp_socket()?.as_fd())
        })?;
        fds.into_iter().next().ok_or_else(|| io::Error::other("the socket was not handed over"))
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

fn tcp_socket() -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
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
    while fds.len() <= MOST {
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

/// `struct ifreq` of Linux as far as `SIOCSIFFLAGS` reads it, padded to its size.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    flags: i16,
    padding: [u8; 22],
}

fn bring_loopback_up() -> io::Result<()> {
    const SIOCSIFFLAGS: rustix::ioctl::Opcode = 0x8914;
    const IFF_UP: i16 = 1;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    let mut name = [0; 16];
    name[..2].copy_from_slice(b"lo");
    let request = InterfaceRequest { name, flags: IFF_UP, padding: [0; 22] };
    // SAFETY: the kernel reads a `struct ifreq` at the pointer, which `InterfaceRequest` is laid out as.
    unsafe { rustix::ioctl::ioctl(&socket, rustix::ioctl::Setter::<SIOCSIFFLAGS, _>::new(request)) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_inside_answers_a_socket_inside_and_nobody_outside() {
        let Ok((namespace, listeners)) = Namespace::create(&[0]) else {
            return; // This machine refuses namespaces; `Network` then says that nothing contains the steps.
        };
        let address = listeners[0].local_addr().expect("it is bound");
        let socket = namespace.socket().expect("a socket inside");
        rustix::net::connect(&socket, &address).expect("the loopback inside is up");
        listeners[0].accept().expect("the connection from inside");
        let outside = tcp_socket().expect("a socket outside");
        // Another program of this machine may listen on the same port of the outer loopback.
        let _ = rustix::net::connect(&outside, &address);
        listeners[0].set_nonblocking(true).expect("a listener of ours");
        let nobody = listeners[0].accept().expect_err("nobody came from outside");
        assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
        let beyond = namespace.socket().expect("a socket inside");
        let far = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 443));
        assert_eq!(rustix::net::connect(&beyond, &far), Err(Errno::NETUNREACH));
    }
}

//! Setting up a fresh network namespace by netlink, without allocating: it happens between fork and exec.
//! Sources: `netlink(7)`, `rtnetlink(7)`.

use std::io;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The number of the loopback interface: the first of its namespace.
const LOOPBACK: u32 = 1;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWROUTE: u16 = 24;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_CREATE: u16 = 0x400;

/// Brings the loopback up and makes every address in the world one of its own: whoever connects to one arrives at a
/// listener of this namespace, or nowhere.
pub(super) fn make_everything_local() -> io::Result<()> {
    request(&loopback_up())?;
    request(&local_route(AF_INET))?;
    // A machine may have IPv6 switched off; then there is nothing to catch.
    let _ = request(&local_route(AF_INET6));
    Ok(())
}

/// `RTM_NEWLINK`: a header and a `struct ifinfomsg` that sets `IFF_UP`.
fn loopback_up() -> [u8; 32] {
    const IFF_UP: u32 = 1;
    let mut message = [0; 32];
    header(&mut message, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK);
    message[20..24].copy_from_slice(&LOOPBACK.to_ne_bytes());
    message[24..28].copy_from_slice(&IFF_UP.to_ne_bytes());
    message[28..32].copy_from_slice(&IFF_UP.to_ne_bytes());
    message
}

/// `RTM_NEWROUTE`: a header, a `struct rtmsg` for the destination of all addresses, and the attribute `RTA_OIF`.
fn local_route(family: u8) -> [u8; 36] {
    const RT_TABLE_LOCAL: u8 = 255;
    const RTPROT_BOOT: u8 = 3;
    const RT_SCOPE_HOST: u8 = 254;
    const RTN_LOCAL: u8 = 2;
    const RTA_OIF: u16 = 4;
    let mut message = [0; 36];
    header(&mut message, RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
    message[16] = family;
    message[20..24].copy_from_slice(&[RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL]);
    message[28..30].copy_from_slice(&8_u16.to_ne_bytes());
    message[30..32].copy_from_slice(&RTA_OIF.to_ne_bytes());
    message[32..36].copy_from_slice(&LOOPBACK.to_ne_bytes());
    message
}

/// `struct nlmsghdr`: length, kind, flags, then sequence and port, which may be zero.
fn header(message: &mut [u8], kind: u16, flags: u16) {
    let length = u32::try_from(message.len()).unwrap_or_default();
    message[0..4].copy_from_slice(&length.to_ne_bytes());
    message[4..6].copy_from_slice(&kind.to_ne_bytes());
    message[6..8].copy_from_slice(&flags.to_ne_bytes());
}

/// Sends one request and takes its answer: a `struct nlmsgerr` with zero or the negative of an error's number.
fn request(message: &[u8]) -> io::Result<()> {
    // The protocol that is not named is `NETLINK_ROUTE`, which is zero.
    let kernel = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    rustix::net::send(&kernel, message, SendFlags::empty())?;
    let mut answer = [0; 256];
    let (length, _) = rustix::net::recv(&kernel, &mut answer, RecvFlags::empty())?;
    let error: [u8; 4] = match answer.get(16..20).filter(|_| length >= 20) {
        Some(&[a, b, c, d]) => [a, b, c, d],
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    match i32::from_ne_bytes(error) {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}

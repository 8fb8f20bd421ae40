//! A certificate authority that lives for one run: its key never leaves memory, and nothing but a client that
//! was pointed at its certificate trusts it.

#![expect(clippy::disallowed_methods, reason = "certificates are checked against the machine's clock")]

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, Days, NaiveDate};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::hosts::{Hosts, Target, Way};

/// Days before and after today for which certificates hold. Some clients look at the machine's clock, some at the
/// world's, which starts where the sandbox's data says: twenty years lie between them, for all that is known. Where there
/// is no virtual time, twice this stays under the 825 days that Apple's clients accept of a server's certificate
/// (support.apple.com/103769).
const VALID_DAYS: u64 = if cfg!(target_os = "linux") { 20 * 366 } else { 400 };

/// Where systems keep the roots that everybody trusts: Debian, Fedora, SUSE, then Alpine and macOS.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The authority, and the key that all of its servers share.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    server_key: KeyPair,
    signing_key: Arc<dyn SigningKey>,
    leaves: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    /// Makes the keys and the authority's own certificate.
    pub(super) fn new() -> Result<Self, String> {
        let mut params = CertificateParams::default();
        set_validity(&mut params);
        params.distinguished_name.push(DnType::CommonName, "doccheck sandbox");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(text)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(text)?;
        let server_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(text)?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let signing_key = ring::sign::any_ecdsa_type(&der).map_err(text)?;
        Ok(Self { issuer, server_key, signing_key, leaves: Mutex::default() })
    }

    /// What clients are to trust, as PEM: this authority, and the system's own roots only where a step may reach
    /// real hosts. Trusting nothing else turns a request that went astray into a TLS error.
    pub(super) fn bundle(&self, with_system_roots: bool) -> String {
        let mut bundle = self.issuer.pem();
        if with_system_roots {
            let roots = SYSTEM_ROOTS.iter().map(Path::new).find_map(|path| std::fs::read_to_string(path).ok());
            bundle.push('\n');
            bundle.push_str(&roots.unwrap_or_default());
        }
        bundle
    }

    fn leaf(&self, host: &str) -> Result<Arc<CertifiedKey>, String> {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(host) {
            return Ok(Arc::clone(leaf));
        }
        let mut params = CertificateParams::new(vec![host.to_owned()]).map_err(text)?;
        set_validity(&mut params);
        params.distinguished_name.push(DnType::CommonName, host);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Python 3.13 checks strictly (VERIFY_X509_STRICT) and asks for this extension.
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&self.server_key, &self.issuer).map_err(text)?;
        let chain = vec![certificate.der().clone(), self.issuer.der().clone()];
        let leaf = Arc::new(CertifiedKey::new(chain, Arc::clone(&self.signing_key)));
        leaves.insert(host.to_owned(), Arc::clone(&leaf));
        Ok(leaf)
    }
}

/// TLS for every host that the sandbox serves, under the name that the client asks for.
pub(super) fn server_config(authority: Arc<Authority>, hosts: Arc<Hosts>) -> Result<ServerConfig, String> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(text)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Resolver { authority, hosts }));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS for doccheck's own requests: trusts what the steps trust. `protocol` is an ALPN name.
pub(super) fn client_config(bundle: &str, protocol: &str) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(bundle.as_bytes()).filter_map(Result::ok));
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(text)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Ok(config)
}

struct Resolver {
    authority: Arc<Authority>,
    hosts: Arc<Hosts>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let target = Target { host: hello.server_name()?.to_ascii_lowercase(), port: 443 };
        match self.hosts.way(&target) {
            Way::Sandbox => self.authority.leaf(&target.host).ok(),
            Way::Loopback | Way::Allowed | Way::Refused => None,
        }
    }
}

fn set_validity(params: &mut CertificateParams) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let today = DateTime::from_timestamp(i64::try_from(seconds).unwrap_or(0), 0).unwrap_or_default().date_naive();
    let at = |day: NaiveDate| {
        rcgen::date_time_ymd(day.year(), u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1))
    };
    params.not_before = at(today.checked_sub_days(Days::new(VALID_DAYS)).unwrap_or(today));
    params.not_after = at(today.checked_add_days(Days::new(VALID_DAYS)).unwrap_or(today));
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

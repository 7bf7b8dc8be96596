//! Names as Kubernetes has them, by RFC 1123.

/// Returns whether a text is a DNS label, as names of namespaces are (Kubernetes, `apimachinery/pkg/util/validation`, `IsDNS1123Label`).
pub fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

/// Returns whether a text is a DNS subdomain, as names of service accounts are (`IsDNS1123Subdomain`).
pub fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_part(text: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let [Some(first), Some(last)] = [text.as_bytes().first(), text.as_bytes().last()] else { return false };
    is_alphanumeric(*first) && is_alphanumeric(*last) && text.bytes().all(|byte| is_alphanumeric(byte) || byte == b'-')
}

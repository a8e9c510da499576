//! Names of files, as they are shown and as they go into a header.

use http::HeaderValue;
use notion_import_core::library::file_name::attachment_disposition;
use notion_import_core::testing::Download;
use proptest::prelude::*;

use super::{download, server};

#[tokio::test]
async fn a_file_is_called_what_its_address_says_and_nothing_that_could_do_harm() {
    let report = server().await;
    let trusting = Download::default().trusting(&report.origin());
    for (path, expected) in [
        ("SOC%202%20Report.pdf", "SOC 2 Report.pdf"),
        ("a/b/..%2F..%2Fetc%2Fpasswd", "_.._etc_passwd.pdf"),
        ("invoice%E2%80%AEfdp.exe", "invoicefdp.exe.pdf"),
        ("CON", "_CON.pdf"),
        ("a%0D%0ASet-Cookie:x", "aSet-Cookie_x.pdf"),
        ("", "file.pdf"),
        ("?name=secret", "file.pdf"),
    ] {
        assert_eq!(download(&trusting, &report.url(path)).await.unwrap().name, expected, "{path}");
    }
}

proptest! {
    #[test]
    fn any_name_makes_a_header_that_says_it_and_nothing_else(name in any::<String>()) {
        let value = attachment_disposition(&name);
        prop_assert!(HeaderValue::from_str(&value).is_ok());
        let (plain, encoded) = value
            .strip_prefix("attachment; filename=\"")
            .and_then(|rest| rest.split_once("\"; filename*=UTF-8''"))
            .unwrap();
        prop_assert!(!plain.contains(['"', '\\', '%', ';', '/']), "{}", plain);
        prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{}", encoded);
        let back = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap();
        prop_assert_eq!(back, name);
    }
}

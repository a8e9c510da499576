//! Names of files, as they are shown.

use notion_import_core::testing::Download;

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

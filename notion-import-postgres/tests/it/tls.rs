//! TLS to a database that demands it: the one whose certificate is trusted, and no other.

use std::fs;
use std::net::TcpListener;

use notion_import_postgres::testing::{Cluster, HOST, PASSWORD, run};
use notion_import_postgres::{OpenError, Options, Postgres};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// An authority that certifies one name.
struct Authority {
    root: String,
    certificate: String,
    key: String,
}

impl Authority {
    fn for_name(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &root).unwrap();
        Self { root: root.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A cluster that lets nobody in over TCP without TLS, and where it is.
async fn demanding(authority: &Authority) -> (Cluster, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (address, number) = ("listen_addresses=127.0.0.1", format!("port={port}"));
    let cluster = Cluster::local(&[address, &number, "fsync=off"]).await;
    let mut admin = PgConnection::connect_with(cluster.superuser()).await.unwrap();
    let hba = "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
    for (file, text) in
        [("server.crt", &*authority.certificate), ("server.key", &*authority.key), ("pg_hba.conf", hba)]
    {
        // The server writes its own files, which are its user's: in its folder, for its eyes only.
        let lines = AssertSqlSafe(format!(
            "COPY (SELECT line FROM unnest(string_to_array($line${text}$line$, E'\\n')) AS line) TO PROGRAM 'umask 077; cat >{file}'"
        ));
        sqlx::raw_sql(lines).execute(&mut admin).await.unwrap();
    }
    run(&mut admin, format!("CREATE ROLE {HOST} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")).await;
    run(&mut admin, format!("CREATE DATABASE trust OWNER {HOST}")).await;
    run(&mut admin, "ALTER SYSTEM SET ssl = on").await;
    run(&mut admin, "SELECT pg_reload_conf()").await;
    (cluster, port)
}

#[tokio::test]
async fn only_the_server_with_the_trusted_certificate_and_its_name_is_talked_to() {
    let authority = Authority::for_name("localhost");
    let (_cluster, port) = demanding(&authority).await;
    let folder = TempDir::new().unwrap();
    let (trusted, foreign) = (folder.path().join("trusted.pem"), folder.path().join("foreign.pem"));
    fs::write(&trusted, &authority.root).unwrap();
    fs::write(&foreign, Authority::for_name("localhost").root).unwrap();
    let open = async |host: &str, asked: &str| {
        let url = format!("postgres://{HOST}:{PASSWORD}@{host}:{port}/trust?{asked}");
        Postgres::connect_with(&url, Options::default()).await
    };
    let (trusted, foreign) = (trusted.display(), foreign.display());
    for _ in 0..100 {
        // The server reads its files again in its own time.
        match open("localhost", &format!("sslmode=verify-full&sslrootcert={trusted}")).await {
            Ok(postgres) => {
                crate::isolation::furnish(&postgres).await;
                break;
            }
            Err(OpenError::Unreachable(_)) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
    let refused = [
        ("localhost", format!("sslmode=verify-full&sslrootcert={foreign}")),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={trusted}")),
        // Nobody is believed who is not named: not even by those whom the system trusts.
        ("localhost", "sslmode=verify-full".to_owned()),
        ("localhost", "sslmode=disable".to_owned()),
    ];
    for (host, asked) in refused {
        assert!(open(host, &asked).await.is_err(), "{host} {asked}");
    }
}

//! A backend that asks Keycloak, Postgres and Redis, and was told something else than its files hold now.

use lastgood_model::desired::Service;
use lastgood_model::snapshot::Image;
use lastgood_model::{Desired, Snapshot};

use super::*;

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

const TOLD: &[(&str, &str)] = &[
    ("KEYCLOAK_BASE_URL", "http://keycloak:8080"),
    ("KEYCLOAK_REALM", "shop"),
    ("KEYCLOAK_CLIENT_ID", "backend"),
    ("KEYCLOAK_CLIENT_SECRET", "carbon-client"),
    ("DATABASE_URL", "postgresql+psycopg://shop:carbon-db@db:5432/shop"),
    ("KVS_HOST", "172.18.0.1"),
    ("KVS_PORT", "6379"),
    ("KVS_PASSWORD", ""),
    ("PUBLIC_URL", "https://shop.example"),
    ("METRICS_URL", "http://localhost:9090"),
];

fn stack(running: &[(&str, &str)], declared: &[(&str, &str)]) -> Stack {
    let secrets = |pairs: &[(&str, &str)]| -> Vec<(Arc<str>, Secret)> {
        pairs.iter().map(|(key, value)| (text(key), Secret::from(*value))).collect()
    };
    let backend = Container {
        name: text("shop-backend-1"),
        project: Some(text("shop")),
        service: Some(text("backend")),
        image_id: text("sha256:1"),
        environment: secrets(running),
        ..Container::default()
    };
    let image = Image { id: text("sha256:1"), environment: secrets(&TOLD[9..]), ..Image::default() };
    let environment = secrets(declared).into_iter().map(|(key, value)| (key, Some(value))).collect();
    Stack {
        desired: Some(Desired {
            project: text("shop"),
            services: vec![Service { name: text("backend"), environment, ..Service::default() }],
            ..Desired::default()
        }),
        snapshot: Some(Snapshot { containers: vec![backend], images: vec![image], ..Snapshot::default() }),
        ..Stack::default()
    }
}

fn asked(stack: &Stack) -> Vec<ProbeQuestion> {
    questions(stack, &crate::topology::build(stack))
}

#[test]
fn each_dependency_is_asked_as_its_dependent_asks() {
    let questions = asked(&stack(TOLD, TOLD));
    let keys: Vec<&str> = questions.iter().map(|question| &*question.key).collect();
    assert_eq!(keys, ["KEYCLOAK_BASE_URL", "DATABASE_URL", "KVS_HOST"]);
    assert!(questions.iter().all(|question| question.told == Told::Running && &*question.from == "backend"));
    let [provider, database, store] = &questions[..] else { panic!("three") };
    assert_eq!(provider.target.protocol, ProbeProtocol::Oidc);
    assert_eq!(&*provider.target.path, "/realms/shop");
    assert_eq!(provider.target.user.as_deref(), Some("backend"));
    assert_eq!(provider.target.password.as_ref().map(Secret::expose), Some("carbon-client"));
    assert_eq!(database.target.protocol, ProbeProtocol::Postgres);
    assert_eq!(database.target.database.as_deref(), Some("shop"));
    assert_eq!(database.password_key.as_deref(), Some("DATABASE_URL"));
    assert_eq!((store.target.protocol, store.target.port), (ProbeProtocol::Redis, 6379));
    assert_eq!((&store.target.password, &store.password_key), (&None, &None));
}

#[test]
fn what_the_files_say_is_asked_where_it_differs() {
    let mut old = TOLD.to_vec();
    old[0].1 = "http://localhost:8080";
    let questions = asked(&stack(&old, TOLD));
    let told: Vec<(&str, Told)> = questions.iter().map(|question| (&*question.target.host, question.told)).collect();
    assert_eq!(
        told,
        [
            ("localhost", Told::Running),
            ("db", Told::Running),
            ("172.18.0.1", Told::Running),
            ("keycloak", Told::Declared)
        ]
    );
}

#[test]
fn a_provider_is_known_by_its_path_or_its_realm() {
    for (pairs, path) in [
        (&[("AUTH_URL", "http://id:8080/realms/a/protocol/openid-connect/token")][..], Some("/realms/a")),
        (&[("OIDC_ISSUER", "https://id.example/")][..], Some("/")),
        (&[("KEYCLOAK_URL", "http://id:8080/auth/"), ("KEYCLOAK_REALM", "a")][..], Some("/auth/realms/a")),
        (&[("API_URL", "http://api:8080/v1")][..], None),
    ] {
        let questions = asked(&stack(pairs, &[]));
        let target = &questions[0].target;
        let provider = (target.protocol == ProbeProtocol::Oidc).then(|| &*target.path);
        assert_eq!(provider, path, "{pairs:?}");
    }
}

#[test]
fn nobody_is_logged_in_to_twice_with_the_same_words() {
    let mut twice = TOLD.to_vec();
    twice.push(("READ_DATABASE_URL", "postgresql://shop:carbon-db@db:5432/shop?application_name=reader"));
    twice.push(("OTHER_DATABASE_URL", "postgresql://shop:carbon-other@db:5432/shop"));
    let questions = asked(&stack(&twice, &[]));
    let of = |key: &str| questions.iter().find(|question| &*question.key == key).map(|question| &question.target);
    assert!(of("READ_DATABASE_URL").is_none(), "the very same question is put once");
    assert!(of("OTHER_DATABASE_URL").is_some_and(|target| target.password.is_some()));
    twice[10].1 = "postgresql://shop:carbon-db@db:5432/archive";
    let questions = asked(&stack(&twice, &[]));
    let archive = questions.iter().find(|question| &*question.key == "READ_DATABASE_URL").unwrap();
    assert_eq!((archive.target.protocol, &archive.target.password), (ProbeProtocol::Tcp, &None));
}

#[test]
fn only_whole_names_are_asked_for_their_certificate() {
    for name in ["shop.example.com", "www.shop.example"] {
        assert!(super::is_whole(name), "{name}");
    }
    for name in ["_", "localhost", "*.example.com", "~^shop", ".example.com", "10.0.0.1", "$host"] {
        assert!(!super::is_whole(name), "{name}");
    }
}

//! Names of services and images from third parties: parsed as AWS defines them, or refused.

use logweir::domain::ecs::image::EcrImage;
use logweir::domain::ecs::image_name::is_pinned;
use logweir::domain::ecs::service::{NotAServiceArn, ServiceArn};
use proptest::prelude::*;

const HEAD: &str = "arn:aws:ecs:eu-west-1:111122223333:service/";

fn arn(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

fn cluster(name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{name}")
}

#[test]
fn a_services_arn_is_read_and_written_back_in_every_partition() {
    for text in [
        "arn:aws:ecs:eu-west-1:111122223333:service/prod/web",
        "arn:aws-cn:ecs:cn-north-1:111122223333:service/a_b-C/D-e_f",
        "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:service/1/2",
    ] {
        assert_eq!(text.parse::<ServiceArn>().unwrap().to_string(), text);
    }
    let long = "x".repeat(255);
    assert!(arn(&format!("{long}/{long}")).parse::<ServiceArn>().is_ok());
}

#[test]
fn a_service_has_a_short_name_and_a_cluster_of_its_account() {
    let web: ServiceArn = arn("prod/web").parse().unwrap();
    assert_eq!((web.short(), web.cluster_arn()), ("prod/web".into(), cluster("prod")));
}

#[test]
fn an_invalid_service_arn_is_refused_and_not_quoted() {
    let long = "x".repeat(256);
    let hostile = [
        "".to_owned(),
        "web".into(),
        "prod/web".into(),
        arn(""),
        arn("web"),
        arn("/web"),
        arn("prod/"),
        arn("prod//web"),
        arn("prod/web/more"),
        arn("prod/we b"),
        arn("prod/web\n"),
        arn("prod/w\u{e9}b"),
        arn("prod/web\u{202e}"),
        arn("../web"),
        arn("prod/*"),
        arn("prod/web:1"),
        arn(&format!("prod/{long}")),
        arn(&format!("{long}/web")),
        format!(" {}", arn("prod/web")),
        arn("prod/web").to_uppercase(),
        arn("prod/web").replace("service/", "task/"),
        arn("prod/web").replace("service/", "services/"),
        arn("prod/web").replace(":ecs:", ":eks:"),
        arn("prod/web").replace("111122223333", "11112222333"),
        arn("prod/web").replace("111122223333", "11112222333x"),
        arn("prod/web").replace("111122223333", ""),
        arn("prod/web").replace("eu-west-1", ""),
        arn("prod/web").replace("arn:aws", "arn:"),
    ];
    for text in hostile {
        assert_eq!(text.parse::<ServiceArn>(), Err(NotAServiceArn), "{text}");
        let quoted = serde_json::to_string(&text).unwrap();
        let error = serde_json::from_str::<ServiceArn>(&quoted).unwrap_err().to_string();
        assert!(error.contains("not the ARN of a service") && !error.contains("111122223333"), "{error}");
    }
}

#[test]
fn an_arn_of_the_old_form_is_completed_with_the_given_cluster() {
    for beside in ["prod".to_owned(), cluster("prod")] {
        assert_eq!(ServiceArn::of(&arn("web"), Some(&beside)).map(|web| web.to_string()), Ok(arn("prod/web")));
    }
}

#[test]
fn an_arn_of_the_new_form_ignores_the_given_cluster() {
    for beside in [None, Some("other"), Some(""), Some("we b")] {
        assert_eq!(ServiceArn::of(&arn("prod/web"), beside).map(|web| web.to_string()), Ok(arn("prod/web")));
    }
}

#[test]
fn an_arn_of_the_old_form_without_a_valid_cluster_is_refused() {
    for beside in [None, Some(""), Some("prod/"), Some("pr od"), Some("prod\n"), Some("arn:aws:ecs")] {
        assert_eq!(ServiceArn::of(&arn("web"), beside), Err(NotAServiceArn), "{beside:?}");
    }
    for text in ["", "web", "service/web", &arn(""), &arn("we b"), &arn("web").replace(":ecs:", ":s3:")] {
        assert_eq!(ServiceArn::of(text, Some("prod")), Err(NotAServiceArn), "{text}");
    }
}

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

prop_compose! {
    fn names()(text in "[A-Za-z0-9_-]{1,40}") -> String { text }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_service_is_read_back_from_its_arn_old_or_new(cluster in names(), name in names()) {
        let web: ServiceArn = arn(&format!("{cluster}/{name}")).parse().unwrap();
        prop_assert_eq!(ServiceArn::of(&web.to_string(), None), Ok(web.clone()));
        prop_assert_eq!(ServiceArn::of(&arn(&name), Some(&cluster)), Ok(web.clone()));
        prop_assert_eq!(ServiceArn::of(&arn(&name), Some(&web.cluster_arn())), Ok(web.clone()));
        prop_assert_eq!(serde_json::from_value::<ServiceArn>(serde_json::json!(web)).unwrap(), web);
    }

    #[test]
    fn any_text_is_refused_or_read_as_a_valid_service(text in any::<String>(), beside in any::<Option<String>>()) {
        let read = [text.parse::<ServiceArn>(), arn(&text).parse(), ServiceArn::of(&arn(&text), beside.as_deref())];
        for service in read.into_iter().flatten() {
            prop_assert_eq!(service.to_string().parse::<ServiceArn>(), Ok(service.clone()));
            prop_assert!(service.short().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/".contains(&b)));
        }
    }

    #[test]
    fn an_ecr_image_is_parsed_into_all_its_parts(
        account in "[0-9]{12}", region in "[a-z]{2}-[a-z]{4,9}-[1-9]", path in "[a-z0-9]{1,8}(/[a-z0-9._-]{1,8}){0,2}",
        tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9._-]{0,20}"), china in any::<bool>(),
    ) {
        let host = format!("{account}.dkr.ecr.{region}.amazonaws.com{}", if china { ".cn" } else { "" });
        let written = tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let image = EcrImage::parse(&format!("{host}/{path}{written}"));
        let tag = tag.unwrap_or_else(|| "latest".into());
        prop_assert_eq!(image, Some(EcrImage { account, region, repository: path, tag }));
    }

    #[test]
    fn a_pinned_image_has_no_tag_to_resolve(image in "[a-z0-9./:-]{0,40}") {
        let pinned = format!("{image}@{DIGEST}");
        prop_assert!(is_pinned(&pinned));
        prop_assert_eq!(EcrImage::parse(&pinned), None);
        prop_assert!(!is_pinned(&image));
    }

    #[test]
    fn no_image_is_both_pinned_and_resolvable_and_no_text_panics(text in any::<String>()) {
        let host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
        for image in [text.clone(), format!("{host}/{text}"), format!("{host}/web:{text}"), format!("{text}@{DIGEST}")] {
            prop_assert!(EcrImage::parse(&image).is_none() || !is_pinned(&image), "{image}");
            if let Some(ecr) = EcrImage::parse(&image) {
                prop_assert!(!ecr.repository.is_empty() && !ecr.tag.is_empty() && !ecr.tag.contains(['/', ':', '@']));
            }
        }
    }
}

#[test]
fn a_malformed_digest_pins_nothing() {
    for image in [
        &format!("web@{}", &DIGEST[..DIGEST.len() - 1]),
        &format!("web@{DIGEST}a"),
        &format!("web@{}", DIGEST.to_uppercase()),
        &format!("web@{DIGEST}:latest"),
        &format!("web:{DIGEST}"),
        &format!("web@{}", DIGEST.replace("sha256", "sha512")),
        &format!("web@{} ", DIGEST),
    ] {
        assert!(!is_pinned(image), "{image}");
    }
}

//! The walk over the families of an account and Region that have an ACTIVE revision, and over the newest revision of
//! each family. The walk has two steps: [`list`] reads a page of families, and [`newest`] reads the newest revision of
//! a family. The daily reconciliation, an audit, and each verb that reads all families take these steps.
//!
//! All of them share AWS's bucket for task-definition reads
//! ([`ApiBucket`](crate::domain::limits::throttle::ApiBucket)). They keep below its limit in different ways
//! ([`WalkCalls`]), because an audit can wait, and an invocation of the function ends within a minute:
//! - An audit makes several calls at the same time. Each call waits for a token, and a throttled call is repeated.
//! - A page of the reconciliation makes no more calls than the bucket's burst, and ends at a throttled call. The next
//!   page waits in the event queue, which costs nothing, and the journal keeps the place in the list.

use crate::domain::ecs::family_list::Listing;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::limits::pages::{EndlessList, Pages};
use crate::domain::outcome::Reason;
use crate::ports::{Answer, Described, ErrorKind, FamilyPage, PortError, TaskDefinitions};

/// The two calls of a walk, which wait and are repeated as the caller of the walk needs it.
pub trait WalkCalls: Sync {
    /// Returns one page of the families (ListTaskDefinitionFamilies).
    fn page(&self, token: Option<&str>) -> impl Future<Output = Answer<FamilyPage>> + Send;

    /// Returns a revision with its tags (DescribeTaskDefinition). See [`TaskDefinitions::describe`] for `name`.
    fn describe(&self, name: &str) -> impl Future<Output = Answer<Described>> + Send;
}

/// The calls of a walk without a wait. The adapter to ECS makes up to three attempts of each call.
pub(super) struct AtOnce<'e, E>(pub(super) &'e E);

impl<E: TaskDefinitions> WalkCalls for AtOnce<'_, E> {
    fn page(&self, token: Option<&str>) -> impl Future<Output = Answer<FamilyPage>> + Send {
        self.0.families(token)
    }

    fn describe(&self, name: &str) -> impl Future<Output = Answer<Described>> + Send {
        self.0.describe(name)
    }
}

/// A part of the list of families.
pub(super) enum Listed {
    /// The families of the next page, in sorted order, because emulators of ECS return families in any order.
    Page(Vec<String>),
    /// ECS no longer accepts the token, so the walk begins again at the first page.
    BeginsAgain,
}

/// Lists the next page of families, and moves `listing` behind the page. After an error, `listing` is where it was.
///
/// AWS does not document how long the token of a list is valid. `may_be_too_old` says that the token is from an earlier
/// invocation or run. If ECS refuses such a token, moves `listing` to the first page.
pub(super) async fn list(calls: &impl WalkCalls, listing: &mut Listing, may_be_too_old: bool) -> Answer<Listed> {
    let token = listing.token();
    match calls.page(token).await {
        Ok(page) => {
            *listing = Listing::after(page.next);
            let mut families = page.families;
            families.sort();
            Ok(Listed::Page(families))
        }
        Err(error) if token.is_some() && may_be_too_old && error.kind != ErrorKind::Retry => {
            *listing = Listing::First;
            Ok(Listed::BeginsAgain)
        }
        Err(error) => Err(error),
    }
}

/// Lists all families, each once and in sorted order.
pub async fn all_families(calls: &impl WalkCalls) -> Answer<Vec<String>> {
    let (mut listing, mut families, mut pages) = (Listing::First, Vec::new(), Pages::default());
    while listing != Listing::End {
        if let Listed::Page(page) = list(calls, &mut listing, false).await? {
            let next = listing.token().map(String::from);
            pages.next(next, page.len()).map_err(|why| endless("ListTaskDefinitionFamilies", why))?;
            families.extend(page);
        }
    }
    families.sort();
    families.dedup();
    Ok(families)
}

/// Returns the error for a list that never ends.
pub(super) fn endless(call: &'static str, why: EndlessList) -> PortError {
    PortError { kind: ErrorKind::Refused, call, message: why.to_string(), reason: Some(Reason::Unreadable) }
}

/// Returns the newest ACTIVE revision of a family. A family without an ACTIVE revision is [`ErrorKind::Missing`]. An
/// answer about another family, or about a revision for which `is_own` returns `false`, is an error.
pub async fn newest(calls: &impl WalkCalls, family: &str, is_own: impl Fn(&RevisionArn) -> bool) -> Answer<Described> {
    described(calls, family, |arn| arn.family == family && is_own(arn)).await
}

/// Returns the revision `name`. An answer about a revision for which `is_it` returns `false` is an error.
pub(super) async fn described(
    calls: &impl WalkCalls,
    name: &str,
    is_it: impl Fn(&RevisionArn) -> bool,
) -> Answer<Described> {
    let described = calls.describe(name).await?;
    if is_it(&described.arn) {
        return Ok(described);
    }
    let message = format!("ECS described {} instead of {name}", described.arn);
    let (kind, reason) = (ErrorKind::Refused, Some(Reason::Unreadable));
    Err(PortError { kind, call: "DescribeTaskDefinition", message, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of three pages, whose families are in no order, and of which one is on two pages.
    struct Pages {
        refuses: Option<ErrorKind>,
    }

    impl WalkCalls for Pages {
        async fn page(&self, token: Option<&str>) -> Answer<FamilyPage> {
            let (families, next) = match (token, self.refuses) {
                (Some(_), Some(kind)) => {
                    let message = "InvalidParameterException: Invalid token".to_owned();
                    return Err(PortError { kind, call: "ListTaskDefinitionFamilies", message, reason: None });
                }
                (None, _) => (["web", "api"], Some("1")),
                (Some("1"), _) => (["job", "api"], Some("2")),
                (Some(_), _) => (["db", "cron"], None),
            };
            Ok(FamilyPage { families: families.map(String::from).into(), next: next.map(String::from) })
        }

        async fn describe(&self, name: &str) -> Answer<Described> {
            let arn = format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{name}:7");
            let reply = format!(
                r#"{{"taskDefinition":{{"taskDefinitionArn":"{arn}","family":"{name}","revision":7,"status":"ACTIVE",
                "containerDefinitions":[{{"name":"app","image":"nginx"}}]}}}}"#
            );
            Ok(crate::domain::ecs::wire::described(&reply).unwrap())
        }
    }

    #[tokio::test]
    async fn all_families_are_listed_once_and_in_order() {
        let families = all_families(&Pages { refuses: None }).await.unwrap();
        assert_eq!(families, ["api", "cron", "db", "job", "web"]);
    }

    #[tokio::test]
    async fn the_list_begins_again_only_if_ecs_refuses_a_token_that_may_be_too_old() {
        for (kind, may_be_too_old, begins_again) in
            [(ErrorKind::Refused, true, true), (ErrorKind::Refused, false, false), (ErrorKind::Retry, true, false)]
        {
            let (pages, place) = (Pages { refuses: Some(kind) }, Listing::Next("1".to_owned()));
            let mut listing = place.clone();
            let answer = list(&pages, &mut listing, may_be_too_old).await;
            assert_eq!(matches!(answer, Ok(Listed::BeginsAgain)), begins_again, "{kind:?}");
            assert_eq!(listing, if begins_again { Listing::First } else { place }, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_about_another_account_is_an_error() {
        let pages = Pages { refuses: None };
        assert_eq!(newest(&pages, "web", |_| true).await.unwrap().arn.revision, 7);
        let error = newest(&pages, "web", |arn| arn.account == "444455556666").await.unwrap_err();
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
        assert!(error.message.contains("111122223333:task-definition/web:7 instead of web"), "{error}");
    }
}

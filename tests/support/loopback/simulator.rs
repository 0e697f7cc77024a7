//! IAM's policy simulator, which answers in XML.

use super::Reply;

/// The form of a request begins with this.
pub const REQUEST: &str = "Action=SimulatePrincipalPolicy&";

/// Answers a request to simulate. `judge` gets the role, the action and the resource, and returns the decision and the
/// condition keys that the request misses.
pub fn simulated(form: &str, mut judge: impl FnMut(&str, &str, &str) -> (String, Vec<String>)) -> Reply {
    let fields: Vec<(&str, String)> = form
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, value.replace("%3A", ":").replace("%2F", "/").replace("%2A", "*")))
        .collect();
    let one = |name: &str| fields.iter().find(|(field, _)| *field == name).unwrap().1.clone();
    let (role, resource) = (one("PolicySourceArn"), one("ResourceArns.member.1"));
    let mut results = String::new();
    for (_, action) in fields.iter().filter(|(name, _)| name.starts_with("ActionNames.member.")) {
        let (decision, keys) = judge(&role, action, &resource);
        let keys: String = keys.iter().map(|key| format!("<member>{key}</member>")).collect();
        results.push_str(&format!(
            "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>\
             <EvalResourceName>{resource}</EvalResourceName><ResourceSpecificResults><member>\
             <EvalResourceName>{resource}</EvalResourceName><MissingContextValues>{keys}</MissingContextValues>\
             </member></ResourceSpecificResults></member>"
        ));
    }
    let result = format!("<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>");
    xml(
        200,
        format!(
            "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <SimulatePrincipalPolicyResult>{result}</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        ),
    )
}

/// Answers that the caller may not simulate.
pub fn denied() -> Reply {
    let error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error>";
    xml(403, format!("<ErrorResponse>{error}</ErrorResponse>"))
}

fn xml(status: u16, body: String) -> Reply {
    Reply::Http(status, "content-type: text/xml\r\n".into(), body)
}

//! The ARNs of secrets, with which a plan names a secret value and does not contain it.

/// The text of an error about a value that is no ARN of a secret. It does not contain the value, which may be the secret.
pub(super) const NO_ARN: &str = "use the ARN of a secret in Secrets Manager or of a parameter in Systems Manager, and never \
                                 the secret value itself";

/// Whether the text is the ARN of a secret in Secrets Manager or of a parameter in Systems Manager.
pub(super) fn is_arn(text: &str) -> bool {
    let is_clean = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, resource] = parts.as_slice() else { return false };
    let name = match *service {
        "secretsmanager" => resource.strip_prefix("secret:"),
        "ssm" => resource.strip_prefix("parameter/"),
        _ => None,
    };
    [partition, region, account].into_iter().all(|part| is_clean(part)) && name.is_some_and(is_clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_secret_or_of_a_parameter_names_a_secret() {
        for arn in [
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key-AbCdEf",
            "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:key-AbCdEf:member::",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b",
        ] {
            assert!(is_arn(arn), "{arn}");
        }
        for text in [
            "",
            "0123456789abcdef",
            "/a/b",
            "arn:aws:ssm:x",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/",
            "arn:aws:ssm::111122223333:parameter/a",
            "arn:aws:s3:eu-west-1:111122223333:secret:a",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/Authorization Bearer x",
        ] {
            assert!(!is_arn(text), "{text}");
        }
    }
}

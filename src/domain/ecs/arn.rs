//! The parts that the ARNs and the addresses of AWS have in common.

/// Whether the text is the ID of an account, which has twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text can be the name of a partition or of a Region.
pub fn is_partition_or_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The parts of an ARN. Source: AWS documentation, Amazon Resource Names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    /// Empty for a global resource, such as a role.
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Returns the parts of an ARN of an account. Returns `None` for any other text.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let mut next = || parts.next();
        let (partition, service, region, account, resource) = (next()?, next()?, next()?, next()?, next()?);
        let is_named = is_partition_or_region(partition) && (region.is_empty() || is_partition_or_region(region));
        (is_named && is_account(account)).then_some(Self { partition, service, region, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_of_a_global_resource_has_no_region() {
        let role = Arn::parse("arn:aws:iam::111122223333:role/a:b").unwrap();
        assert_eq!((role.service, role.region, role.account, role.resource), ("iam", "", "111122223333", "role/a:b"));
        for text in ["", "web", "arn:aws:ecs:eu-west-1:1:x", "arn:aws:ecs:eu-west-1:111122223333", "arn:a b::::x"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
